"""How far an import is, and how fast."""

from dataclasses import dataclass

from django.db.models import Sum

from enrolment.importing.models import ClubImport

_RECENT = 30


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the rows so far."""

    created: int
    changed: int
    same: int
    refused: int

    @property
    def done(self) -> int:
        """Return how many rows have had their turn."""
        return self.created + self.changed + self.same + self.refused


def result_of(club_import: ClubImport) -> Result:
    """Count what the batches that are done have written."""
    names = ("created", "changed", "same", "refused")
    sums = club_import.batches.exclude(applied_at=None).aggregate(
        **{name: Sum(name) for name in names}
    )
    return Result(**{name: sums[name] or 0 for name in names})


def rows_per_second(club_import: ClubImport) -> int:
    """Return the speed of the last batches, zero while it is not known."""
    recent = list(
        club_import.batches.exclude(applied_at=None)
        .order_by("-applied_at")
        .values_list("applied_at", "created", "changed", "same", "refused")[:_RECENT]
    )
    if len(recent) < 2:
        return 0
    last, first = recent[0][0], recent[-1][0]
    if last is None or first is None:
        return 0
    seconds = (last - first).total_seconds()
    # What the oldest of them wrote, it wrote before its moment.
    rows = sum(sum(counts) for _at, *counts in recent[:-1])
    return int(rows / seconds) if seconds > 0 else 0

"""What somebody said about a file: which column holds what, and what else to know."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from enrolment.importing.columns import Column
from enrolment.importing.dates import FORMATS

_FIRST = next(iter(FORMATS))


class Mode(StrEnum):
    """What becomes of a member whom the club knows already."""

    FILL = "FILL"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of the second step."""

    columns: tuple[Column, ...] = ()
    birthdays: str = _FIRST
    dates: str = _FIRST
    # Whose the ids are.
    system: str = ""
    # The old club made sure that numbers and addresses are their members'.
    is_proven: bool = False
    mode: Mode = Mode.FILL
    # Where all permissions were given, if the file does not say it row by row.
    source: str = ""

    @property
    def bring_points(self) -> bool:
        """Return whether the file says what members bring along."""
        return Column.POINTS in self.columns

    def as_json(self) -> dict[str, Any]:
        """Return it as stored with an import."""
        return {**asdict(self), "columns": [str(each.value) for each in self.columns]}


def from_json(stored: Mapping[str, Any]) -> Answers:
    """Read it as stored with an import."""
    values = dict(stored)
    values["columns"] = tuple(map(Column, values.get("columns", ())))
    values["mode"] = Mode(values.get("mode", Mode.FILL))
    return Answers(**values)

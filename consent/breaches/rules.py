"""What a breach still lacks before it can be closed, and how its clock stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Lack(StrEnum):
    """What has to be decided or done first."""

    RISK = "risk"
    GROUNDS = "grounds"
    AUTHORITY = "authority_told_at"
    MEMBERS = "members_told_at"
    WHY_LATE = "why_late"


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided and done about a breach so far."""

    risk: str
    grounds: str
    due_at: datetime
    authority_told_at: datetime | None
    members_told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that is left for telling the authority; negative when it has passed."""

    left: timedelta
    is_stopped: bool

    @property
    def is_over(self) -> bool:
        """Tell whether the time has passed while the clock still ran."""
        return not self.is_stopped and self.left < timedelta(0)

    @property
    def is_near(self) -> bool:
        """Tell whether less than a day is left."""
        return not self.is_stopped and timedelta(0) <= self.left < timedelta(days=1)

    @property
    def hours(self) -> int:
        """Return the whole hours that are left, or have passed since."""
        return int(abs(self.left).total_seconds() // 3600)


def lacks(breach: Decided) -> list[Lack]:
    """Return what keeps a breach from being closed, in the order of the work."""
    if breach.risk == "NONE":
        return [] if breach.grounds else [Lack.GROUNDS]
    if breach.risk not in {"RISK", "HIGH"}:
        return [Lack.RISK]
    found = []
    if breach.authority_told_at is None:
        found.append(Lack.AUTHORITY)
    elif breach.authority_told_at > breach.due_at and not breach.grounds:
        found.append(Lack.WHY_LATE)
    if breach.risk == "HIGH" and breach.members_told_at is None:
        found.append(Lack.MEMBERS)
    return found


def clock_of(
    *,
    due_at: datetime,
    authority_told_at: datetime | None,
    is_harmless: bool,
    closed_at: datetime | None,
    now: datetime,
) -> Clock:
    """Return how the clock stands: it stops when the authority is told or need not be.

    A stopped clock shows the time that was left when it stopped.
    """
    stopped_at = authority_told_at or closed_at
    is_stopped = stopped_at is not None or is_harmless
    return Clock(left=due_at - (stopped_at or now), is_stopped=is_stopped)

"""How long a club keeps each kind of data: its own period, or its country's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext, ngettext

from common.periods import start_of_day
from consent.models import RetentionPeriod
from consent.retention.kinds import Kind, kinds
from stores import audit
from stores.models import Programme, Staff

YEAR = 365
PERIOD_CHANGED = "retention.period_changed"


class PeriodRefused(ValueError):
    """Raised for a period outside what the law and the club's promises allow."""


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of data with the period that a club keeps it for."""

    kind: Kind
    days: int
    default: int
    least: int

    @property
    def is_own(self) -> bool:
        """Tell whether the club has chosen another than its country's."""
        return self.days != self.default

    @property
    def words(self) -> str:
        """Say how long it is."""
        return in_words(self.days, whole_years=self.kind.whole_years)

    def before(self, programme: Programme, now: datetime) -> datetime:
        """Return the moment that older rows are past their time at."""
        return before(self.kind, self.days, programme, now)


def periods_of(programme: Programme) -> list[Period]:
    """Return every kind of data with its period, in the order of the screen."""
    own = dict(
        RetentionPeriod.objects.filter(programme=programme).values_list("kind", "days")
    )
    return [_period(kind, programme, own.get(kind.key)) for kind in kinds()]


def period_of(programme: Programme, kind: Kind) -> Period:
    """Return the period of one kind."""
    own = RetentionPeriod.objects.filter(programme=programme, kind=kind.key)
    return _period(kind, programme, own.values_list("days", flat=True).first())


def set_period(
    *, programme: Programme, kind: Kind, days: int, staff: Staff, now: datetime
) -> Period:
    """Set a club's own period; the country's default again is none of its own.

    Raises:
        PeriodRefused: it is shorter or longer than may be.
    """
    least, default = _bounds(kind, programme)
    if not least <= days <= kind.most:
        raise PeriodRefused(kind.key)
    with transaction.atomic():
        earlier = period_of(programme, kind).days
        own = RetentionPeriod.objects.filter(programme=programme, kind=kind.key)
        if days == default:
            own.delete()
        else:
            RetentionPeriod.objects.update_or_create(
                programme=programme,
                kind=kind.key,
                defaults={"days": days, "changed_at": now, "changed_by": staff},
            )
        if days != earlier:
            audit.record(
                programme=programme,
                actor=staff,
                action=PERIOD_CHANGED,
                now=now,
                subject=f"retention:{kind.key}",
                data={"before": earlier, "after": days},
            )
    return period_of(programme, kind)


def before(kind: Kind, days: int, programme: Programme, now: datetime) -> datetime:
    """Return the moment that rows of a kind must be older than to be let go.

    In whole years it is a new year: seven years of vouchers of 2018 end with 2025.
    """
    if not kind.whole_years:
        return now - timedelta(days=days)
    year = now.astimezone(programme.zone).year - -(-days // YEAR)
    return start_of_day(date(year, 1, 1), programme.zone)


def in_words(days: int, *, whole_years: bool = False) -> str:
    """Say a period in the largest unit that says it whole."""
    if whole_years:
        years = -(-days // YEAR)
        return ngettext(
            "%(n)d year after the year's end",
            "%(n)d years after the year's end",
            years,
        ) % {"n": years}
    months = round(days * 12 / YEAR)
    if months >= 2 and days_of(months) == days:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    if days == 1:
        return gettext("24 hours")
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def days_of(months: int) -> int:
    """Return how many days so many months are, of 365 to the year."""
    return -(-months * YEAR // 12)


def own_kinds(periods: Iterable[Period]) -> int:
    """Count the kinds for which a club keeps a period of its own."""
    return sum(each.is_own for each in periods)


def _period(kind: Kind, programme: Programme, own: int | None) -> Period:
    least, default = _bounds(kind, programme)
    days = default if own is None else min(max(own, least), kind.most)
    return Period(kind, days, default, least)


def _bounds(kind: Kind, programme: Programme) -> tuple[int, int]:
    return kind.least_days(programme.country), kind.default_days(programme.country)

"""Versions that have not started."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import connection

from points.programme import withdrawing
from tests.factories.points import EarningRuleFactory

# By the clock of the database, far from now: what is told is told on days between.
STARTS = datetime(2060, 2, 1, tzinfo=UTC)
TOLD = date(2059, 12, 1)
MORNING = datetime(2059, 12, 1, 9, 0, tzinfo=UTC)
AFTER = STARTS + timedelta(days=10)


def coming(programme, *, starts_at=STARTS, **changes):
    """A version that gives ten times as much, so that nobody can miss it."""
    values = {"points_per_unit": Decimal(10), **changes}
    return EarningRuleFactory(
        programme=programme, starts_at=starts_at, published=True, **values
    )


def withdrawn(programme, mia, now, **changes):
    row = coming(programme, **changes)
    return withdrawing.withdraw(version=row, staff=mia, now=now)


def soon(seconds):
    """A start by the clock of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() + %s * interval '1 s'", [seconds])
        return cursor.fetchone()[0]

"""What the clock does to vouchers and stamps; safe to run twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

# Few enough that nobody notices who merges or erases one of them meanwhile.
_AT_ONCE = 1000
_MEMBERS_AT_ONCE = 100


def run_nightly(*, now: datetime) -> dict[str, int]:
    """Let go, lapse, remind, and issue what is due; safe to run twice.

    Issuing catches what no receipt brought about: points that waited until today.
    """
    return {
        "let_go": _batches("SELECT offers_let_go(%s, %s)", [now, _AT_ONCE]),
        "lapsed": _batches("SELECT offers_lapse(%s, %s)", [now, _AT_ONCE]),
        "reminded": _batches(
            "SELECT offers_remind(%s, %s, %s)",
            [now, settings.VOUCHER_REMIND_DAYS, _AT_ONCE],
        ),
        "cards": _batches("SELECT offers_lapse_cards(%s, %s)", [now, _AT_ONCE]),
        "issued": issue_due(now=now),
    }


def issue_due(*, now: datetime) -> int:
    """Turn points into vouchers where the version in force asks nobody."""
    after, made = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT offers_members_due(%s, %s, %s)", [after, _MEMBERS_AT_ONCE, now]
            )
            (members,) = cursor.fetchone()
            if not members:
                return made
            cursor.execute("SELECT offers_issue_due(%s, %s)", [members, now])
            made += cursor.fetchone()[0]
        after = members[-1]


def _batches(statement: str, arguments: Sequence[Any]) -> int:
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            (step,) = cursor.fetchone()
        if not step:
            return done
        done += step

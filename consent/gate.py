"""The one question that every message is asked: may it go, to them, there, now?

One decision in SQL (`consent_gate`), for one member or for all of a club at once.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from common import blind
from consent import rules
from consent.models import Channel
from members.models import Member
from stores.models import Programme


class MessageClass(StrEnum):
    """Why a message is sent, which decides what must allow it."""

    CODE = "CODE"  # the member asked for it a moment ago
    SERVICE = "SERVICE"  # about the membership, without a word of marketing
    MARKETING = "MARKETING"  # everything else: one offer line makes it so
    SURVEY = "SURVEY"  # a question about an experience


class Code(StrEnum):
    """Why the gate opened or stayed shut."""

    CODE = "code"
    SERVICE = "service"
    CONSENT_GIVEN = "consent_given"
    SOFT_OPT_IN = "soft_opt_in"
    ERASED = "erased"
    SUPPRESSED = "suppressed"
    NOT_ACTIVE = "not_active"
    NO_ADDRESS = "no_address"
    RESTRICTED = "restricted"
    TOO_YOUNG = "too_young"
    NEVER_ASKED = "never_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    EXPIRED = "expired"
    TOPIC_UNWANTED = "topic_unwanted"
    # Not now, but later: `retry_at` says when it is worth asking again.
    SNOOZED = "snoozed"
    QUIET_HOURS = "quiet_hours"
    SURVEY_BUDGET = "survey_budget"
    OWN_BUDGET = "own_budget"
    WEEK_BUDGET = "week_budget"
    MONTH_BUDGET = "month_budget"
    GAP = "gap"


OPEN = frozenset({Code.CODE, Code.SERVICE, Code.CONSENT_GIVEN, Code.SOFT_OPT_IN})


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer; `entry_id` is the consent entry that decided it.

    What is chosen from purchases, or is partners', needs two permissions: then the
    second is `also_entry_id`.
    """

    allowed: bool
    code: Code
    entry_id: int | None = None
    retry_at: datetime | None = None
    also_entry_id: int | None = None


# Not in the database (any more): nobody to write to.
NOBODY = Decision(allowed=False, code=Code.ERASED)

_SOME = """
SELECT member_id, code, entry_id, retry_at, also_entry_id
FROM consent_gate_some(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s, %s, %s)
"""
# In halves, so that two processes can decide one each; see `_PLANNED`.
_ALL = """
SELECT * FROM {gate}(%s, 0, %s, {asked}) UNION ALL
SELECT * FROM {gate}(%s, %s, {highest}, {asked})
"""
_MIDDLE = """
SELECT (min(id) + max(id)) / 2 FROM members_member WHERE programme_id = %s
"""
_HIGHEST = 2**63 - 1
_BOUNDS = """
SELECT gap, quiet_ends_at, born_by, per_week, per_month, surveys_per_year, is_listed,
    is_unmarked
FROM consent_gate_bounds(%s, %s, %s, %s, %s)
"""
# What is counted of the past: a week, a month, and a year of surveys.
_WINDOWS = (7, 30, 365)
# A query over a whole club is planned for rows in memory and two processors: by
# themselves PostgreSQL's estimates, made for disks, keep it on one.
_PLANNED = {
    "jit": "off",
    "work_mem": "64MB",
    "random_page_cost": "1",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    # Two processes, a half each: no more find any work. Both at one table after the
    # other would each add up all contacts by itself, so that no table is big enough
    # for that (in pages).
    "max_parallel_workers_per_gather": "2",
    "min_parallel_table_scan_size": "715827882",
    "min_parallel_index_scan_size": "715827882",
}
# Every code counted in a place of its own of one long number. GROUP BY would pass each
# member from one process to the other, for PostgreSQL takes the decision to be another
# for nearly everybody; a sum is made in each.
_MOST = 10**9
_TALLY = "sum(CASE code {} END)".format(
    " ".join(
        f"WHEN '{code}' THEN 1e{9 * place}::numeric" for place, code in enumerate(Code)
    )
)
_SET = "SELECT current_setting(%s), set_config(%s, %s, true)"


def may_send(
    *,
    member: Member | None,
    channel: str,
    message_class: str,
    purpose: str = "",
    topics: Iterable[int] = (),
    now: datetime,
) -> Decision:
    """Decide whether a message may go to a member on a channel, for a purpose, now.

    Codes and service messages go to everybody but the erased and those who get nothing
    at all; without a member (a code for somebody who is not one) too. Marketing and
    surveys need an active member who allows it, and room in the one budget of both.
    Marketing for PROFILING or PARTNERS needs that permission besides the one to
    marketing. `topics` are the keys of what the message is about: one that the member
    does not want stops it; what they do want opens nothing.
    """
    kind = MessageClass(message_class)
    if member is None:
        return _without_member(kind)
    found = decide(
        programme=member.programme,
        members=[member.pk],
        channel=channel,
        message_class=kind,
        purpose=purpose,
        topics=topics,
        now=now,
    )
    return found.get(member.pk, NOBODY)


def decide(
    *,
    programme: Programme,
    members: Iterable[int],
    channel: str,
    message_class: str,
    purpose: str = "",
    topics: Iterable[int] = (),
    now: datetime,
) -> dict[int, Decision]:
    """Decide for some members of a programme, by their keys."""
    kind = MessageClass(message_class)
    ids = list(members)
    with connection.cursor() as cursor:
        cursor.execute(
            _SOME,
            [
                programme.pk,
                ids,
                *_question(programme, channel, kind, purpose, topics, now)[0],
            ],
        )
        return {
            member_id: Decision(Code(code) in OPEN, Code(code), *reasons)
            for member_id, code, *reasons in cursor.fetchall()
        }


def query_for_all(
    *,
    programme: Programme,
    channel: str,
    message_class: str,
    purpose: str = "",
    topics: Iterable[int] = (),
    now: datetime,
) -> tuple[str, list[Any]]:
    """Return the decision for every member as a query and its parameters.

    To be joined, counted or kept from, inside `planned()`: a million rows do not pass
    through Python. What is kept by CREATE TABLE AS is read by two processes, what is
    kept by INSERT by one. The columns are member_id, code, entry_id, retry_at and
    also_entry_id.
    """
    kind = MessageClass(message_class)
    asked, is_unmarked = _question(programme, channel, kind, purpose, topics, now)
    with connection.cursor() as cursor:
        cursor.execute(_MIDDLE, [programme.pk])
        middle = cursor.fetchone()[0] or 0
    query = _ALL.format(
        # While some on the block list are from before it had marks: slower.
        gate="consent_gate_unmarked" if is_unmarked else "consent_gate",
        asked=", ".join(["%s"] * len(asked)),
        highest=_HIGHEST,
    )
    halves = [programme.pk, middle, *asked, programme.pk, middle + 1, *asked]
    return query, halves


@contextmanager
def planned() -> Iterator[None]:
    """Have queries for everybody run on two processors, in a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = {}
        for name, value in _PLANNED.items():
            cursor.execute(_SET, [name, name, value])
            before[name] = cursor.fetchone()[0]
        yield
        # What else the caller's transaction does is planned as ever.
        for name, value in before.items():
            cursor.execute(_SET, [name, name, value])


def count_by_code(
    *,
    programme: Programme,
    channel: str,
    message_class: str,
    purpose: str = "",
    topics: Iterable[int] = (),
    now: datetime,
) -> dict[Code, int]:
    """Count the club's members by the answer they would get."""
    query, parameters = query_for_all(
        programme=programme,
        channel=channel,
        message_class=message_class,
        purpose=purpose,
        topics=topics,
        now=now,
    )
    with planned(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {_TALLY} FROM ({query}) asked", parameters)  # noqa: S608
        (tally,) = cursor.fetchone()
    counts: dict[Code, int] = {}
    left = int(tally or 0)
    for code in Code:
        left, number = divmod(left, _MOST)
        if number:
            counts[code] = number
    return counts


def _without_member(kind: MessageClass) -> Decision:
    if kind is MessageClass.CODE:
        return Decision(allowed=True, code=Code.CODE)
    if kind is MessageClass.SERVICE:
        return Decision(allowed=True, code=Code.SERVICE)
    return Decision(allowed=False, code=Code.NOT_ACTIVE)


def _question(
    programme: Programme,
    channel: str,
    kind: MessageClass,
    purpose: str,
    topics: Iterable[int],
    now: datetime,
) -> tuple[list[Any], bool]:
    """Return what the gate is given, and whether the block list lacks marks."""
    way = Channel(channel).value
    with connection.cursor() as cursor:
        cursor.execute(
            _BOUNDS,
            [programme.pk, way, purpose, now, rules.least_age(programme.country)],
        )
        gap, *bounds, is_listed, is_unmarked = cursor.fetchone()
    inner, outer = blind.pads() if is_listed else (b"", b"")
    asked = [
        way,
        kind.value,
        purpose,
        list(topics),
        now,
        *(now - timedelta(days=days) for days in _WINDOWS),
        now - gap,
        *bounds,
        # Nothing is hashed while nobody is on the list.
        blind.seed() if is_listed else None,
        inner,
        outer,
    ]
    return asked, is_unmarked

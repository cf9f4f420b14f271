"""The night of a whole club, beside one pass over the same rows.

Every member has five lots of the last two years. It is the night after a month's end:
what was earned two years before lapses, what was earned a fortnight ago can be used,
all tiers are reviewed, and the ledger is proved. The first two are jobs that come due
at the same hour, which the worker's two processes do beside each other; the proof comes
when they are done.
"""

import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from bench import seed
from bench.report import say, verdict
from common.lanes import side_by_side
from points import proof, reading, services
from points.models import EarningRule
from points.terms import Ladder, Terms, Tier
from points.tiers import nightly
from stores.models import Programme

MEMBERS = int(os.environ.get("BENCH_NIGHTLY_MEMBERS", "1000000"))
# For a million members with five million lots, in seconds.
GOAL, GOAL_MEMBERS = 60.0, 1_000_000
NOW = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
_AT_ONCE = 100_000

# Five purchases and one use of points that took the first two of them. The numbers of
# the entries are those of the members, six for each.
_LOTS = """
CREATE TEMPORARY TABLE bench_lot AS
SELECT m.id AS member_id, m.id * 6 + n AS id, n,
    10 + (m.id * 7 + n * 13) %% 90 AS points,
    %(now)s - ((m.id * 37 + n * 149) %% 761) * interval '1 day'
        - (m.id %% 600) * interval '1 minute' AS at
FROM members_member m, generate_series(0, 4) n
WHERE m.id BETWEEN %(first)s AND %(last)s;
"""
_EARNED = """
INSERT INTO points_entry (id, public_id, member_id, kind, points, balance_after, at,
    posted_at, key, source_type, reason)
SELECT id, gen_random_uuid(), member_id, 'EARN', points,
    sum(points) OVER (PARTITION BY member_id ORDER BY n), at, at, 'receipt:' || n, '',
    ''
FROM bench_lot;
"""
_USED = """
INSERT INTO points_entry (id, public_id, member_id, kind, points, balance_after, at,
    posted_at, key, source_type, reason)
SELECT member_id * 6 + 5, gen_random_uuid(), member_id, 'SPEND',
    -sum(points) FILTER (WHERE n < 2), sum(points) FILTER (WHERE n >= 2),
    %(now)s, %(now)s, 'use', '', ''
FROM bench_lot GROUP BY member_id;
INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
SELECT member_id, member_id * 6 + 5, id, points FROM bench_lot WHERE n < 2;
"""
# Until the end of the month two years later; usable after a fortnight.
_OPENED = """
INSERT INTO points_lot (entry_id, member_id, points, remaining, active_from, expires_at,
    is_pending)
SELECT id, member_id, points, CASE WHEN n < 2 THEN 0 ELSE points END,
    at + interval '14 days', date_trunc('month', at) + interval '25 months',
    n >= 2 AND at + interval '15 days' > %(now)s
FROM bench_lot;
"""
_ACCOUNTS = """
UPDATE points_account a SET balance = s.left_of_it, earned_total = s.points,
    entries = 6, pending = s.pending
FROM (SELECT member_id, sum(points) AS points, sum(remaining) AS left_of_it,
        COALESCE(sum(remaining) FILTER (WHERE is_pending), 0) AS pending
    FROM points_lot WHERE member_id BETWEEN %(first)s AND %(last)s
    GROUP BY member_id) s
WHERE a.member_id = s.member_id;
"""
_DAYS = """
INSERT INTO points_activity (member_id, "on", spend, visits, points, actions)
SELECT member_id, at::date, sum(points) * 10, 1, sum(points), 0
FROM bench_lot GROUP BY member_id, at::date;
DROP TABLE bench_lot;
"""
_TABLES = (
    "points_entry",
    "points_lot",
    "points_lotuse",
    "points_account",
    "points_activity",
)
# Every row that the night has to look at, read once and added up.
_FLOOR = """
SELECT (SELECT count(*) + sum(points) FROM points_entry),
    (SELECT count(*) + sum(remaining) FROM points_lot),
    (SELECT count(*) + sum(points) FROM points_lotuse),
    (SELECT count(*) + sum(balance) FROM points_account),
    (SELECT count(*) + sum(visits) FROM points_activity)
"""
LADDER = Ladder(
    tiers=(
        Tier("base", {"sv": "Bas"}, Decimal(0)),
        Tier("silver", {"sv": "Silver"}, Decimal(1200)),
        Tier("gold", {"sv": "Guld"}, Decimal(2400)),
    )
)


def main() -> None:
    """Fill a club, then run its night, and read the rows once before and after."""
    began = time.perf_counter()
    seed.make_club(NOW)
    _fill()
    say(f"  {MEMBERS:,} members filled in {time.perf_counter() - began:.0f} s")
    programme = Programme.objects.get()
    # In which everybody gets a tier for the first time.
    before = NOW - timedelta(days=1)
    taken = _timed(lambda: nightly.run(programme=programme, clock=lambda: before))
    say(f"  the night before, the first ever, tiers only: {taken:.0f} s")
    floors = [_timed(lambda: _run(_FLOOR))]
    settled, found = services.Settled(0, 0, 0, 0), proof.Proof(0, 0, 0, ())

    def settle() -> None:
        nonlocal settled
        settled = services.settle_due(now=NOW)

    def review() -> None:
        nightly.run(programme=programme, clock=lambda: NOW)

    def prove() -> None:
        nonlocal found
        found = proof.check()

    began = time.perf_counter()
    settling, reviewing = side_by_side([lambda: _timed(settle), lambda: _timed(review)])
    both = time.perf_counter() - began
    proving = _timed(prove)
    seconds = {
        "points lapse and become usable, beside the next": settling,
        "tiers": reviewing,
        "proof": proving,
    }
    floors.append(_timed(lambda: _run(_FLOOR)))
    floor = statistics.mean(floors)
    say(f"The night of {MEMBERS:,} members, {MEMBERS * 5:,} lots")
    say(f"  one pass over the same rows {floor:6.2f} s")
    for name, taken in seconds.items():
        say(f"  {name:<40} {taken:8.2f} s   {taken / floor:.1f} × the pass")
    say(f"  {settled.lapsed:,} points lapsed, {settled.activated:,} became usable")
    total = both + proving
    label = f"together, s ({total / floor:.1f} × the pass)"
    if MEMBERS < GOAL_MEMBERS:
        say(f"  {label:<58} {total:8.2f}   goal only for {GOAL_MEMBERS:,}")
    else:
        verdict(label, total, GOAL, at_most=True)
    if found.differences or not settled.lapsed or not settled.activated:
        say(f"  {list(found.differences[:3])}")
        message = "VOID: the ledger does not add up, or nothing was due."
        raise SystemExit(message)


def _fill() -> None:
    # Rows as the ledger would have made them, without the time of its triggers.
    _run("SET session_replication_role = replica")
    seed.add_members(1, MEMBERS)
    rule = EarningRule.objects.get()
    _run("ALTER TABLE points_earningrule DISABLE TRIGGER USER")
    rule.terms = reading.dump(Terms(ladder=LADDER))
    rule.save(update_fields=["terms"])
    _run("ALTER TABLE points_earningrule ENABLE TRIGGER USER")
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM members_member")
        lowest, highest = cursor.fetchone()
        for first in range(lowest, highest + 1, _AT_ONCE):
            values: dict[str, Any] = {"now": NOW, "first": first}
            values["last"] = first + _AT_ONCE - 1
            steps = (_LOTS, _EARNED, _USED, _OPENED, _ACCOUNTS, _DAYS)
            for statement in "".join(steps).split(";")[:-1]:
                cursor.execute(statement, values if "%" in statement else None)
    _run("SELECT setval('points_entry_id_seq', (SELECT max(id) FROM points_entry))")
    _run("RESET session_replication_role")
    for table in _TABLES:
        _run(f"VACUUM ANALYZE {table}")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

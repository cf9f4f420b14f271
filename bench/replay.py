"""A draft tried on all purchases of the demo, beside one pass over the same rows.

The reference has PostgreSQL send the rows that a replay reads, in the same order, to a
reader that does nothing with them. Two processes work the replay off, as two workers.
"""

import os
import time
from io import StringIO
from multiprocessing import get_context

from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from psycopg import sql

from bench.report import say, verdict
from points import reading
from points.models import EarningRule
from purchases.replay import services, work
from purchases.replay.models import Replay
from stores.models import Programme

SIZE = os.environ.get("BENCH_REPLAY_SIZE", "full")
MONTHS = int(os.environ.get("BENCH_REPLAY_MONTHS", "24"))
WORKERS = 2
GOAL = 60.0


def main() -> None:
    """Load the demo club; replay the version in force, and one that asks a lot."""
    out = StringIO()
    call_command("demo", size=SIZE, stdout=out)
    programme = Programme.objects.get()
    in_force = (
        EarningRule.objects.filter(programme=programme, status="PUBLISHED")
        .order_by("-starts_at")
        .first()
    )
    if in_force is None:
        message = "The demo has no version in force."
        raise RuntimeError(message)
    same = _replay(_draft(in_force))
    result = same.result
    ledger = result["ledger"]
    say(
        f"  {result['receipts']:,} receipts, {result['lines']:,} lines,"
        f" {result['members']:,} members"
    )
    explained = sum(points for _receipts, points in ledger["differences"].values())
    if result["force"]["net"] != ledger["points"] + explained or (
        "other" in ledger["differences"]
    ):
        message = f"VOID: the replay is not the ledger: {ledger}"
        raise RuntimeError(message)
    say(
        f"  the version in force: {result['force']['net']:,} points,"
        f" the ledger {ledger['points']:,}; explained: {ledger['differences'] or 'all'}"
    )
    rich = _replay(_draft(in_force, rich=True))
    floor = _pass()
    say(f"  one pass over the same rows: {floor:.1f} s")
    for label, replay in (("the version in force", same), ("many conditions", rich)):
        seconds = _seconds(replay)
        say(
            f"  {label}: {result['lines'] / seconds:,.0f} lines/s,"
            f" {seconds / floor:.1f} × the pass"
        )
        verdict(f"replay of {label}, seconds", seconds, GOAL, at_most=True)


def _draft(in_force: EarningRule, *, rich: bool = False) -> EarningRule:
    newest = EarningRule.objects.order_by("-version").values_list("version", flat=True)
    terms = in_force.terms
    if rich:
        terms = {
            **reading.dump(reading.load(in_force.terms)),
            "stacking": "multiply",
            "multipliers": [
                {"key": "weekend", "factor": "2", "when": {"weekdays": [6, 7]}},
                {
                    "key": "evening",
                    "factor": "1.5",
                    "when": {"hours": ["18:00", "22:00"]},
                },
                {"key": "gold", "factor": "1.5", "when": {"tiers": ["bench-gold"]}},
                {"key": "large", "factor": "1.2", "when": {"least_total": "500"}},
            ],
            "ladder": {
                "measure": "spend",
                "window": "rolling",
                "tiers": [
                    {"key": "bench-basic", "names": {"en": "Basic"}, "needs": "0"},
                    {"key": "bench-silver", "names": {"en": "Silver"}, "needs": "5000"},
                    {"key": "bench-gold", "names": {"en": "Gold"}, "needs": "15000"},
                ],
            },
        }
    return EarningRule.objects.create(
        programme=in_force.programme,
        version=max(newest) + 1,
        starts_at=timezone.now(),
        points_per_unit=in_force.points_per_unit,
        excluded_groups=in_force.excluded_groups,
        expires_after_months=in_force.expires_after_months,
        point_value=in_force.point_value,
        reward_points=in_force.reward_points,
        terms=terms,
    )


def _replay(rule: EarningRule) -> Replay:
    """Have a version replayed by workers in processes of their own."""
    replay = services.start_replay(
        rule=rule, months=MONTHS, staff=None, now=timezone.now()
    )
    connection.close()
    context = get_context("fork")
    workers = [context.Process(target=_work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    replay = Replay.objects.get(pk=replay.pk)
    if replay.state != Replay.State.DONE:
        message = f"VOID: the replay is {replay.state} {replay.failure}"
        raise RuntimeError(message)
    return replay


def _work() -> None:
    work.run(clock=timezone.now, is_over=lambda: False)


def _seconds(replay: Replay) -> float:
    """Return how long it took from the first worker's start to the result."""
    if replay.begun_at is None or replay.ended_at is None:
        message = "The replay has no times."
        raise RuntimeError(message)
    return (replay.ended_at - replay.begun_at).total_seconds()


def _pass() -> float:
    """Return how long it takes to read all rows once, in a replay's order."""
    statement = sql.SQL(
        "COPY (SELECT r.member_id, r.purchased_at, r.id, l.* FROM purchases_receipt r"
        " JOIN purchases_receiptline l ON l.receipt_id = r.id"
        " WHERE r.member_id IS NOT NULL"
        " ORDER BY r.member_id, r.purchased_at, r.id, l.number) TO STDOUT"
    )
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for _row in copy:
            pass
    return time.perf_counter() - began

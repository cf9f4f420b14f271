"""The night's review of a club: who rises, stays and falls, and who is near what."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from common.periods import add_months, local_day
from members.models import Member
from points.models import TierOutlook, TierRun
from points.selectors import find_rule
from points.terms import Ladder, Measure, Window
from points.tiers import history, rules, selectors, services
from stores.models import Programme

Clock = Callable[[], datetime]

# Who has this part of what the next tier needs is near it.
NEAR = "0.8"
# Who would lose a tier within so many days, its grace not counted, is about to.
SOON = 60
# At the first review so many months back are counted: a window and the one before it.
_BACK = 24
# So many of each tier are listed; the rest are counted.
LISTED = 100

# What is added up: named, for asking each day's row for it takes several times as long.
_VALUES = {
    Measure.SPEND: "a.spend",
    Measure.POINTS: "a.points",
    Measure.VISITS: "a.visits",
    Measure.ACTIONS: "a.actions",
}
_ALIVE = "m.status IN ('ACTIVE', 'PENDING')"
_MEMBERS = f"""
SELECT COALESCE(p.key, %(lowest)s), count(*)
FROM members_member m
LEFT JOIN points_tierperiod p ON p.member_id = m.id AND p.ends_at IS NULL
WHERE m.programme_id = %(programme)s AND {_ALIVE}
GROUP BY 1
"""  # noqa: S608 - our own words
# `{begins}` is the first day of the window: one for all, or everybody's own.
_NEAR = f"""
WITH l AS MATERIALIZED (SELECT * FROM points_ladder(%(programme)s, %(now)s)),
sums AS (
    SELECT a.member_id, sum({{value}}) AS total
    FROM points_activity a {{windows}}
    WHERE a."on" BETWEEN {{begins}} AND %(day)s
    GROUP BY a.member_id
), near AS MATERIALIZED (
    SELECT s.member_id, l.keys[n.rank + 2] AS key, l.needs[n.rank + 1] - s.total
        AS missing
    FROM sums s CROSS JOIN l
    JOIN members_member m ON m.id = s.member_id
        AND m.programme_id = %(programme)s AND {_ALIVE}
    LEFT JOIN points_tierperiod p ON p.member_id = s.member_id AND p.ends_at IS NULL
    CROSS JOIN LATERAL (SELECT COALESCE(p.rank, 0) AS rank) n
    WHERE s.total < l.needs[n.rank + 1]
        AND s.total >= l.needs[n.rank + 1] * %(near)s::numeric
)"""  # noqa: S608 - our own words
_LANDING = f"""
WITH l AS MATERIALIZED (SELECT * FROM points_ladder(%(programme)s, %(now)s)),
landing AS MATERIALIZED (
    SELECT p.member_id, p.key, l.keeps[p.rank] - k.total AS missing,
        p.holds_until AS until
    FROM points_tierperiod p CROSS JOIN l
    JOIN members_member m ON m.id = p.member_id
        AND m.programme_id = %(programme)s AND {_ALIVE}
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum({{value}}), 0) AS total FROM points_activity a
        WHERE a.member_id = p.member_id
            AND a."on" BETWEEN points_tier_begins(l.span, p.holds_until,
                (m.registered_at AT TIME ZONE l.zone)::date) AND %(day)s) k
    WHERE p.ends_at IS NULL AND p.rank > 0 AND p.cause <> 'GRANTED'
        AND p.holds_until <= %(day)s::date + %(soon)s AND k.total < l.keeps[p.rank]
)"""  # noqa: S608 - our own words
_LIST = """, listed AS (
    INSERT INTO points_tieroutlook (run_id, member_id, kind, key, missing, until)
    SELECT %(run)s, r.member_id, '{kind}', r.key, r.missing, {until}
    FROM (
        SELECT n.*, row_number() OVER (PARTITION BY n.key
            ORDER BY {order}, n.member_id) AS place FROM {source} n) r
    WHERE r.place <= %(listed)s
)
SELECT n.key, count(*) FROM {source} n GROUP BY n.key
"""
_OWN_WINDOWS = """
    JOIN (
        SELECT m.id, points_tier_begins('membership', %(day)s::date,
            (m.registered_at AT TIME ZONE l.zone)::date) AS begins
        FROM members_member m CROSS JOIN l
        WHERE m.programme_id = %(programme)s OFFSET 0) w ON w.id = a.member_id"""
_LIST_NEAR = _LIST.format(kind="NEAR", until="NULL", order="n.missing", source="near")
_LIST_LANDING = _LIST.format(
    kind="LANDING", until="r.until", order="n.until, n.missing", source="landing"
)


def run(*, programme: Programme, clock: Clock) -> TierRun | None:
    """Review all members of a club and write down how they stand then.

    Once more on the same day adds to that day's review. None without tiers. The first
    review counts what was bought before anybody counted days.
    """
    now = clock()
    ladder = selectors.ladder_of(find_rule(programme_id=programme.pk, at=now))
    if ladder is None:
        return None
    day = local_day(now, programme.zone)
    if not TierRun.objects.filter(programme=programme).exists():
        history.fill(programme_id=programme.pk, since=add_months(day, -_BACK))
    settled = services.settle_members(programme_id=programme.pk, now=now)
    with transaction.atomic():
        row, _made = TierRun.objects.get_or_create(
            programme=programme, on=day, defaults={"started_at": now}
        )
        row = TierRun.objects.select_for_update().get(pk=row.pk)
        # Only the latest is looked at.
        TierOutlook.objects.filter(run__programme=programme).delete()
        row.reached += settled.reached
        row.kept += settled.kept
        row.left += settled.left
        row.figures = _figures(programme, ladder, row, day, now)
        row.ended_at = clock()
        row.save(update_fields=["reached", "kept", "left", "figures", "ended_at"])
    return row


def is_due(programme: Programme, now: datetime) -> bool:
    """Tell whether today's review, by the club's own clock, has not been yet."""
    day = local_day(now, programme.zone)
    return not TierRun.objects.filter(
        programme=programme, on=day, ended_at__isnull=False
    ).exists()


def _figures(
    programme: Programme, ladder: Ladder, row: TierRun, day: date, now: datetime
) -> dict[str, dict[str, int]]:
    values = {
        "programme": programme.pk,
        "lowest": ladder.tiers[0].key,
        "day": day,
        "now": now,
        "near": NEAR,
        "soon": SOON,
        "listed": LISTED,
        "run": row.pk,
        "begins": None,
    }
    windows, begins = _OWN_WINDOWS, "w.begins"
    if ladder.window is not Window.MEMBERSHIP:
        windows, begins = "", "%(begins)s"
        values["begins"] = rules.window_of(ladder.window, day, day).begins
    value = _VALUES[ladder.measure]
    near = _NEAR.format(value=value, windows=windows, begins=begins) + _LIST_NEAR
    landing = _LANDING.format(value=value) + _LIST_LANDING
    return {
        "members": _counts(_MEMBERS, values),
        "near": _counts(near, values),
        "landing": _counts(landing, values),
    }


def _counts(statement: str, values: dict[str, Any]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(services.FOR_ALL)
        cursor.execute(statement, values)
        return dict(cursor.fetchall())


def outlook_of(row: TierRun, kind: str, limit: int) -> list[TierOutlook]:
    """Return the members that a night's review listed, the nearest first."""
    return list(
        TierOutlook.objects.filter(run=row, kind=kind)
        .exclude(member__status__in=[Member.Status.MERGED, Member.Status.ERASED])
        .select_related("member")
        .order_by("until", "missing", "pk")[:limit]
    )


def soon_after(day: date) -> date:
    """Return the last day of what is about to be lost."""
    return day + timedelta(days=SOON)

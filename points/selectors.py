"""Reading the ledger: balances, entries, and what comes next."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from common.periods import local_day
from members.models import Member, Merge
from points import reading, rules
from points.models import Account, EarningRule, Entry, Lot, LotUse
from points.terms import VoucherMode
from stores.models import Programme

_SIGNED = {"adjusted", "merged"}
_BY_THE_CLUB = [Entry.Kind.ADJUST, Entry.Kind.GOODWILL, Entry.Kind.IMPORT]
# What is better is said in one place, which receipts go by too.
_RULE_AT = "SELECT r.* FROM points_rule_at(%s, %s) r"
_RULE_AS = """
SELECT k.* FROM points_earningrule r CROSS JOIN LATERAL points_rule_as(r, %s) k
WHERE r.id = %s
"""
_BETTER = """
SELECT k.* FROM points_earningrule r CROSS JOIN LATERAL points_better(r, ARRAY[%s]) k
WHERE r.id = %s
"""
_PARTS = "SELECT balance, usable, pending, reserved FROM points_parts(%s, %s)"
_USABLE = """
SELECT m.id, p.usable FROM unnest(%s::bigint[]) AS m (id)
CROSS JOIN LATERAL points_parts(m.id, %s) AS p
"""


@dataclass(frozen=True, slots=True)
class BalanceView:
    """A member's points, never without what they are worth.

    `points` are those that can be used now, below zero when the member owes; `worth` is
    that of them.
    """

    points: int
    worth: Decimal
    currency: str
    # Earned, and not usable before their day.
    pending: int = 0
    # Promised to a purchase that is not finished.
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a member has at a moment, by what can be done with it.

    Also what the run that posts it has not come by for yet.
    """

    # All of it: the other three together.
    balance: int
    # Below zero when the member owes.
    usable: int
    pending: int
    reserved: int
    # The points that wait, by the moment they can be used from, and those that lapse,
    # by when; the soonest first.
    waiting: tuple["Waiting", ...]
    expiring: tuple["Expiring", ...]


@dataclass(frozen=True, slots=True)
class NextBenefit:
    """What the member gets next: how far it is, and what can be had already."""

    missing: int
    reward_points: int
    reward_worth: Decimal
    vouchers: int
    # Of the way to the next one, in percent.
    progress: int
    currency: str
    # Vouchers come by themselves, and not at the next purchase.
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class AsOf:
    """What a member had at a moment, by what counted then."""

    # To use: begun to count, neither lapsed nor reserved; less what is owed after
    # returns.
    available: int
    # Earned, and not usable before its day.
    pending: int
    # Promised to purchases that were not finished then.
    reserved: int
    # Below zero after returns of points that were used.
    owed: int
    # All entries until then: also what had lapsed and was not posted yet.
    booked: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that lapse together, and when."""

    points: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Points that can be used from one moment on."""

    points: int
    active_from: datetime


def find_rule(
    *, programme_id: int, at: datetime | None = None
) -> rules.EarningRule | None:
    """Return the rule in force at a moment, or without one the last published.

    At a moment it is the rule as it holds then: while worse terms run down, points
    become vouchers and are worth as by the better of it and of the one before it.
    """
    if at is None:
        return find_version(programme_id=programme_id)
    row = next(iter(EarningRule.objects.raw(_RULE_AT, [programme_id, at])), None)
    return None if row is None else value_of(row)


def find_version(
    *, programme_id: int, at: datetime | None = None
) -> rules.EarningRule | None:
    """Return the version in force at a moment, or the last published, in its own terms.

    For what is promised to come: what points are worth now is in `find_rule`.
    """
    published = EarningRule.objects.filter(
        programme_id=programme_id, status=EarningRule.Status.PUBLISHED
    )
    if at is not None:
        published = published.filter(starts_at__lte=at)
    row = published.order_by("-starts_at").first()
    return None if row is None else value_of(row)


def value_at(row: EarningRule, at: datetime) -> rules.EarningRule:
    """Return a stored rule as it held at a moment: see `find_rule`."""
    (held,) = EarningRule.objects.raw(_RULE_AS, [at, row.pk])
    return value_of(held)


def better_of(row: EarningRule, before: EarningRule) -> rules.EarningRule:
    """Return a stored rule as it would hold while it runs down from another one."""
    (held,) = EarningRule.objects.raw(_BETTER, [before.pk, row.pk])
    return value_of(held)


def runs_down_until(programme: Programme, at: datetime) -> date | None:
    """Return the last day on which terms before the ones in force hold still.

    None where nothing runs down; of several the first to end, for what holds changes
    then.
    """
    found: date | None = EarningRule.objects.filter(
        programme=programme,
        status=EarningRule.Status.PUBLISHED,
        starts_at__lte=at,
        runs_down_until__gte=local_day(at, programme.zone),
    ).aggregate(until=Min("runs_down_until"))["until"]
    return found


def value_of(row: EarningRule) -> rules.EarningRule:
    """Return a stored rule as the value that rules decide with."""
    return rules.EarningRule(
        id=row.pk,
        version=row.version,
        points_per_unit=row.points_per_unit,
        excluded_groups=frozenset(row.excluded_groups),
        expires_after_months=row.expires_after_months,
        point_value=row.point_value,
        reward_points=row.reward_points,
        terms=reading.load_text(json.dumps(row.terms)),
    )


def balance_of(member: Member, now: datetime | None = None) -> BalanceView:
    """Return the points a member can use and what they are worth.

    With `now`, points whose day has passed are left out, and those whose day has come
    are in, also before the run that posts it.
    """
    if now is None:
        account = Account.objects.filter(member=member).first() or Account()
        usable = account.balance - account.pending - account.reserved
        pending, reserved = account.pending, account.reserved
    else:
        _balance, usable, pending, reserved = _parts(member, now)
    rule = find_rule(programme_id=member.programme_id, at=now)
    return BalanceView(
        points=usable,
        worth=rules.worth(usable, rule) if rule else Decimal(0),
        currency=member.programme.currency,
        pending=pending,
        reserved=reserved,
    )


def usable_of(members: Collection[int], now: datetime) -> dict[int, int]:
    """Return the points that members can use now, by their keys, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(_USABLE, [list(members), now])
        return dict(cursor.fetchall())


def parts_of(member: Member, now: datetime) -> Parts:
    """Return what a member has, in parts, with the days when that changes."""
    balance, usable, pending, reserved = _parts(member, now)
    waiting = (
        Lot.objects.filter(
            member=member, remaining__gt=0, is_pending=True, active_from__gt=now
        )
        .values("active_from")
        .annotate(points=Sum("remaining"))
        .order_by("active_from")
    )
    return Parts(
        balance=balance,
        usable=usable,
        pending=pending,
        reserved=reserved,
        waiting=tuple(Waiting(each["points"], each["active_from"]) for each in waiting),
        expiring=tuple(expiries_of(member, now)),
    )


def expiries_of(member: Member, now: datetime) -> list[Expiring]:
    """Return the points that will lapse, by when, the soonest first."""
    found = (
        Lot.objects.filter(member=member, remaining__gt=0, expires_at__gt=now)
        .values("expires_at")
        .annotate(points=Sum("remaining"))
        .order_by("expires_at")
    )
    return [Expiring(each["points"], each["expires_at"]) for each in found]


def entries(member: Member) -> QuerySet[Entry]:
    """Return a member's entries, newest first, with what caused them."""
    return _statement(member).select_related("rule", "lot", "note").order_by("-id")


def balance_now(member: Member, now: datetime) -> AsOf:
    """Return what a member has, from their account: without reading a history."""
    _balance, usable, pending, reserved = _parts(member, now)
    account = Account.objects.filter(member=member).first() or Account()
    return AsOf(
        available=usable,
        pending=pending,
        reserved=reserved,
        owed=account.owed,
        booked=account.balance,
    )


def balance_as_of(member: Member, until: datetime) -> AsOf:
    """Return what a member had just before a moment, from entries, lots and uses.

    Counted by the day of business, with the memberships merged into theirs.
    """
    mine = [member.pk, *member.merged_members.values_list("pk", flat=True)]
    used = (
        LotUse.objects.filter(lot=OuterRef("pk"), entry__at__lt=until)
        .order_by()
        .values("lot")
        .annotate(points=Sum("points"))
        .values("points")
    )
    lots = Lot.objects.filter(member__in=mine, entry__at__lt=until).annotate(
        left=F("points") - Coalesce(Subquery(used), 0)
    )
    begun = Q(active_from__lt=until)
    alive = Q(expires_at__isnull=True) | Q(expires_at__gte=until)
    found = lots.aggregate(
        held=Coalesce(Sum("left"), 0),
        usable=Coalesce(Sum("left", filter=begun & alive), 0),
        passed=Coalesce(Sum("left", filter=begun & ~alive), 0),
        pending=Coalesce(Sum("left", filter=~begun), 0),
    )
    moved = Sum("moved", filter=Q(kind=Entry.Kind.RESERVE))
    let_go = Sum("moved", filter=Q(kind=Entry.Kind.RELEASE))
    posted = Entry.objects.filter(member__in=mine, at__lt=until).aggregate(
        booked=Coalesce(Sum("points"), 0),
        reserved=Coalesce(moved, 0) - Coalesce(let_go, 0),
    )
    owed = found["held"] - posted["booked"]
    # What had passed its day while it was reserved had not lapsed.
    kept = min(found["passed"], posted["reserved"])
    return AsOf(
        available=found["usable"] + kept - posted["reserved"] - owed,
        pending=found["pending"],
        reserved=posted["reserved"],
        owed=owed,
        booked=posted["booked"],
    )


def next_benefit(member: Member, now: datetime | None = None) -> NextBenefit | None:
    """Return what a member's points become next; None while no rule is in force."""
    rule = find_rule(programme_id=member.programme_id, at=now)
    if rule is None:
        return None
    balance = balance_of(member, now)
    missing = rules.points_to_next(balance.points, rule)
    on_the_way = max(rule.reward_points - missing, 0)
    return NextBenefit(
        missing=missing,
        reward_points=rule.reward_points,
        reward_worth=rules.reward_worth(rule),
        vouchers=rules.vouchers_in(balance.points, rule),
        progress=on_the_way * 100 // rule.reward_points,
        currency=balance.currency,
        is_automatic=rule.terms.vouchers.mode is VoucherMode.AUTOMATIC,
    )


def next_expiry(member: Member, now: datetime) -> Expiring | None:
    """Return the points that lapse next, or None when none will."""
    lots = Lot.objects.filter(member=member, remaining__gt=0, expires_at__gt=now)
    first = lots.order_by("expires_at").values_list("expires_at", flat=True).first()
    if first is None:
        return None
    points = lots.filter(expires_at=first).aggregate(points=Sum("remaining"))["points"]
    return Expiring(points, first)


def summarize_totals(member: Member) -> dict[str, int]:
    """Return what was earned, used, taken back and has expired, as positive numbers.

    `used` is without what was given back, `expired` without what came back though it
    had lapsed. `adjusted` is all that the club itself gave or took, goodwill too; it
    and `merged` (what merges that were undone left with the member or took) have a
    sign. All of them add up to the balance.
    """
    kinds = Entry.Kind
    revived = Q(kind=kinds.RESTORE, reverses__kind=kinds.EXPIRE)
    given_back = Q(kind=kinds.RESTORE) & ~Q(reverses__kind=kinds.EXPIRE)
    found = _statement(member).aggregate(
        earned=Sum("points", filter=Q(kind=kinds.EARN)),
        used=Sum("points", filter=Q(kind=kinds.SPEND) | given_back),
        taken_back=Sum("points", filter=Q(kind=kinds.REVERSE)),
        expired=Sum("points", filter=Q(kind=kinds.EXPIRE) | revived),
        adjusted=Sum("points", filter=Q(kind__in=_BY_THE_CLUB)),
        merged=Sum("points", filter=Q(kind=kinds.MERGE)),
    )
    return {
        name: (value or 0) if name in _SIGNED else abs(value or 0)
        for name, value in found.items()
    }


def _parts(member: Member, now: datetime) -> tuple[int, int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [member.pk, now])
        balance, usable, pending, reserved = cursor.fetchone()
    return balance, usable, pending, reserved


def _statement(member: Member) -> QuerySet[Entry]:
    """Return the entries of a member and of the memberships merged into theirs.

    Without what only moved points between those, which adds up to nothing.
    """
    mine = [member.pk, *member.merged_members.values_list("pk", flat=True)]
    within = Merge.objects.filter(kept__in=mine, undone_at=None).values("public_id")
    return Entry.objects.filter(member__in=mine).exclude(
        kind=Entry.Kind.MERGE, source_id__in=within
    )

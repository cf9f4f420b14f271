"""Reading the ledger: balances, entries, and what comes next."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from members.models import Member, Merge
from points import rules
from points.models import Account, EarningRule, Entry, Lot, LotUse
from points.programme import reading

_SIGNED = {"adjusted", "merged"}


@dataclass(frozen=True, slots=True)
class BalanceView:
    """A member's points, never without what they are worth."""

    points: int
    worth: Decimal
    currency: str


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


@dataclass(frozen=True, slots=True)
class AsOf:
    """What a member had at a moment, by what counted then."""

    # To use: begun to count, not lapsed; less what is owed after returns.
    available: int
    # Earned, and not usable before its day.
    pending: int
    # Below zero after returns of points that were used.
    owed: int
    # All entries until then: also what had lapsed and was not posted yet.
    booked: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """The points that lapse first, and when."""

    points: int
    expires_at: datetime


def find_rule(
    *, programme_id: int, at: datetime | None = None
) -> rules.EarningRule | None:
    """Return the rule in force at a moment, or without one the last published."""
    published = EarningRule.objects.filter(
        programme_id=programme_id, status=EarningRule.Status.PUBLISHED
    )
    if at is not None:
        published = published.filter(starts_at__lte=at)
    row = published.order_by("-starts_at").first()
    return None if row is None else value_of(row)


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
    """Return a member's points and what they are worth.

    With `now`, points whose day has passed are left out also before the run that
    posts their expiry.
    """
    points = (
        Account.objects.filter(member=member).values_list("balance", flat=True).first()
        or 0
    )
    if now is not None:
        lapsed = Lot.objects.filter(
            member=member, remaining__gt=0, expires_at__lte=now
        ).aggregate(points=Sum("remaining"))["points"]
        points -= lapsed or 0
    rule = find_rule(programme_id=member.programme_id, at=now)
    return BalanceView(
        points=points,
        worth=rules.worth(points, rule) if rule else Decimal(0),
        currency=member.programme.currency,
    )


def entries(member: Member) -> QuerySet[Entry]:
    """Return a member's entries, newest first, with what caused them."""
    return _statement(member).select_related("rule", "lot").order_by("-id")


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
        pending=Coalesce(Sum("left", filter=~begun), 0),
    )
    booked = (
        Entry.objects.filter(member__in=mine, at__lt=until).aggregate(
            points=Sum("points")
        )["points"]
        or 0
    )
    owed = found["held"] - booked
    return AsOf(
        available=found["usable"] - owed,
        pending=found["pending"],
        owed=owed,
        booked=booked,
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

    `adjusted` and `merged` (what merges that were undone left with the member or took)
    have a sign; all of them add up to the balance.
    """
    kinds = Entry.Kind
    found = _statement(member).aggregate(
        earned=Sum("points", filter=Q(kind=kinds.EARN)),
        used=Sum("points", filter=Q(kind=kinds.SPEND)),
        taken_back=Sum("points", filter=Q(kind=kinds.REVERSE)),
        expired=Sum("points", filter=Q(kind=kinds.EXPIRE)),
        adjusted=Sum("points", filter=Q(kind=kinds.ADJUST)),
        merged=Sum("points", filter=Q(kind=kinds.MERGE)),
    )
    return {
        name: (value or 0) if name in _SIGNED else abs(value or 0)
        for name, value in found.items()
    }


def _statement(member: Member) -> QuerySet[Entry]:
    """Return the entries of a member and of the memberships merged into theirs.

    Without what only moved points between those, which adds up to nothing.
    """
    mine = [member.pk, *member.merged_members.values_list("pk", flat=True)]
    within = Merge.objects.filter(kept__in=mine, undone_at=None).values("public_id")
    return Entry.objects.filter(member__in=mine).exclude(
        kind=Entry.Kind.MERGE, source_id__in=within
    )

"""Reading tiers: what a member has, what is missing, why, and how the ladder stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Min, Q, Sum

from common.periods import local_day
from members.models import Member
from points.models import Activity, TierPeriod
from points.programme.sentences import Names
from points.programme.sentences.names import in_language
from points.rules import EarningRule
from points.selectors import find_rule, value_of
from points.terms import Ladder, Measure, Tier, Window
from points.tiers import rules
from points.tiers.rules import Span
from stores.models import Programme

_NOTHING = Decimal(0)
# How tiers are coloured, from the lowest up, whatever a club calls them.
_MEDALS = ("bronze", "silver", "gold", "platinum")


@dataclass(frozen=True, slots=True)
class TierView:
    """A member's tier at a moment; `since` is None for who never had another."""

    key: str
    name: str
    rank: int
    since: datetime | None
    # The last day before its review; None for the lowest, which nobody can lose.
    until: date | None
    is_granted: bool
    benefits: tuple[str, ...]

    @property
    def medal(self) -> str:
        """Return the colour that the tier is shown in."""
        return medal_of(self.rank)


@dataclass(frozen=True, slots=True)
class Next:
    """The tier above: what is missing to it, and until which day that is enough."""

    key: str
    name: str
    needs: Decimal
    missing: Decimal
    by: date | None
    # Of the way to it, in percent.
    percent: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """What it takes to stay: how much of it is missing, and by when."""

    needs: Decimal
    missing: Decimal
    # What counts, from the first day to the last one of the grace.
    span: Span
    until: date
    # The last day of the level once it is kept.
    following: date
    # Where the member would be if nothing more were done.
    projected: str

    def has_begun(self, day: date) -> bool:
        """Tell whether what is done on a day counts for it."""
        return day >= self.span.begins


@dataclass(frozen=True, slots=True)
class Progress:
    """A member's tier with the way up and what it takes to stay."""

    ladder: Ladder
    tier: TierView
    measure: Measure
    currency: str
    day: date
    counted: Decimal
    span: Span
    next: Next | None
    keeping: Keeping | None


def ladder_of(rule: EarningRule | None) -> Ladder | None:
    """Return a version's ladder; None without tiers."""
    ladder = rule.terms.ladder if rule else None
    return ladder if ladder and ladder.tiers else None


def name_of(tier: Tier) -> str:
    """Return what a tier is called in the active language."""
    return Names(tiers={tier.key: tier.names}).tier(tier.key)


def medal_of(rank: int) -> str:
    """Return the colour that a tier is shown in, by its place in the ladder."""
    return _MEDALS[min(rank, len(_MEDALS) - 1)]


def tier_of(member: Member, at: datetime) -> TierView | None:
    """Return a member's tier at a moment, by the version in force then.

    None without a ladder.
    """
    rule = find_rule(programme_id=member.programme_id, at=at)
    ladder = ladder_of(rule)
    if ladder is None:
        return None
    return _view(ladder, _period_at(member, at))


def tiers_of(
    programme: Programme, members: Collection[int], at: datetime
) -> dict[int, TierView] | None:
    """Return the tiers of members by their keys, as `tier_of`, in one question.

    None without a ladder.
    """
    ladder = ladder_of(find_rule(programme_id=programme.pk, at=at))
    if ladder is None:
        return None
    periods = {
        period.member_id: period
        for period in TierPeriod.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), member__in=members, starts_at__lte=at
        )
        .select_related("rule")
        .order_by("member_id", "-starts_at")
        .distinct("member_id")
    }
    return {member: _view(ladder, periods.get(member)) for member in members}


def progress_of(member: Member, now: datetime) -> Progress | None:
    """Return what a member has and what is missing; None without a ladder."""
    ladder = ladder_of(find_rule(programme_id=member.programme_id, at=now))
    if ladder is None:
        return None
    period = _period_at(member, now)
    tier = _view(ladder, period)
    zone = member.programme.zone
    day = local_day(now, zone)
    joined = local_day(member.registered_at, zone)
    span = rules.window_of(ladder.window, day, joined)
    kept = _kept_span(ladder, period, joined) if tier.rank else None
    counted, since, first = _sums(member, ladder.measure, day, span, kept)
    return Progress(
        ladder=ladder,
        tier=tier,
        measure=ladder.measure,
        currency=member.programme.currency,
        day=day,
        counted=counted,
        span=span,
        next=_next(ladder, tier, counted, _lasts(ladder.window, span, first)),
        keeping=_keeping(ladder, tier, since, kept, joined) if kept else None,
    )


def history_of(member: Member) -> list[TierPeriod]:
    """Return a member's periods, the newest first, with the versions they are by."""
    return list(
        TierPeriod.objects.filter(member=member)
        .select_related("rule", "granted_by")
        .order_by("-starts_at")
    )


def open_period(member: Member) -> TierPeriod | None:
    """Return the period that a member is in; None for who never rose."""
    return (
        TierPeriod.objects.filter(member=member, ends_at=None)
        .select_related("rule", "granted_by")
        .first()
    )


def names_in(periods: Sequence[TierPeriod]) -> dict[int, str]:
    """Return what the tier of each period was called, by the version of the period."""
    names: dict[int, str] = {}
    for period in periods:
        ladder = ladder_in(period)
        tiers = {tier.key: tier for tier in ladder.tiers} if ladder else {}
        tier = tiers.get(period.key)
        names[period.pk] = name_of(tier) if tier else period.key
    return names


def ladder_in(period: TierPeriod) -> Ladder | None:
    """Return the ladder of the version that a period is by."""
    return ladder_of(value_of(period.rule))


def _period_at(member: Member, at: datetime) -> TierPeriod | None:
    return (
        TierPeriod.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), member=member, starts_at__lte=at
        )
        .select_related("rule")
        .order_by("-starts_at")
        .first()
    )


def _view(ladder: Ladder, period: TierPeriod | None) -> TierView:
    rank = 0
    if period is not None:
        rank = _rank(ladder, period)
    tier = ladder.tiers[rank]
    return TierView(
        key=tier.key,
        name=name_of(tier),
        rank=rank,
        since=period.starts_at if period else None,
        until=period.holds_until if period and rank else None,
        is_granted=period is not None and period.cause == TierPeriod.Cause.GRANTED,
        benefits=tuple(filter(None, map(in_language, tier.benefits))),
    )


def _rank(ladder: Ladder, period: TierPeriod) -> int:
    keys = [tier.key for tier in ladder.tiers]
    if period.key in keys:
        return keys.index(period.key)
    # The night has not been since the ladder changed.
    before = ladder_in(period)
    return rules.nearest(
        keys, period.key, [tier.key for tier in before.tiers] if before else []
    )


def _kept_span(ladder: Ladder, period: TierPeriod | None, joined: date) -> Span | None:
    """Return the days that decide whether a level is kept, its grace included."""
    if period is None or period.cause == TierPeriod.Cause.GRANTED:
        return None
    until = period.holds_until
    if until is None:
        return None
    begins = rules.window_of(ladder.window, until, joined).begins
    return Span(begins, until + timedelta(days=ladder.grace_days))


def _sums(
    member: Member, measure: Measure, day: date, span: Span, kept: Span | None
) -> tuple[Decimal, Decimal, date | None]:
    """Return what counts for rising and for staying, and the first day of it."""
    kept = kept or span
    within = Q(on__range=(span.begins, min(span.ends, day)))
    staying = Q(on__range=(kept.begins, min(kept.ends, day)))
    found = Activity.objects.filter(
        member=member, on__range=(min(span.begins, kept.begins), day)
    ).aggregate(
        counted=Sum(measure.value, filter=within),
        since=Sum(measure.value, filter=staying),
        first=Min("on", filter=within & ~Q(**{measure.value: 0})),
    )
    return (
        Decimal(found["counted"] or 0),
        Decimal(found["since"] or 0),
        found["first"],
    )


def _lasts(window: Window, span: Span, first: date | None) -> date | None:
    """Return until which day all that counts now will count.

    Where the window rolls, until what is oldest in it leaves.
    """
    if window is not Window.ROLLING:
        return span.ends
    return rules.counts_until(first) if first else None


def _next(
    ladder: Ladder, tier: TierView, counted: Decimal, by: date | None
) -> Next | None:
    if tier.rank + 1 >= len(ladder.tiers):
        return None
    above = ladder.tiers[tier.rank + 1]
    missing = max(above.needs - counted, _NOTHING)
    share = max(counted, _NOTHING) / above.needs if above.needs else Decimal(1)
    return Next(
        key=above.key,
        name=name_of(above),
        needs=above.needs,
        missing=missing,
        by=by,
        percent=min(int(share * 100), 100),
    )


def _keeping(
    ladder: Ladder, tier: TierView, since: Decimal, kept: Span, joined: date
) -> Keeping | None:
    if tier.until is None:
        return None
    needs = rules.keeps(ladder, tier.rank)
    missing = max(needs - since, _NOTHING)
    lands = tier.rank
    if missing:
        lands = tier.rank - 1
        if not ladder.soft_landing:
            lands = max(
                (r for r in range(1, tier.rank) if since >= rules.keeps(ladder, r)),
                default=0,
            )
    return Keeping(
        needs=needs,
        missing=missing,
        span=kept,
        until=tier.until,
        following=rules.holds_until(ladder.window, tier.until, joined),
        projected=name_of(ladder.tiers[lands]),
    )

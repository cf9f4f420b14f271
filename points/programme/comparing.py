"""In what a version is worse for members than the one before it. Pure.

What is named here needs notice before it may start. In doubt a change counts as worse:
telling members of something harmless costs little, the other way round it costs trust.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from points import rules
from points.rules import EarningRule
from points.terms import (
    Birthday,
    Discounts,
    ExpiryKind,
    Goods,
    Multiplier,
    Per,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    Tier,
    VoucherMode,
    VoucherStep,
    When,
)

_T = TypeVar("_T")
_ONE = Decimal(1)

# From what is best for members to what is worst.
_ROUNDINGS = (Rounding.UP, Rounding.NEAREST, Rounding.DOWN)
_RETURNS = (ReturnPolicy.PENDING, ReturnPolicy.BALANCE, ReturnPolicy.NEGATIVE)
_STACKINGS = (Stacking.MULTIPLY, Stacking.ADD, Stacking.BEST)
_BIRTHDAYS = (None, Birthday.MONTH, Birthday.WEEK, Birthday.DAY)
_OFTEN = (Per.EACH, Per.DAY, Per.WEEK, Per.MONTH, Per.YEAR, Per.ONCE)
_KINDS_OF_GOODS = ("groups", "categories", "brands", "skus")


class Worse(StrEnum):
    """What became worse."""

    RATE = "rate"
    TAX = "tax"
    DISCOUNTS = "discounts"
    ROUNDING = "rounding"
    EXCLUDED = "excluded"
    STACKING = "stacking"
    MULTIPLIER_LOST = "multiplier_lost"
    MULTIPLIER_LOWER = "multiplier_lower"
    MULTIPLIER_NARROWER = "multiplier_narrower"
    MULTIPLIER_LOWERS = "multiplier_lowers"
    ACTION_LOST = "action_lost"
    ACTION_LOWER = "action_lower"
    ACTION_RARER = "action_rarer"
    CURRENCY_LOST = "currency_lost"
    CURRENCY_RATE = "currency_rate"
    CURRENCY_WORTH = "currency_worth"
    WAITING = "waiting"
    EXPIRY = "expiry"
    EXPIRY_KIND = "expiry_kind"
    NO_LONGER_KEPT = "no_longer_kept"
    RETURNS = "returns"
    WORTH = "worth"
    VOUCHER = "voucher"
    VOUCHER_DAYS = "voucher_days"
    VOUCHER_GRACE = "voucher_grace"
    VOUCHER_AGAIN = "voucher_again"
    VOUCHER_MODE = "voucher_mode"
    LADDER_LOST = "ladder_lost"
    LADDER_MEASURE = "ladder_measure"
    LADDER_WINDOW = "ladder_window"
    LADDER_GRACE = "ladder_grace"
    LADDER_LANDING = "ladder_landing"
    TIER_LOST = "tier_lost"
    TIER_NEEDS = "tier_needs"
    TIER_KEEPS = "tier_keeps"
    TIER_BENEFIT = "tier_benefit"


# What touches points that members have already, and not only those to come.
TOUCHES_EARNED = frozenset(
    {
        Worse.CURRENCY_WORTH,
        Worse.WORTH,
        Worse.VOUCHER,
        Worse.VOUCHER_DAYS,
        Worse.VOUCHER_GRACE,
        Worse.VOUCHER_MODE,
    }
)


@dataclass(frozen=True, slots=True)
class Worsening:
    """One thing that is worse: what, which one by its key, and from what to what."""

    what: Worse
    key: str = ""
    old: object = None
    new: object = None

    @property
    def touches_earned(self) -> bool:
        """Tell whether points that were earned before lose by it."""
        return self.what in TOUCHES_EARNED


def worsenings(
    old: EarningRule, new: EarningRule, starts_on: date | None = None
) -> list[Worsening]:
    """Return all in which the new version is worse than the old.

    A multiplier whose period is over before the new one starts is no loss.
    """
    return [
        *_earning(old, new),
        *_multipliers(old, new, starts_on),
        *_actions(old, new),
        *_currencies(old, new),
        *_waiting_and_expiry(old, new),
        *_vouchers(old, new),
        *_ladder(old, new),
    ]


def steps_of(rule: EarningRule) -> tuple[VoucherStep, ...]:
    """Return the steps by which points become vouchers; at least one."""
    return rule.terms.vouchers.steps or (
        VoucherStep(rule.reward_points, rules.reward_worth(rule)),
    )


def _earning(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    if new.points_per_unit < old.points_per_unit:
        yield Worsening(Worse.RATE, "", old.points_per_unit, new.points_per_unit)
    if (old.terms.tax, new.terms.tax) == (Tax.WITH, Tax.WITHOUT):
        yield Worsening(Worse.TAX, "", old.terms.tax, new.terms.tax)
    if (old.terms.discounts, new.terms.discounts) == (
        Discounts.BEFORE,
        Discounts.AFTER,
    ):
        yield Worsening(Worse.DISCOUNTS, "", old.terms.discounts, new.terms.discounts)
    if _is_later(_ROUNDINGS, old.terms.rounding, new.terms.rounding):
        yield Worsening(Worse.ROUNDING, "", old.terms.rounding, new.terms.rounding)
    for kind in _KINDS_OF_GOODS:
        for name in _more(_excluded(old, kind), _excluded(new, kind), kind):
            yield Worsening(Worse.EXCLUDED, name)
    factors = [each.factor for each in old.terms.multipliers]
    if (
        len(factors) > 1
        and old.terms.stacking is not new.terms.stacking
        # Two halves make a quarter when multiplied: then no order is always better.
        and (
            min(factors) < _ONE
            or _is_later(_STACKINGS, old.terms.stacking, new.terms.stacking)
        )
    ):
        yield Worsening(Worse.STACKING, "", old.terms.stacking, new.terms.stacking)


def _multipliers(
    old: EarningRule, new: EarningRule, starts_on: date | None
) -> Iterator[Worsening]:
    now = {each.key: each for each in new.terms.multipliers}
    higher = [
        each
        for each in old.terms.multipliers
        if each.factor > _ONE
        and not (starts_on and each.when.ends_on and each.when.ends_on < starts_on)
    ]
    # Where only the best one counts, one can stand in for several. Where they count
    # together, each of them needs another of its own: of 'double on coffee' and
    # 'double at weekends', 'double at weekends' alone is worth half.
    is_alone = {old.terms.stacking, new.terms.stacking} == {Stacking.BEST}
    for each in _not_replaced(higher, new.terms.multipliers, is_alone, _is_as_good):
        same = now.get(each.key)
        if same is None:
            yield Worsening(Worse.MULTIPLIER_LOST, each.key, each.factor)
            continue
        if same.factor < each.factor:
            yield Worsening(Worse.MULTIPLIER_LOWER, each.key, each.factor, same.factor)
        if not _is_as_wide(each.when, same.when):
            yield Worsening(Worse.MULTIPLIER_NARROWER, each.key)
    lower = [each for each in new.terms.multipliers if each.factor < _ONE]
    for each in _not_replaced(lower, old.terms.multipliers, is_alone, _lowered_before):
        yield Worsening(Worse.MULTIPLIER_LOWERS, each.key, None, each.factor)


def _is_as_good(old: Multiplier, new: Multiplier) -> bool:
    return new.factor >= old.factor and _is_as_wide(old.when, new.when)


def _lowered_before(new: Multiplier, old: Multiplier) -> bool:
    return old.factor <= new.factor and _is_as_wide(new.when, old.when)


def _not_replaced(
    those: Sequence[Multiplier],
    others: Sequence[Multiplier],
    is_alone: bool,
    replaces: Callable[[Multiplier, Multiplier], bool],
) -> list[Multiplier]:
    """Return those that no other stands in for; one for each unless one counts alone.

    As many as can be get one, by augmenting paths (H. W. Kuhn, 1955); who has an other
    of the same key that does is content with it.
    """
    if is_alone:
        return [one for one in those if not any(replaces(one, o) for o in others)]
    taken: dict[str, Multiplier] = {}

    def find(one: Multiplier, tried: set[str]) -> bool:
        for other in sorted(others, key=lambda each: each.key != one.key):
            if other.key in tried or not replaces(one, other):
                continue
            tried.add(other.key)
            if other.key not in taken or find(taken[other.key], tried):
                taken[other.key] = one
                return True
        return False

    at_first = [one for one in those if any(o.key == one.key for o in others)]
    rest = [one for one in those if one not in at_first]
    return [one for one in (*at_first, *rest) if not find(one, set())]


def _is_as_wide(old: When, new: When) -> bool:
    """Tell whether all that fits the old conditions fits the new ones too."""
    return (
        _goods_are_as_wide(old.goods, new.goods)
        and all(
            _holds_all(getattr(old, name), getattr(new, name))
            for name in ("stores", "channels", "weekdays", "tiers")
        )
        and (new.hours is None or new.hours == old.hours or _spans(old, new))
        and (old.first_purchase or not new.first_purchase)
        and not _is_later(_BIRTHDAYS, old.birthday, new.birthday)
        # A week may reach into the next month.
        and (old.birthday, new.birthday) != (Birthday.WEEK, Birthday.MONTH)
        and _begins_no_later(old.starts_on, new.starts_on)
        and (
            new.ends_on is None
            or (old.ends_on is not None and new.ends_on >= old.ends_on)
        )
        and (
            new.least_total is None
            or (old.least_total is not None and new.least_total <= old.least_total)
        )
    )


def _goods_are_as_wide(old: Goods, new: Goods) -> bool:
    if not new:
        return True
    return bool(old) and all(
        not _more(getattr(new, kind), getattr(old, kind), kind)
        for kind in _KINDS_OF_GOODS
    )


def _holds_all(old: Sequence[object], new: Sequence[object]) -> bool:
    return not new or (bool(old) and set(old) <= set(new))


def _spans(old: When, new: When) -> bool:
    if old.hours is None or new.hours is None:
        return new.hours is None
    (begins, ends), (now_begins, now_ends) = old.hours, new.hours
    # Over midnight is compared with its equal alone.
    return begins < ends and now_begins <= begins and ends <= now_ends


def _begins_no_later(old: date | None, new: date | None) -> bool:
    return new is None or (old is not None and new <= old)


def _actions(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    for each in old.terms.actions:
        now = [other for other in new.terms.actions if other.event == each.event]
        if not now:
            yield Worsening(Worse.ACTION_LOST, each.key, each.points)
            continue
        same = each if each in now else now[0]
        if same.points < each.points:
            yield Worsening(Worse.ACTION_LOWER, each.key, each.points, same.points)
        if _is_later(_OFTEN, each.per, same.per) or (
            each.per is same.per and same.times < each.times
        ):
            yield Worsening(Worse.ACTION_RARER, each.key, each.per, same.per)


def _currencies(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    for code, money in old.terms.currencies.items():
        same = new.terms.currencies.get(code)
        if same is None:
            yield Worsening(Worse.CURRENCY_LOST, code)
            continue
        if same.points_per_unit < money.points_per_unit:
            yield Worsening(
                Worse.CURRENCY_RATE, code, money.points_per_unit, same.points_per_unit
            )
        if same.point_value < money.point_value:
            yield Worsening(
                Worse.CURRENCY_WORTH, code, money.point_value, same.point_value
            )


def _waiting_and_expiry(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    if new.terms.pending_days > old.terms.pending_days:
        yield Worsening(
            Worse.WAITING, "", old.terms.pending_days, new.terms.pending_days
        )
    if _is_later(_RETURNS, old.terms.returns, new.terms.returns):
        yield Worsening(Worse.RETURNS, "", old.terms.returns, new.terms.returns)
    yield from _expiry(old, new)


def _expiry(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    if rules.idle_months(old) is not None and (
        new.terms.expiry is not ExpiryKind.INACTIVITY
    ):
        # Also where points never expire from now on: those that are there do, on a day
        # that no purchase moves any more.
        yield Worsening(Worse.NO_LONGER_KEPT)
    if _never_expires(new):
        return
    was, now = old.terms.expiry, new.terms.expiry
    if was is ExpiryKind.FIXED and now is ExpiryKind.FIXED:
        before = (old.terms.expiry_years, old.terms.expiry_day)
        after = (new.terms.expiry_years, new.terms.expiry_day)
        if after < before:
            yield Worsening(Worse.EXPIRY, "", before, after)
    elif ExpiryKind.FIXED in (was, now):
        yield Worsening(Worse.EXPIRY_KIND, "", was, now)
    elif _is_shorter(old.expires_after_months, new.expires_after_months):
        yield Worsening(
            Worse.EXPIRY, "", old.expires_after_months, new.expires_after_months
        )
    # Counted from each purchase is sooner than from the last one.
    elif (was, now) == (ExpiryKind.INACTIVITY, ExpiryKind.ROLLING):
        yield Worsening(Worse.EXPIRY_KIND, "", was, now)


def _never_expires(rule: EarningRule) -> bool:
    return (
        rule.terms.expiry is not ExpiryKind.FIXED and rule.expires_after_months is None
    )


def _is_shorter(old: int | None, new: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _vouchers(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    if new.point_value < old.point_value:
        yield Worsening(Worse.WORTH, "", old.point_value, new.point_value)
    offered = steps_of(new)
    for step in steps_of(old):
        if not any(
            other.points <= step.points
            and other.value >= step.value
            and (step.needs_purchase or not other.needs_purchase)
            for other in offered
        ):
            yield Worsening(Worse.VOUCHER, "", step, None)
    was, now = old.terms.vouchers, new.terms.vouchers
    for what, before, after in (
        (Worse.VOUCHER_DAYS, was.valid_days, now.valid_days),
        (Worse.VOUCHER_GRACE, was.grace_days, now.grace_days),
        (Worse.VOUCHER_AGAIN, was.reactivations, now.reactivations),
    ):
        if after < before:
            yield Worsening(what, "", before, after)
    if (was.mode, now.mode) == (VoucherMode.CHOICE, VoucherMode.AUTOMATIC):
        yield Worsening(Worse.VOUCHER_MODE, "", was.mode, now.mode)


def _ladder(old: EarningRule, new: EarningRule) -> Iterator[Worsening]:
    was, now = old.terms.ladder, new.terms.ladder
    if was is None:
        return
    if now is None:
        yield Worsening(Worse.LADDER_LOST)
        return
    if was.measure is not now.measure:
        yield Worsening(Worse.LADDER_MEASURE, "", was.measure, now.measure)
    if was.window is not now.window:
        yield Worsening(Worse.LADDER_WINDOW, "", was.window, now.window)
    if now.grace_days < was.grace_days:
        yield Worsening(Worse.LADDER_GRACE, "", was.grace_days, now.grace_days)
    if was.soft_landing and not now.soft_landing:
        yield Worsening(Worse.LADDER_LANDING)
    same = {each.key: each for each in now.tiers}
    for tier in was.tiers:
        other = same.get(tier.key)
        if other is None:
            yield Worsening(Worse.TIER_LOST, tier.key)
        else:
            yield from _tier(tier, other)


def _tier(old: Tier, new: Tier) -> Iterator[Worsening]:
    if new.needs > old.needs:
        yield Worsening(Worse.TIER_NEEDS, old.key, old.needs, new.needs)
    kept, keeps = (
        each.needs if each.keeps is None else each.keeps for each in (old, new)
    )
    if keeps > kept:
        yield Worsening(Worse.TIER_KEEPS, old.key, kept, keeps)
    for benefit in old.benefits:
        # The same in one language is the same: another was only reworded.
        if any(benefit.values()) and not any(
            text and benefit.get(language) == text
            for each in new.benefits
            for language, text in each.items()
        ):
            yield Worsening(Worse.TIER_BENEFIT, old.key, benefit)


def _more(old: Sequence[str], new: Sequence[str], kind: str) -> list[str]:
    """Return the names that are new, compared as the engine compares them."""
    if kind == "skus":
        return sorted(set(new) - set(old))
    same: Callable[[str], str] = rules.group_name
    known = {same(each) for each in old}
    if kind == "groups":
        known |= rules.GIFT_CARD_GROUPS
    return sorted(each for each in new if same(each) not in known)


def _excluded(rule: EarningRule, kind: str) -> tuple[str, ...]:
    """Return the goods of a kind that earn nothing, wherever the version says so."""
    named: tuple[str, ...] = getattr(rule.terms.excluded, kind)
    return (*named, *rule.excluded_groups) if kind == "groups" else named


def _is_later(order: Sequence[_T], old: _T, new: _T) -> bool:
    return order.index(new) > order.index(old)

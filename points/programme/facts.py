"""What the club has that a version may name, asked before the version is checked."""

from collections.abc import Callable
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from common.periods import local_day
from points.programme import goods
from points.programme.faults import Facts, Fault
from points.programme.naming import names_for
from points.programme.sentences import Kind, Unsayable, names
from points.programme.sentences.version import faults_of
from points.rules import EarningRule
from points.terms import LANGUAGES, Goods
from stores.models import Programme, Store

_PLACES = {
    Kind.EARNING: "/points_per_unit",
    Kind.CURRENCY: "/currencies",
    Kind.BASE: "/tax",
    Kind.EXCLUSIONS: "/excluded",
    Kind.ROUNDING: "/rounding",
    Kind.STACKING: "/stacking",
    Kind.PENDING: "/pending_days",
    Kind.WORTH: "/point_value",
    Kind.STEP: "/vouchers/steps",
    Kind.VOUCHER: "/vouchers/mode",
    Kind.LADDER: "/ladder/tiers",
    Kind.EXPIRY: "/expires_after_months",
    Kind.RETURNS: "/returns",
}


def gather(
    programme: Programme, rule: EarningRule, starts_at: datetime | None = None
) -> Facts:
    """Return what has to be known of a club to check a version."""
    stores = list(programme.stores.values_list("code", flat=True))
    return Facts(
        currency=programme.currency,
        stores=frozenset(stores),
        channels=frozenset(Store.Kind.values),
        events=frozenset(names.events()),
        unknown_goods=frozenset(
            goods.registered().unknown(programme.pk, _all_goods(rule))
        ),
        starts_on=local_day(starts_at, programme.zone) if starts_at else None,
    )


def unsayable(programme: Programme, rule: EarningRule) -> list[Fault]:
    """Return what of a version cannot be said in the language of one of its members."""
    known = names_for(rule, programme_id=programme.pk)

    def in_words() -> list[Unsayable]:
        return faults_of(rule, currency=programme.currency, names=known)

    found = [_fault(each, rule, each.message) for each in in_words()]
    seen = {fault.pointer for fault in found}
    for language in LANGUAGES:
        for fault in _elsewhere(language, in_words, rule):
            if fault.pointer not in seen:
                seen.add(fault.pointer)
                found.append(fault)
    return found


def _elsewhere(
    language: str, in_words: Callable[[], list[Unsayable]], rule: EarningRule
) -> list[Fault]:
    with translation.override(language):
        raised = in_words()
    message = _("This cannot be said in every language.")
    return [_fault(each, rule, message) for each in raised]


def _fault(raised: Unsayable, rule: EarningRule, message: str) -> Fault:
    parts = {
        Kind.MULTIPLIER: ("/multipliers", [m.key for m in rule.terms.multipliers]),
        Kind.ACTION: ("/actions", [a.key for a in rule.terms.actions]),
        Kind.TIER: (
            "/ladder/tiers",
            [t.key for t in rule.terms.ladder.tiers] if rule.terms.ladder else [],
        ),
    }
    at, keys = parts.get(raised.kind, (_PLACES.get(raised.kind, ""), []))
    return Fault(
        f"{at}/{keys.index(raised.key)}" if raised.key in keys else at, message
    )


def _all_goods(rule: EarningRule) -> Goods:
    """Return all goods that a version names anywhere."""
    named = [rule.terms.excluded, *(each.when.goods for each in rule.terms.multipliers)]
    return Goods(
        **{
            kind.value: tuple(
                dict.fromkeys(name for each in named for name in getattr(each, kind))
            )
            for kind in goods.Kind
        }
    )

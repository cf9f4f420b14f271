"""In what a version is worse, in words; `comparing` finds it."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from points import words
from points.programme import telling
from points.programme.comparing import Worse, Worsening
from points.programme.naming import names_for
from points.programme.sentences import Unsayable
from points.programme.sentences.names import in_language
from points.rules import EarningRule
from points.terms import ExpiryKind, VoucherStep
from stores.models import Programme


def say(
    worse: Worsening, *, programme: Programme, old: EarningRule, new: EarningRule
) -> str:
    """Say one thing that became worse, to the marketer."""
    return _SAYINGS[worse.what](_Both(worse, programme, old, new))


class _Both:
    """A worsening with the two versions, and how their parts are called."""

    def __init__(
        self,
        worse: Worsening,
        programme: Programme,
        old: EarningRule,
        new: EarningRule,
    ) -> None:
        self.worse, self.programme, self.old, self.new = worse, programme, old, new

    def money(self, amount: object, currency: str = "") -> str:
        """Write a worth of a point, which may be less than an öre."""
        value = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        code = currency or self.programme.currency
        return words.worth_between(value, value, code)

    def multiplier(self, rule: EarningRule) -> str:
        """Say a multiplier of a version, or its key when no words fit any more."""
        each = next(m for m in rule.terms.multipliers if m.key == self.worse.key)
        names = names_for(rule, programme_id=self.programme.pk)
        try:
            return telling.of_one(self.programme, rule, each, names)
        except Unsayable:
            return each.key

    def tier(self) -> str:
        """Return the name of the tier that is meant."""
        tiers = self.old.terms.ladder.tiers if self.old.terms.ladder else ()
        found = next((each for each in tiers if each.key == self.worse.key), None)
        return (in_language(found.names) if found else "") or self.worse.key

    def measured(self, amount: object) -> str:
        """Write a threshold of a tier: money, or a number."""
        ladder = self.old.terms.ladder
        value = Decimal(str(amount))
        if ladder and ladder.measure.value == "spend":
            return display(value, self.programme.currency)
        return words.number(value)


def _rate(both: _Both) -> str:
    return _("A purchase gives fewer points: %(new)s instead of %(old)s.") % _numbers(
        both
    )


def _numbers(both: _Both) -> dict[str, str]:
    return {
        name: words.number(value) if isinstance(value, (int, Decimal)) else str(value)
        for name, value in (("old", both.worse.old), ("new", both.worse.new))
    }


def _lost(both: _Both) -> str:
    return _("This goes away: %(sentence)s") % {"sentence": both.multiplier(both.old)}


def _lower(both: _Both) -> str:
    return _("This gives less: %(old)s Instead: %(new)s") % {
        "old": both.multiplier(both.old),
        "new": both.multiplier(both.new),
    }


def _narrower(both: _Both) -> str:
    return _("This counts less often: %(old)s Instead: %(new)s") % {
        "old": both.multiplier(both.old),
        "new": both.multiplier(both.new),
    }


def _lowers(both: _Both) -> str:
    return _("This gives fewer points than before: %(sentence)s") % {
        "sentence": both.multiplier(both.new)
    }


def _action(text: Callable[[], str]) -> Callable[[_Both], str]:
    def said(both: _Both) -> str:
        each = next(a for a in both.old.terms.actions if a.key == both.worse.key)
        return text() % {"action": telling.of_the_action(each), **_numbers(both)}

    return said


def _money(text: Callable[[], str]) -> Callable[[_Both], str]:
    def said(both: _Both) -> str:
        code = both.worse.key
        return text() % {
            "code": code,
            "old": both.money(both.worse.old, code),
            "new": both.money(both.worse.new, code),
        }

    return said


def _tier(text: Callable[[], str]) -> Callable[[_Both], str]:
    def said(both: _Both) -> str:
        values = {"tier": both.tier()}
        if both.worse.old is not None and both.worse.new is not None:
            values["old"] = both.measured(both.worse.old)
            values["new"] = both.measured(both.worse.new)
        return text() % values

    return said


def _benefit(both: _Both) -> str:
    texts = both.worse.old if isinstance(both.worse.old, dict) else {}
    benefit = in_language(texts) or next(iter(texts.values()), "")
    return _("%(tier)s loses a benefit: %(benefit)s.") % {
        "tier": both.tier(),
        "benefit": benefit,
    }


def _voucher(both: _Both) -> str:
    step = both.worse.old
    if not isinstance(step, VoucherStep):
        return _("A voucher goes away.")
    return _("%(points)s no longer become a voucher of %(money)s.") % {
        "points": words.points(step.points),
        "money": display(step.value, both.programme.currency),
    }


def _days(text: Callable[[int], str]) -> Callable[[_Both], str]:
    def said(both: _Both) -> str:
        new = both.worse.new if isinstance(both.worse.new, int) else 0
        return text(new) % _numbers(both)

    return said


def _expiry(both: _Both) -> str:
    if both.old.terms.expiry is ExpiryKind.FIXED:
        return _("Points expire on an earlier day.")
    months = both.worse.new if isinstance(both.worse.new, int) else 0
    if both.worse.old is None:
        text = ngettext(
            "Points expire after %(new)s month; until now they never did.",
            "Points expire after %(new)s months; until now they never did.",
            months,
        )
    else:
        text = ngettext(
            "Points expire sooner: after %(new)s month instead of %(old)s.",
            "Points expire sooner: after %(new)s months instead of %(old)s.",
            months,
        )
    return text % _numbers(both)


def _plain(text: Callable[[], str]) -> Callable[[_Both], str]:
    return lambda both: text() % {"name": both.worse.key, **_numbers(both)}


_SAYINGS: dict[Worse, Callable[[_Both], str]] = {
    Worse.RATE: _rate,
    Worse.TAX: _plain(lambda: _("VAT no longer earns points.")),
    Worse.DISCOUNTS: _plain(lambda: _("What a discount takes off no longer earns.")),
    Worse.ROUNDING: _plain(lambda: _("Points are rounded less in members' favour.")),
    Worse.EXCLUDED: _plain(lambda: _("%(name)s no longer earns points.")),
    Worse.STACKING: _plain(lambda: _("Multipliers that meet count for less together.")),
    Worse.MULTIPLIER_LOST: _lost,
    Worse.MULTIPLIER_LOWER: _lower,
    Worse.MULTIPLIER_NARROWER: _narrower,
    Worse.MULTIPLIER_LOWERS: _lowers,
    Worse.ACTION_LOST: _action(lambda: _("This goes away: %(action)s")),
    Worse.ACTION_LOWER: _action(
        lambda: _("This gives %(new)s points instead of %(old)s: %(action)s")
    ),
    Worse.ACTION_RARER: _action(lambda: _("This counts less often: %(action)s")),
    Worse.CURRENCY_LOST: _plain(lambda: _("Purchases in %(name)s no longer earn.")),
    Worse.CURRENCY_RATE: _plain(
        lambda: _("Purchases in %(name)s give %(new)s points instead of %(old)s.")
    ),
    Worse.CURRENCY_WORTH: _money(
        lambda: _("In %(code)s a point is worth %(new)s instead of %(old)s.")
    ),
    Worse.WAITING: _days(
        lambda days: ngettext(
            "Points can be used after %(new)s day, not after %(old)s.",
            "Points can be used after %(new)s days, not after %(old)s.",
            days,
        )
    ),
    Worse.EXPIRY: _expiry,
    Worse.EXPIRY_KIND: _plain(lambda: _("Points expire in another way than before.")),
    Worse.NO_LONGER_KEPT: _plain(
        lambda: _(
            "Purchases no longer keep the points that members have: they expire on the "
            "day that they have when this version starts. Who buys before it starts "
            "moves that day on once more."
        )
    ),
    Worse.RETURNS: _plain(lambda: _("Returns take more points back than before.")),
    Worse.WORTH: _money(lambda: _("A point is worth %(new)s instead of %(old)s.")),
    Worse.VOUCHER: _voucher,
    Worse.VOUCHER_DAYS: _days(
        lambda days: ngettext(
            "A voucher is valid for %(new)s day instead of %(old)s.",
            "A voucher is valid for %(new)s days instead of %(old)s.",
            days,
        )
    ),
    Worse.VOUCHER_GRACE: _days(
        lambda days: ngettext(
            "A voucher is accepted %(new)s day too late instead of %(old)s.",
            "A voucher is accepted %(new)s days too late instead of %(old)s.",
            days,
        )
    ),
    Worse.VOUCHER_AGAIN: _plain(
        lambda: _("A voucher is made valid again less often than before.")
    ),
    Worse.VOUCHER_MODE: _plain(
        lambda: _("Members can no longer choose when points become vouchers.")
    ),
    Worse.LADDER_LOST: _plain(lambda: _("There are no tiers any more.")),
    Worse.LADDER_MEASURE: _plain(lambda: _("Tiers are reached by something else.")),
    Worse.LADDER_WINDOW: _plain(lambda: _("Tiers are counted over another time.")),
    Worse.LADDER_GRACE: _days(
        lambda days: ngettext(
            "A tier is lost after %(new)s day instead of %(old)s.",
            "A tier is lost after %(new)s days instead of %(old)s.",
            days,
        )
    ),
    Worse.LADDER_LANDING: _plain(
        lambda: _("Who loses a tier may fall by several steps.")
    ),
    Worse.TIER_LOST: _tier(lambda: _("The tier %(tier)s goes away.")),
    Worse.TIER_NEEDS: _tier(lambda: _("%(tier)s needs %(new)s instead of %(old)s.")),
    Worse.TIER_KEEPS: _tier(
        lambda: _("To stay in %(tier)s takes %(new)s instead of %(old)s.")
    ),
    Worse.TIER_BENEFIT: _benefit,
}

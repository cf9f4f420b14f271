"""When points can be used, when they lapse, and what a return takes, in words."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points import words
from points.programme.sentences.saying import Kind, Sentence, Unsayable, day_of_year
from points.rules import EarningRule
from points.terms import ExpiryKind, ReturnPolicy, Terms

# 29 February is left out: not every year has it.
_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_RETURNS: dict[ReturnPolicy, Callable[[], str]] = {
    ReturnPolicy.NEGATIVE: lambda: _(
        "When you return something, its points are taken back. If you have used them, "
        "you go below zero, and your next purchases fill them up."
    ),
    ReturnPolicy.BALANCE: lambda: _(
        "When you return something, its points are taken back, but never more than "
        "you have."
    ),
    ReturnPolicy.PENDING: lambda: _(
        "When you return something before its points can be used, they are taken "
        "back. After that you keep them."
    ),
}


def of_pending(terms: Terms) -> Sentence:
    """Say when points can be used.

    Raises:
        Unsayable: before the purchase.
    """
    pending = terms.pending_days
    if pending < 0:
        raise Unsayable(_("Points cannot wait less than no day."), Kind.PENDING)
    if not pending:
        text = _("You can use your points as soon as you have them.")
    else:
        text = ngettext(
            "You can use your points %(n)s day after the purchase.",
            "You can use your points %(n)s days after the purchase.",
            pending,
        ) % {"n": words.number(pending)}
    return Sentence(Kind.PENDING, text, {"days": pending})


def of_expiry(rule: EarningRule) -> Sentence:
    """Say when points lapse.

    Raises:
        Unsayable: no day, or one that not every year has.
    """
    terms, months = rule.terms, rule.expires_after_months
    facts: dict[str, object] = {"expiry": terms.expiry.value}
    if terms.expiry is ExpiryKind.FIXED:
        return _fixed(terms, facts)
    if months is not None and months < 1:
        raise Unsayable(_("Points last at least one month."), Kind.EXPIRY)
    facts["months"] = months
    if terms.expiry is ExpiryKind.INACTIVITY:
        if months is None:
            message = _("It is not said after how many months without a purchase.")
            raise Unsayable(message, Kind.EXPIRY)
        text = ngettext(
            "When you have bought nothing for %(n)s month, your points expire as the "
            "month ends.",
            "When you have bought nothing for %(n)s months, your points expire as the "
            "month ends.",
            months,
        ) % {"n": words.number(months)}
    elif months is None:
        text = f"{_('Points never expire')}."
    else:
        text = f"{words.lifetime(rule)}."
    return Sentence(Kind.EXPIRY, text, facts)


def _fixed(terms: Terms, facts: dict[str, object]) -> Sentence:
    month, number = terms.expiry_day
    if not 1 <= month <= 12 or not 1 <= number <= _DAYS_OF_MONTHS[month - 1]:
        message = _("Points cannot lapse on a day that not every year has.")
        raise Unsayable(message, Kind.EXPIRY)
    if terms.expiry_years < 0:
        raise Unsayable(_("Points cannot last less than no year."), Kind.EXPIRY)
    facts |= {"day": number, "month": month, "years": terms.expiry_years}
    last_day = day_of_year(month, number)
    if not terms.expiry_years:
        text = _("Points last until and including the next %(day)s.")
        return Sentence(Kind.EXPIRY, text % {"day": last_day}, facts)
    text = ngettext(
        "Points last at least %(n)s year, until and including %(day)s.",
        "Points last at least %(n)s years, until and including %(day)s.",
        terms.expiry_years,
    )
    values = {"n": words.number(terms.expiry_years), "day": last_day}
    return Sentence(Kind.EXPIRY, text % values, facts)


def of_returns(terms: Terms) -> Sentence:
    """Say what a return takes back.

    Raises:
        Unsayable: points never wait, so that a return could never take any.
    """
    if terms.returns is ReturnPolicy.PENDING and terms.pending_days < 1:
        message = _(
            "Points can be used at once, so no return would ever take any back. Let "
            "points wait some days, or choose another rule for returns."
        )
        raise Unsayable(message, Kind.RETURNS)
    facts = {"returns": terms.returns.value}
    return Sentence(Kind.RETURNS, _RETURNS[terms.returns](), facts)

"""What a rule says to people, made from the rule itself.

Staff, members and terms show these sentences; no other text says what points give. A
test reads the numbers back out of the sentences and compares them with the rule.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from common.money import SYMBOLS, display
from points import rules, worth
from points.models import Entry
from points.rules import EarningRule
from points.selectors import BalanceView, NextBenefit

# How one whole unit of each currency is called after "per".
_UNITS = {
    "SEK": lambda: pgettext("one unit of currency", "krona"),
    "DKK": lambda: pgettext("one unit of currency", "Danish krone"),
    "NOK": lambda: pgettext("one unit of currency", "Norwegian krone"),
    "ISK": lambda: pgettext("one unit of currency", "Icelandic króna"),
    "EUR": lambda: pgettext("one unit of currency", "euro"),
}


# What a hundredth of each currency is called; the worth of a point is told in it.
_HUNDREDTHS = {"SEK": "öre", "DKK": "øre", "NOK": "øre", "EUR": "cent"}


def unit(currency: str) -> str:
    """Return how one whole unit of a currency is called after "per"."""
    return _UNITS[currency]() if currency in _UNITS else currency


def number(value: Decimal | int) -> str:
    """Write a number as the language does, without zeros that say nothing."""
    if isinstance(value, int):
        return formats.number_format(value, 0, use_l10n=True, force_grouping=True)
    plain = value.normalize()
    _sign, _digits, exponent = plain.as_tuple()
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return formats.number_format(plain, places, use_l10n=True, force_grouping=True)


def points(amount: int) -> str:
    """Write an amount of points: `1 point`, `249 points`."""
    return ngettext("%(n)s point", "%(n)s points", amount) % {"n": number(amount)}


def with_worth(balance: BalanceView) -> str:
    """Write points and what they are worth: `380 points, worth 38 kr`."""
    return _("%(points)s, worth %(money)s") % {
        "points": points(balance.points),
        "money": display(balance.worth, balance.currency),
    }


def why(entry: Entry) -> str:
    """Say why there is an entry: as somebody wrote it, or by what made it."""
    note = getattr(entry, "note", None)
    return (note.text if note else entry.reason) or cause(entry)


def cause(entry: Entry) -> str:
    """Say what made an entry, where nobody wrote down a reason."""
    kinds = Entry.Kind
    if entry.source_type == "receipt" and entry.kind == kinds.EARN:
        if entry.rule is None:
            return _("Purchase")
        return _("Purchase, by version %(n)s of the rule") % {"n": entry.rule.version}
    if entry.source_type == "voucher" and entry.kind == kinds.SPEND:
        return _("Became a voucher")
    if entry.source_type == "voucher" and entry.kind == kinds.RESTORE:
        return _("The voucher was taken back")
    if entry.source_type == "receipt" and entry.kind == kinds.RESTORE:
        return _("Something was bought before they lapsed")
    return {
        kinds.EARN: _("Something else than a purchase"),
        kinds.REVERSE: _("Goods came back"),
        kinds.SPEND: _("Used by the member"),
        kinds.EXPIRE: _("Not used in time"),
        kinds.ADJUST: _("The club corrected the balance"),
        kinds.MERGE: _("Two memberships of one person"),
        kinds.RESTORE: _("What they were used for was undone"),
        kinds.GOODWILL: _("The club made something good"),
        kinds.IMPORT: _("Collected before the club moved here"),
        kinds.ACTIVATE: _("The days of waiting are over"),
        kinds.RESERVE: _("Put aside for a purchase that is not finished"),
        kinds.RELEASE: _("Nothing is put aside for a purchase any more"),
    }[kinds(entry.kind)]


def earning(rule: EarningRule, currency: str) -> str:
    """Say what a purchase gives: `1 point per krona`."""
    return per_unit(rule.points_per_unit, currency)


def per_unit(rate: Decimal, currency: str) -> str:
    """Say what each unit of a currency gives: `1 point per krona`."""
    # Half points exist in rules, and are spoken of in the plural.
    whole = rate == rate.to_integral_value()
    text = ngettext(
        "%(n)s point per %(unit)s",
        "%(n)s points per %(unit)s",
        int(rate) if whole else 2,
    )
    return text % {"n": number(rate), "unit": unit(currency)}


def reward(rule: EarningRule, currency: str) -> str:
    """Say what points become: `500 points become a 50 kr voucher`."""
    text = ngettext(
        "%(n)s point becomes a %(money)s voucher",
        "%(n)s points become a %(money)s voucher",
        rule.reward_points,
    )
    return text % {
        "n": number(rule.reward_points),
        "money": display(rules.reward_worth(rule), currency),
    }


def worth_of_a_point(rule: EarningRule, currency: str) -> str:
    """Say what a point is worth: `1 point is worth 10 öre`, or `8–10 öre`."""
    value = worth.of(rule)
    return _("1 point is worth %(worth)s") % {
        "worth": worth_between(value.least, value.most, currency)
    }


def worth_between(least: Decimal, most: Decimal, currency: str) -> str:
    """Write the worth of a point, in öre while it is less than a krona."""
    hundredth = _HUNDREDTHS.get(currency)
    if hundredth and most < 1:
        amounts, name = [least * 100, most * 100], hundredth
    else:
        amounts, name = [least, most], SYMBOLS.get(currency, currency)
    said = [number(amount) for amount in amounts]
    return f"{'–'.join(dict.fromkeys(said))}\u00a0{name}"


def to_next(benefit: NextBenefit) -> str:
    """Say what is missing: `120 points left to your next 50 kr voucher`."""
    text = ngettext(
        "%(n)s point left to your next %(money)s voucher",
        "%(n)s points left to your next %(money)s voucher",
        benefit.missing,
    )
    return text % {
        "n": number(benefit.missing),
        "money": display(benefit.reward_worth, benefit.currency),
    }


def last_day_of(expires_at: datetime, zone: ZoneInfo) -> str:
    """Write until when something lasts: `November 2028`, or the day within a month."""
    last, is_whole_month = _last_day(expires_at, zone)
    shape = "YEAR_MONTH_FORMAT" if is_whole_month else "DATE_FORMAT"
    return formats.date_format(last, shape, use_l10n=True)


def expiry(expires_at: datetime | None, zone: ZoneInfo) -> str:
    """Say until when points last: `expire when November 2028 ends`."""
    if expires_at is None:
        return _("never expire")
    last, is_whole_month = _last_day(expires_at, zone)
    if is_whole_month:
        month = formats.date_format(last, "YEAR_MONTH_FORMAT", use_l10n=True)
        return _("expire when %(month)s ends") % {"month": month}
    day = formats.date_format(last, "DATE_FORMAT", use_l10n=True)
    return _("expire after %(day)s") % {"day": day}


def expiring(amount: int, expires_at: datetime, zone: ZoneInfo) -> str:
    """Say what is lost next: `120 points expire when November 2028 ends`."""
    last, is_whole_month = _last_day(expires_at, zone)
    if is_whole_month:
        text = ngettext(
            "%(n)s point expires when %(month)s ends",
            "%(n)s points expire when %(month)s ends",
            amount,
        )
    else:
        text = ngettext(
            "%(n)s point expires after %(day)s",
            "%(n)s points expire after %(day)s",
            amount,
        )
    return text % {
        "n": number(amount),
        "month": formats.date_format(last, "YEAR_MONTH_FORMAT", use_l10n=True),
        "day": formats.date_format(last, "DATE_FORMAT", use_l10n=True),
    }


def _last_day(expires_at: datetime, zone: ZoneInfo) -> tuple[date, bool]:
    """Return the last day of something, and whether a month ends with it."""
    # The moment is the first one of the day after.
    last = (expires_at - timedelta(seconds=1)).astimezone(zone).date()
    return last, (last + timedelta(days=1)).day == 1


def lifetime(rule: EarningRule) -> str:
    """Say how long points last, for the terms."""
    months = rule.expires_after_months
    if months is None:
        return _("Points never expire")
    text = ngettext(
        "Points expire when the month %(n)s month after the purchase ends",
        "Points expire when the month %(n)s months after the purchase ends",
        months,
    )
    return text % {"n": number(months)}

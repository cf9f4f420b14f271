"""What SMS may cost: who may get them, how many, how soon. See docs/limits.md.

Codes and links by SMS are what strangers can make us send; fraudsters earn on every
one that reaches a number range of theirs (SMS pumping).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common import limits
from common.limits import Limit, LimitReached
from members import phones
from messaging import rules, strangers
from stores.models import Programme

PER_NUMBER_HOUR = Limit("sms.number.hour", 3, timedelta(hours=1))
PER_NUMBER_DAY = Limit("sms.number.day", 6, timedelta(days=1))
# A thousand neighbouring numbers: who pumps SMS walks through a range.
PER_BLOCK_HOUR = Limit("sms.block.hour", 20, timedelta(hours=1))


class SmsRefused(Exception):
    """Raised when a code or link does not go out by SMS; the text is for people.

    `code` is country_not_allowed, not_mobile, too_many, daily_cap or paused;
    `retry_after` says in how many seconds it may work again.
    """

    def __init__(self, code: str, text: str | Promise, retry_after: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after = retry_after


_TEXTS = {
    "country_not_allowed": _("We do not send SMS to numbers in that country."),
    "not_mobile": _("SMS can only be sent to a mobile number."),
    "too_many": _("Too many messages were sent to this number. Try again later."),
    "daily_cap": _("No more SMS can be sent today. Try again tomorrow."),
    "paused": _("SMS to new numbers are paused for a while. Ask in a store instead."),
}


def refuse_number(programme: Programme, number: str) -> None:
    """Let pass only mobile numbers of the countries that the programme sends to.

    Raises:
        SmsRefused: it is another one.
    """
    if not phones.is_mobile(number):
        raise SmsRefused("not_mobile", _TEXTS["not_mobile"])
    if phones.country_of(number) not in allowed_countries(programme):
        raise SmsRefused("country_not_allowed", _TEXTS["country_not_allowed"])


def allowed_countries(programme: Programme) -> Sequence[str]:
    """Return the countries that get SMS; the programme's own if none is chosen."""
    return programme.sms_countries or [programme.country]


def is_open_for_strangers(programme: Programme, now: datetime) -> bool:
    """Tell whether a public page may send SMS to numbers that nobody has proven.

    It may not while too few of the last ones were answered: then they are asked for by
    somebody who earns on them. Members are not concerned, nor is staff at a till.
    """
    return not rules.is_pumped(strangers.traffic_of(programme, now=now))


def parts_per_day(programme: Programme) -> int:
    """Return how many parts of SMS codes and links may cost a club in a day.

    A long SMS is sent, and paid for, in several parts.
    """
    parts = int(settings.SMS_PER_DAY)
    if settings.SMS_SPEND_PER_DAY and settings.SMS_PART_PRICE:
        paid = settings.SMS_SPEND_PER_DAY / settings.SMS_PART_PRICE
        parts = min(parts, int(paid.to_integral_value(ROUND_DOWN)))
    return parts


def take(
    programme: Programme,
    number: str,
    *,
    parts: int = 1,
    is_to_stranger: bool = False,
    now: datetime,
) -> None:
    """Count one code or link by SMS to a number, of so many parts.

    Raises:
        SmsRefused: the number, its neighbours or the whole club had enough; or SMS to
            strangers are paused.
    """
    if is_to_stranger and not is_open_for_strangers(programme, now):
        seconds = int(rules.STRANGERS_REMEMBERED.total_seconds())
        raise SmsRefused("paused", _TEXTS["paused"], seconds)
    per_day = Limit("sms.programme.day", parts_per_day(programme), timedelta(days=1))
    draws: list[limits.Draw] = [
        (PER_NUMBER_HOUR, number),
        (PER_NUMBER_DAY, number),
        (PER_BLOCK_HOUR, number[:-3]),
        (per_day, str(programme.public_id), parts),
    ]
    try:
        limits.take(draws, now=now)
    except LimitReached as reached:
        code = "daily_cap" if reached.limit is per_day else "too_many"
        raise SmsRefused(code, _TEXTS[code], reached.retry_after) from None

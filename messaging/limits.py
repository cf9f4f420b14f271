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
# A club's day lies in several purses, since who draws from one keeps it until what they
# do is committed, and a chain registers many at a time. Together they hold the day's
# amount and no part more; none is so small that a long SMS finds too little everywhere.
_PURSES = 8
_LEAST_IN_PURSE = 100


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
        raise _refused("paused", seconds)
    draws: list[limits.Draw] = [
        (PER_NUMBER_HOUR, number),
        (PER_NUMBER_DAY, number),
        (PER_BLOCK_HOUR, number[:-3]),
    ]
    purses = _purses(programme)
    # Each number begins at its own, and goes on to the next where that is empty.
    first = int(number[-3:]) % len(purses)
    waits = []
    for purse in [*purses[first:], *purses[:first]]:
        try:
            limits.take([*draws, (*purse, parts)], now=now)
        except LimitReached as reached:
            if reached.limit is not purse[0]:
                raise _refused("too_many", reached.retry_after) from None
            waits.append(reached.retry_after)
        else:
            return
    raise _refused("daily_cap", min(waits))


def _purses(programme: Programme) -> list[tuple[Limit, str]]:
    """Return what a club may spend in a day, in parts that add up to it."""
    amount = parts_per_day(programme)
    count = max(1, min(_PURSES, amount // _LEAST_IN_PURSE))
    share, rest = divmod(amount, count)
    return [
        (
            Limit("sms.programme.day", share + (place < rest), timedelta(days=1)),
            f"{programme.public_id}:{place}" if place else str(programme.public_id),
        )
        for place in range(count)
    ]


def _refused(code: str, retry_after: int) -> SmsRefused:
    return SmsRefused(code, _TEXTS[code], retry_after)

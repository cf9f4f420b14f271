"""Somebody who earns on SMS asks for join links, for numbers in forty countries."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import phonenumbers

from common.limits import LimitReached
from enrolment.limits import take_beginning
from enrolment.models import Registration
from enrolment.services import register
from members import phones
from messaging.services import SmsRefused

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
# Half of it goes to the club's own country: fraudsters have seen allow-lists before.
HOME_SHARE = 2
COUNTRIES = [
    *("SE", "DK", "NO", "FI", "IS", "DE", "FR", "GB", "IE", "NL", "BE", "ES", "PT"),
    *("IT", "PL", "CZ", "EE", "LV", "LT", "UA", "RU", "TR", "AZ", "UZ", "KG", "TJ"),
    *("ID", "PH", "VN", "BD", "PK", "LK", "NG", "SN", "ML", "TN", "SO", "ZW", "CU"),
    "US",
]


@dataclass(frozen=True)
class Attack:
    """How many requests from how many addresses in how long."""

    requests: int
    addresses: int
    lasts: timedelta

    def asked(self):
        """Yield each request's moment, number and address."""
        for place in range(self.requests):
            country = "SE"
            if place % HOME_SHARE == 0:
                country = COUNTRIES[place // HOME_SHARE % len(COUNTRIES)]
            at = START + self.lasts * place / self.requests
            yield at, _number(country, place), place % self.addresses


def _number(country: str, place: int) -> str:
    if country == "SE":
        # No two neighbours, so that the blocks' limit never helps.
        series = ("70", "72", "73", "76", "79")[place % 5]
        return f"+46{series}{place * 1009 % 10_000_000:07d}"
    example = phonenumbers.example_number_for_type(
        country, phonenumbers.PhoneNumberType.MOBILE
    )
    plain = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain[:-3]}{place % 1000:03d}"


def run(programme, attack: Attack, *, meanwhile=lambda now: None) -> Counter:
    """Ask as the web form does; count what each request came to.

    `meanwhile` is called every minute, as the scheduler does.
    """
    came_to = Counter()
    minute = START
    for now, number, address in attack.asked():
        while minute <= now:
            meanwhile(minute)
            minute += timedelta(minutes=1)
        try:
            take_beginning(
                programme=programme,
                phone=number,
                email="",
                address_block=f"address-{address}",
                now=now,
            )
            register(
                programme=programme,
                phone=number,
                way=Registration.Way.WEB,
                language="sv",
                now=now,
            )
        except LimitReached:
            came_to["limit"] += 1
        except phones.PhoneInvalid:
            came_to["invalid"] += 1
        except SmsRefused as refused:
            came_to[refused.code] += 1
        else:
            came_to["sent"] += 1
    return came_to

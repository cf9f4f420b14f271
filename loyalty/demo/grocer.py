"""The Complete Journey as a Nordic club: households are members, stores are shops."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.demo import goods
from loyalty.demo.club import Enrolment
from loyalty.demo.journey import Household, Journey, days_to, moved
from loyalty.demo.names import Person, people
from loyalty.demo.phones import fictional_number
from loyalty.demo.places import places
from loyalty.demo.programme import Shop
from loyalty.demo.shelf import NOTHING, Shelf
from purchases.rules import ContactIn, ContactKind, PaymentIn, ReceiptIn

SEED = 84_51
# Registered at the till in the last days, and not finished yet: nobody in the source.
PENDING = 24
PENDING_DAYS = 12
# Households that bought nothing in the last months: some of them have left.
QUIET_DAYS = 90
LEFT_SHARE = 0.35
# A first purchase in the first weeks of the source is hardly the first there was.
EARLY_DAYS = 60
LONGEST_BEFORE = 1000
BUSY_SHOPS = 40


class Grocer:
    """Turns the source into members, shops and articles, always the same ones."""

    def __init__(
        self, journey: Journey, last_day: date, zone: ZoneInfo, seed: int = SEED
    ) -> None:
        self.journey = journey
        self.last_day = last_day
        self.zone = zone
        self.seed = seed
        self.by = days_to(last_day)
        self.codes = journey.shops()
        self.households = journey.households()
        self.phone_of = {
            household.id: fictional_number(place)
            for place, household in enumerate(self.households)
        }

    def shops(self) -> list[Shop]:
        """Return all shops of the chain; the source's numbers stay their codes."""
        found = zip(self.codes, places(len(self.codes), self.seed), strict=True)
        return [
            Shop(
                code=str(code),
                name=f"{place.town} {place.street}",
                city=place.town,
                tills=4 if rank < BUSY_SHOPS else 2,
            )
            for rank, (code, place) in enumerate(found)
        ]

    def articles(self) -> Iterator[goods.Label]:
        """Yield the articles that were bought."""
        return (goods.label(article) for article in self.journey.articles())

    def enrolments(self) -> list[Enrolment]:
        """Return those of the slice, and the pending."""
        persons = people(len(self.households) + PENDING, self.seed)
        found = [
            self._household(place, household, persons[place])
            for place, household in enumerate(self.households)
            if household.id % self.journey.every == 0
        ]
        first = len(self.households)
        return found + [
            self._pending(place, persons[place])
            for place in range(first, first + PENDING)
        ]

    def expected_lines(self) -> int:
        """Return how many lines there are to load."""
        return self.journey.tally().kept_lines

    def receipts(self) -> Iterator[ReceiptIn]:
        """Yield the purchases as a till would send them, oldest first."""
        shelf = Shelf(self.articles())
        contacts = {
            household: ContactIn(ContactKind.PHONE, phone)
            for household, phone in self.phone_of.items()
        }
        for basket in self.journey.baskets():
            moment = basket.moment + self.by
            lines = shelf.lines(basket.lines)
            total = sum([line.gross_paid for line in lines], NOTHING)
            yield ReceiptIn(
                unique_receipt_id=f"demo-{basket.id}",
                receipt_number=str(basket.id),
                contact=contacts[basket.household],
                purchased_at=moment.replace(tzinfo=self.zone).astimezone(UTC),
                business_on=moment.date(),
                store_code=str(basket.shop),
                till_code=str(basket.id % 2 + 1),
                currency="SEK",
                total=total,
                payments=(PaymentIn("CARD", total),),
                taxes=shelf.taxes(lines),
                lines=lines,
                original_unique_id="",
            )

    def _household(self, place: int, household: Household, person: Person) -> Enrolment:
        # A generator of its own for each, so that a slice and the whole agree.
        chance = random.Random(f"{self.seed}-{household.id}")  # noqa: S311
        first = moved(household.first_at, self.by, self.zone)
        last = moved(household.last_at, self.by, self.zone)
        registered = first - timedelta(minutes=chance.randint(4, 30))
        began = self.last_day - timedelta(days=364)
        if first.date() < began + timedelta(days=EARLY_DAYS):
            registered -= timedelta(days=chance.randint(1, LONGEST_BEFORE))
        quiet = self.last_day - last.date()
        left = None
        if quiet.days > QUIET_DAYS and chance.random() < LEFT_SHARE:
            left = last + timedelta(days=chance.randint(20, quiet.days - 1))
        birthday = None
        if chance.random() < 0.6:
            year = int(chance.triangular(1938, 2005, 1974))
            birthday = date(year, 1, 1) + timedelta(days=chance.randrange(365))
        return Enrolment(
            person=person,
            phone=fictional_number(place),
            shop=str(household.first_shop),
            language=person.language,
            source="TILL" if chance.random() < 0.85 else "WEB",
            registered_at=registered,
            activated_at=registered + timedelta(minutes=chance.randint(1, 3)),
            left_at=left,
            birthday_on=birthday,
            says_yes_to_sms=chance.random() < 0.58,
            says_yes_to_email=chance.random() < 0.69,
        )

    def _pending(self, place: int, person: Person) -> Enrolment:
        chance = random.Random(f"{self.seed}-pending-{place}")  # noqa: S311
        day = self.last_day - timedelta(days=chance.randrange(PENDING_DAYS))
        clock = timedelta(minutes=chance.randint(9 * 60, 20 * 60))
        midnight = datetime.combine(day, datetime.min.time(), tzinfo=self.zone)
        return Enrolment(
            person=None,
            phone=fictional_number(place),
            shop=str(chance.choice(self.codes[:BUSY_SHOPS])),
            language=person.language,
            source="TILL",
            registered_at=midnight + clock,
            activated_at=None,
        )

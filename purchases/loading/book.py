"""The published rules of a club, and what they ask about, for receipts of any day."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection

from offers.models import StampCard
from points.programme import engine
from points.rules import EarningRule, idle_months
from points.terms import Goods
from purchases import records
from purchases.rules import Club, LineKind, ReceiptIn, Shelf

_RULES = """
SELECT e.starts_at, purchases_rule(e)::text FROM points_earningrule e
WHERE e.programme_id = %s AND e.status = 'PUBLISHED' ORDER BY e.starts_at
"""
_HELD = " FOR KEY SHARE OF e"
_CHANNELS = "SELECT code, kind FROM stores_store WHERE programme_id = %s"
_ARTICLES = """
SELECT sku, category, brand FROM purchases_product WHERE programme_id = %s
"""
_HAS_OFFERS = "SELECT offers_follow_receipts(%s)"


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The published rules in the order in which they take over.

    With what they ask about: the category and brand of articles, what sort of store
    each is, and the goods that stamp cards count; no goods named means all.
    """

    starts: tuple[datetime, ...]
    rules: tuple[EarningRule | None, ...]
    stamped: tuple[Goods, ...] = ()
    articles: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)
    channels: Mapping[str, str] = field(default_factory=dict, compare=False)

    def at(self, moment: datetime) -> EarningRule | None:
        """Return the rule in force at a moment."""
        place = bisect_right(self.starts, moment)
        return self.rules[place - 1] if place else None

    def shelf(self, store_code: str) -> Shelf:
        """Return what is known of a store and its articles."""
        return Shelf(self.channels.get(store_code, "SHOP"), self.articles)

    def may_stamp(self, receipt: ReceiptIn) -> bool:
        """Tell whether a receipt sells something that a stamp card counts."""
        return bool(self.stamped) and any(
            line.kind is LineKind.PURCHASE
            and _fits(
                self.stamped,
                line.sku,
                line.article_group,
                self.articles.get(line.sku, ("", "")),
            )
            for line in receipt.lines
        )

    @property
    def asks_for_catalogue(self) -> bool:
        """Tell whether some version has goods that the catalogue knows."""
        return any(
            rule is not None and rule.terms.asks_for_catalogue for rule in self.rules
        )


def read(club: Club) -> RuleBook:
    """Return a club's rules as they are now, with the catalogue where it is needed."""
    found = _read(club, _RULES)
    if found.asks_for_catalogue or _rows(club, _HAS_OFFERS)[0][0]:
        return with_articles(found, club)
    return found


def hold(club: Club) -> RuleBook:
    """Return a club's rules, which stay until the end of the transaction."""
    return _read(club, _RULES + _HELD)


def with_articles(book: RuleBook, club: Club) -> RuleBook:
    """Return the same rules with the articles of the catalogue."""
    return replace(
        book,
        articles={
            sku: (category, brand) for sku, category, brand in _rows(club, _ARTICLES)
        },
    )


def is_personal(rule: EarningRule) -> bool:
    """Tell whether receipts of a member must be recorded one after the other."""
    return rule.terms.asks_about_member or idle_months(rule) is not None


def _read(club: Club, statement: str) -> RuleBook:
    rows = _rows(club, statement)
    return RuleBook(
        starts=tuple(starts_at for starts_at, _rule in rows),
        rules=tuple(records.rule_from(json.loads(rule)) for _at, rule in rows),
        stamped=_stamped(club),
        channels=dict(_rows(club, _CHANNELS)),
    )


def _stamped(club: Club) -> tuple[Goods, ...]:
    """Return what the club's stamp cards count; those that count visits, anything."""
    cards = StampCard.objects.filter(programme_id=club.programme_id).exclude(
        status=StampCard.Status.DRAFT
    )
    return tuple(
        Goods(**{name: tuple(names) for name, names in card.goods.items()})
        if card.counts == StampCard.Counts.ITEMS
        else Goods()
        for card in cards.order_by("pk")
    )


@lru_cache(maxsize=50_000)
def _fits(
    stamped: tuple[Goods, ...], sku: str, group: str, article: tuple[str, str]
) -> bool:
    category, brand = article
    line = engine.Line(Decimal(0), sku=sku, group=group, category=category, brand=brand)
    return any(engine.fits(goods, line) for goods in stamped)


def _rows(club: Club, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [club.programme_id])
        return list(cursor.fetchall())

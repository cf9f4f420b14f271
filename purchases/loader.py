"""Load many receipts at once: the rows that `record_receipt` writes, by COPY.

For imports and demo data. The same `rules.decide` runs for every receipt. What is usual
(a purchase of which nothing has come back, by a member who owes nothing, whose points
do not hang on who buys) is written in sets; everything else goes through
`record_receipt` itself, in the order it came. A test loads receipts both ways and finds
receipts, ledgers and timelines identical. Only who rises to a tier by them does so in
the night.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from common.apart import apart
from common.copying import draw_ids, draw_public_ids
from common.problems import Problem
from offers.models import StampCard
from points.bulk import Earnings
from points.rules import EarningRule
from points.selectors import find_rule
from points.terms import Goods, VoucherMode
from purchases import records, rules
from purchases.load_buyers import Buyers, buyer_of, find_buyers
from purchases.load_rows import (
    Outcome,
    Prepared,
    Rows,
    RuleBook,
    Shop,
    is_personal,
    outcome_of,
    prepare,
)
from purchases.models import Receipt
from purchases.rules import Buyer, Club, ReceiptIn
from purchases.services.recording import Request, record_receipt
from stores.models import Programme

# As many as one transaction can hold advisory locks for: PostgreSQL has room for 6,400
# by default, for everybody.
BATCH = 1500
_ATTEMPTS = 8
# Shorter than PostgreSQL waits before it looks for a deadlock: who yields is the load,
# never a till.
# A load that a crash of the server cuts short goes on from what is there: its commits
# need not wait for the disk.
_SET_LOCAL = "SET LOCAL lock_timeout = '500ms'; SET LOCAL synchronous_commit = off"
_PAUSE = 0.2

_LOCK_IDS = """
SELECT pg_advisory_xact_lock(hashtextextended(%s || ':' || id, 7301))
FROM (SELECT unnest(%s::text[]) AS id ORDER BY 1) ids
"""
_EXISTING = """
SELECT unique_receipt_id, content_hash FROM purchases_receipt
WHERE programme_id = %s AND unique_receipt_id = ANY(%s)
"""
_RETURNED_EARLY = """
SELECT DISTINCT original_unique_id FROM purchases_receipt
WHERE programme_id = %s AND original_unique_id = ANY(%s)
    AND original_unique_id <> '' AND original_id IS NULL
"""
_OWNERS = """
SELECT unique_receipt_id, member_id FROM purchases_receipt
WHERE programme_id = %s AND unique_receipt_id = ANY(%s) AND member_id IS NOT NULL
"""
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
# Who never rose has the lowest tier of the ladder in force.
_TIERS = """
SELECT CASE WHEN EXISTS (
        SELECT FROM points_tierperiod p WHERE p.member_id = u.member_id)
    THEN points_tier_key(u.member_id, u.at) ELSE u.lowest END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[])
    WITH ORDINALITY AS u (member_id, at, lowest, place)
ORDER BY u.place
"""
_OFFERS = """
SELECT offers_after_receipt(
    %s, r.member, r.receipt, NULL, r.store, r.at, %s, r.lines, '{}')
FROM jsonb_to_recordset(%s::jsonb)
    AS r (member bigint, receipt uuid, store bigint, at timestamptz, lines jsonb)
"""
_STORES = """
SELECT code, id, name FROM stores_store WHERE programme_id = %s AND code = ANY(%s)
ORDER BY id FOR KEY SHARE
"""
_PROGRAMME = "SELECT id FROM stores_programme WHERE id = %s FOR KEY SHARE"
# Where somebody is at it already, it is being done.
_ANALYZE = (
    "ANALYZE (SKIP_LOCKED) purchases_receipt, purchases_receiptline, points_entry, "
    "points_lot, points_account, members_event, members_member"
)

# The answer to a receipt tells what is left after the voucher.
_TURNED = """
UPDATE purchases_receipt r SET balance_after = a.balance
FROM points_account a WHERE a.member_id = r.member_id AND r.public_id = ANY(%s::uuid[])
"""

Progress = Callable[[int], None]


@dataclass(slots=True)
class Loaded:
    """What a load did with the receipts it was given; the parts add up to `given`."""

    given: int = 0
    recorded: int = 0
    lines: int = 0
    present: int = 0
    # Receipts that were not accepted, with the code of the reason.
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: "Loaded") -> None:
        """Count what another load did too."""
        self.given += other.given
        self.recorded += other.recorded
        self.lines += other.lines
        self.present += other.present
        self.refused += other.refused


def load_receipts(
    *,
    programme: Programme,
    receipts: Iterable[ReceiptIn],
    source: str = Receipt.Source.DEMO,
    now: datetime,
    progress: Progress | None = None,
) -> Loaded:
    """Record receipts in the order given, one transaction for every 1,500.

    Receipts that are there already change nothing, so that a load that was broken off
    goes on where it was. The iterable runs in a process of its own and must not use the
    database.
    """
    club = Club(
        programme_id=programme.pk,
        currency=programme.currency,
        country=programme.country,
        zone=programme.zone,
    )
    loaded = Loaded()
    book = _rule_book(club, _RULES)
    has_offers = _has_offers(club)
    if has_offers or any(
        rule is not None and rule.terms.asks_for_catalogue for rule in book.rules
    ):
        book = replace(book, articles=_articles(club), stamped=_stamped(club))
    for batch in apart(_batches(receipts, club, book)):
        loaded = _commit(club, book, batch, source, now, loaded)
        if progress is not None:
            progress(sum(len(prepared.lines) for prepared in batch))
    if loaded.recorded:
        with connection.cursor() as cursor:
            cursor.execute(_ANALYZE)
    return loaded


def _rule_book(club: Club, statement: str) -> RuleBook:
    rows = _rows(club, statement)
    starts = tuple(starts_at for starts_at, _rule in rows)
    found = tuple(records.rule_from(json.loads(rule)) for _at, rule in rows)
    return RuleBook(starts, found, channels=dict(_rows(club, _CHANNELS)))


def _has_offers(club: Club) -> bool:
    return bool(_rows(club, _HAS_OFFERS)[0][0])


def _stamped(club: Club) -> tuple[Goods, ...]:
    """Return what the club's stamp cards count; those that count visits, anything."""
    cards = StampCard.objects.filter(programme_id=club.programme_id).exclude(
        status=StampCard.Status.DRAFT
    )
    return tuple(
        Goods(**{name: tuple(names) for name, names in card.goods.items()})
        if card.counts == StampCard.Counts.ITEMS
        else Goods()
        for card in cards
    )


def _articles(club: Club) -> dict[str, tuple[str, str]]:
    return {sku: (category, brand) for sku, category, brand in _rows(club, _ARTICLES)}


def _rows(club: Club, statement: str, *values: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [club.programme_id, *values])
        return list(cursor.fetchall())


def _batches(
    receipts: Iterable[ReceiptIn], club: Club, book: RuleBook
) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    for receipt in receipts:
        batch.append(prepare(receipt, club, book))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _least_step(rule: EarningRule | None) -> int | None:
    """Return how many points become a voucher by themselves; None where none do."""
    if rule is None or rule.terms.vouchers.mode is not VoucherMode.AUTOMATIC:
        return None
    steps = [step.points for step in rule.terms.vouchers.steps]
    return min(steps, default=rule.reward_points)


def _commit(
    club: Club,
    book: RuleBook,
    batch: list[Prepared],
    source: str,
    now: datetime,
    before: Loaded,
) -> Loaded:
    """Record a batch in one transaction; again when a till was in the way."""
    for attempt in range(_ATTEMPTS):
        loaded = Loaded(
            before.given + len(batch),
            before.recorded,
            before.lines,
            before.present,
            list(before.refused),
        )
        try:
            with transaction.atomic():
                _Batch(club, book, source, now, loaded).record(batch)
        except (IntegrityError, OperationalError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return loaded
    raise AssertionError  # the last attempt returns or raises


class _Batch:
    """Records the receipts of one transaction, in rounds.

    A round writes in a set what is usual, then what is not one by one. A receipt that
    touches what an unusual one before it touches (a member, a purchase) waits for the
    next round, so that every member's receipts are posted in order.
    """

    def __init__(
        self, club: Club, book: RuleBook, source: str, now: datetime, loaded: Loaded
    ) -> None:
        self.club = club
        self.source = source
        self.now = now
        self.loaded = loaded
        self.shops: dict[str, Shop] = {}
        # A rule that was published since the load began makes it decide again.
        current = _rule_book(club, _RULES + _HELD)
        self.is_decided = current == book
        self.book = (
            book if self.is_decided else replace(current, articles=_articles(club))
        )
        # From how many points on a purchase makes a voucher by itself.
        self.least_step = _least_step(find_rule(programme_id=club.programme_id, at=now))
        # Days are counted where a version has tiers: nobody else asks for them.
        self.has_ladder = any(
            rule is not None and rule.terms.ladder is not None
            for rule in self.book.rules
        )

    def record(self, batch: list[Prepared]) -> None:
        """Record them all."""
        with connection.cursor() as cursor:
            cursor.execute(_SET_LOCAL)
        # The lock that `purchases_record` takes for a receipt and for what it returns:
        # nobody records one of these meanwhile.
        self._rows(_LOCK_IDS, _ids(batch))
        self._rows(_PROGRAMME)
        codes = {prepared.receipt.store_code for prepared in batch}
        self.shops = {
            code: Shop(*shop) for code, *shop in self._rows(_STORES, [*codes])
        }
        buyers = find_buyers(self.club, batch)
        owners = self._owners(batch, buyers)
        while batch:
            batch = self._round(batch, buyers, owners)

    def _round(
        self,
        batch: list[Prepared],
        buyers: Buyers,
        owners: dict[str, int],
    ) -> list[Prepared]:
        """Record what can be recorded now; return what has to wait."""
        ids = _ids(batch)
        present = {
            unique_id: bytes(content)
            for unique_id, content in self._rows(_EXISTING, ids)
        }
        early = {row[0] for row in self._rows(_RETURNED_EARLY, ids)}
        earnings = Earnings(self.now)
        earnings.lock(
            {
                buyer.id
                for prepared in batch
                if (buyer := buyer_of(prepared, buyers)) is not None
            }
        )
        usual: list[tuple[Prepared, Buyer | None]] = []
        unusual: list[Prepared] = []
        waiting: list[Prepared] = []
        seen: set[str] = set()
        touched: set[str | int] = set()
        turning: set[str] = set()
        ahead: Counter[int] = Counter()
        for prepared in batch:
            receipt = prepared.receipt
            unique_id = receipt.unique_receipt_id
            buyer = buyer_of(prepared, buyers)
            keys: set[str | int] = {unique_id}
            if buyer is not None:
                keys.add(buyer.id)
            if receipt.original_unique_id:
                keys.add(receipt.original_unique_id)
                keys |= {owners.get(receipt.original_unique_id, unique_id)}
            if unique_id in seen or not touched.isdisjoint(keys):
                touched |= keys
                waiting.append(prepared)
            elif present.get(unique_id) == prepared.content_hash:
                self.loaded.present += 1
            elif (
                unique_id in present
                or unique_id in early
                or receipt.store_code not in self.shops
                or receipt.original_unique_id
                or prepared.has_returns
                or receipt.vouchers
                or (buyer is not None and self._is_personal(prepared))
                or (buyer is not None and earnings.owes(buyer.id))
            ):
                touched |= keys
                unusual.append(prepared)
            else:
                usual.append((prepared, buyer))
                if buyer is not None and self._turns(prepared, buyer, earnings, ahead):
                    # Points become a voucher: what the member bought next, after it.
                    turning.add(unique_id)
                    touched.add(buyer.id)
            seen.add(unique_id)
        self._write(usual, earnings, turning)
        for prepared in unusual:
            self._record_one(prepared)
        return waiting

    def _write(
        self,
        usual: list[tuple[Prepared, Buyer | None]],
        earnings: Earnings,
        turning: set[str],
    ) -> None:
        """Write usual purchases in sets."""
        rows = Rows(self.club, self.source, self.now, earnings)
        tiers = self._tiers(usual)
        receipt_ids = draw_ids("purchases_receipt", len(usual))
        public_ids = iter(draw_public_ids(3 * len(usual)))
        followed: list[tuple[Prepared, int, str]] = []
        for place, (prepared, buyer) in enumerate(usual):
            outcome, member = self._decide(prepared, buyer)
            ids = (next(public_ids), next(public_ids), next(public_ids))
            rows.add(
                prepared,
                outcome,
                member=member,
                is_counted=self.has_ladder
                and prepared.buys
                and buyer is not None
                and buyer.earns,
                tier=tiers.get(place, ""),
                shop=self.shops[prepared.receipt.store_code],
                receipt_id=receipt_ids[place],
                public_ids=ids,
            )
            if member is not None and (
                prepared.stamps or prepared.receipt.unique_receipt_id in turning
            ):
                followed.append((prepared, member, ids[0]))
            self.loaded.recorded += 1
            self.loaded.lines += len(prepared.lines)
        rows.write()
        self._tell_offers(followed, turning)

    def _tiers(self, usual: list[tuple[Prepared, Buyer | None]]) -> dict[int, str]:
        """Return the buyers' tiers by the receipt's place, where there is a ladder."""
        asked = [
            (place, buyer.id, prepared.receipt.purchased_at, ladder.tiers[0].key)
            for place, (prepared, buyer) in enumerate(usual)
            if buyer is not None
            and buyer.status != "LEFT"
            and (rule := self.book.at(prepared.receipt.purchased_at)) is not None
            and (ladder := rule.terms.ladder) is not None
            and ladder.tiers
        ]
        if not asked:
            return {}
        places, *values = map(list, zip(*asked, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_TIERS, values)
            return dict(zip(places, (row[0] for row in cursor.fetchall()), strict=True))

    def _turns(
        self,
        prepared: Prepared,
        buyer: Buyer,
        earnings: Earnings,
        ahead: Counter[int],
    ) -> bool:
        """Tell whether a purchase may bring its member to a voucher; never too late."""
        if self.least_step is None:
            return False
        ahead[buyer.id] += prepared.outcome.points
        return (
            not self.is_decided
            or earnings.balance(buyer.id) + ahead[buyer.id] >= self.least_step
        )

    def _tell_offers(
        self, followed: list[tuple[Prepared, int, str]], turning: set[str]
    ) -> None:
        """Let the offers see the receipts that may do something there, in order."""
        told = [
            {
                "member": member,
                "receipt": public_id,
                "store": self.shops[prepared.receipt.store_code].id,
                "at": prepared.receipt.purchased_at.isoformat(),
                "lines": records.offer_lines(
                    prepared.whole.lines,
                    self.book.shelf(prepared.receipt.store_code),
                ),
            }
            for prepared, member, public_id in followed
        ]
        if not told:
            return
        turned = [
            public_id
            for prepared, _member, public_id in followed
            if prepared.receipt.unique_receipt_id in turning
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                _OFFERS, [self.club.programme_id, self.now, json.dumps(told)]
            )
            cursor.execute(_TURNED, [turned])

    def _is_personal(self, prepared: Prepared) -> bool:
        """Tell whether a receipt's points hang on its member, by the rule of now."""
        if self.is_decided:
            return prepared.is_personal
        rule = self.book.at(prepared.receipt.purchased_at)
        return rule is not None and is_personal(rule)

    def _record_one(self, prepared: Prepared) -> None:
        """Record an unusual receipt as the API does."""
        receipt = prepared.whole
        request = Request(
            scope=f"load:{self.club.programme_id}",
            key=prepared.content_hash.hex(),
            body_hash=prepared.content_hash,
        )
        try:
            record_receipt(
                club=self.club,
                receipt=receipt,
                request=request,
                source=self.source,
                now=self.now,
            )
        except Problem as problem:
            code = problem.faults[0].code if problem.faults else problem.code
            self.loaded.refused.append((receipt.unique_receipt_id, code))
        else:
            self.loaded.recorded += 1
            self.loaded.lines += len(prepared.lines)

    def _decide(
        self, prepared: Prepared, buyer: Buyer | None
    ) -> tuple[Outcome, int | None]:
        """Return what is written of the verdict, and whose the receipt is."""
        if self.is_decided and buyer is not None and buyer.earns:
            return prepared.outcome, buyer.id
        receipt = prepared.whole
        rule = self.book.at(receipt.purchased_at)
        verdict = rules.decide(
            receipt,
            club=self.club,
            buyer=buyer,
            rule=rule,
            shelf=self.book.shelf(receipt.store_code),
        )
        return outcome_of(verdict, rule), verdict.member_id

    # READING

    def _rows(self, statement: str, *values: list[str]) -> list[tuple[Any, ...]]:
        return _rows(self.club, statement, *values)

    def _owners(self, batch: list[Prepared], buyers: Buyers) -> dict[str, int]:
        """Tell whose the purchases are that receipts of the batch return."""
        originals = {prepared.receipt.original_unique_id for prepared in batch} - {""}
        if not originals:
            return {}
        owners = {
            prepared.receipt.unique_receipt_id: buyer.id
            for prepared in batch
            if (buyer := buyer_of(prepared, buyers)) is not None
        }
        return owners | dict(self._rows(_OWNERS, list(originals)))


def _ids(batch: Sequence[Prepared]) -> list[str]:
    return [prepared.receipt.unique_receipt_id for prepared in batch]

"""Record the receipts of one transaction: in sets what is usual, else one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from common.copying import draw_ids, draw_public_ids
from common.problems import Problem
from offers.vouchers import bulk as vouchers
from points.bulk import Earnings
from purchases import rules
from purchases.loading import book as books
from purchases.loading.book import RuleBook
from purchases.loading.buyers import Buyers, buyer_of, find_buyers
from purchases.loading.following import Following
from purchases.loading.loaded import Loaded
from purchases.loading.prepared import Outcome, Prepared, outcome_of
from purchases.loading.rows import Rows, Shop
from purchases.rules import Buyer, Club
from purchases.services.recording import Request, record_receipt

# Shorter than PostgreSQL waits before it looks for a deadlock: who yields is the load,
# never a till.
# A load that a crash of the server cuts short goes on from what is there: its commits
# need not wait for the disk.
_SET_LOCAL = "SET LOCAL lock_timeout = '500ms'; SET LOCAL synchronous_commit = off"
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
# Who never rose has the lowest tier of the ladder in force.
_TIERS = """
SELECT CASE WHEN EXISTS (
        SELECT FROM points_tierperiod p WHERE p.member_id = u.member_id)
    THEN points_tier_key(u.member_id, u.at) ELSE u.lowest END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[])
    WITH ORDINALITY AS u (member_id, at, lowest, place)
ORDER BY u.place
"""
_STORES = """
SELECT code, id, name FROM stores_store WHERE programme_id = %s AND code = ANY(%s)
ORDER BY id FOR KEY SHARE
"""
_PROGRAMME = "SELECT id FROM stores_programme WHERE id = %s FOR KEY SHARE"


class Batch:
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
        current = books.hold(club)
        self.is_decided = current == book
        self.book = book if self.is_decided else books.with_articles(current, club)
        self.steps = vouchers.Steps(
            vouchers.Club(club.programme_id, club.currency, club.zone), now
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
        members = {
            buyer.id
            for prepared in batch
            if (buyer := buyer_of(prepared, buyers)) is not None
        }
        earnings = Earnings(self.now)
        earnings.lock(members)
        rows = Rows(self.club, self.source, self.now, earnings, self.steps)
        rows.turning.read(members)
        following = Following(rows, self.steps, self.book, self.shops, self.is_decided)
        usual: list[tuple[Prepared, Buyer | None]] = []
        unusual: list[Prepared] = []
        waiting: list[Prepared] = []
        seen: set[str] = set()
        touched: set[str | int] = set()
        for prepared in batch:
            unique_id = prepared.receipt.unique_receipt_id
            buyer = buyer_of(prepared, buyers)
            keys = _keys(prepared, buyer, owners)
            if unique_id in seen or not touched.isdisjoint(keys):
                touched |= keys
                waiting.append(prepared)
            elif present.get(unique_id) == prepared.content_hash:
                self.loaded.present += 1
            elif (
                unique_id in present
                or unique_id in early
                or self._is_unusual(prepared, buyer, earnings)
            ):
                touched |= keys
                unusual.append(prepared)
            else:
                usual.append((prepared, buyer))
                if buyer is not None and following.take(prepared, buyer):
                    touched.add(buyer.id)
            seen.add(unique_id)
        self._write(usual, rows, following)
        for prepared in unusual:
            self._record_one(prepared)
        return waiting

    def _is_unusual(
        self, prepared: Prepared, buyer: Buyer | None, earnings: Earnings
    ) -> bool:
        """Tell whether a new receipt is one that sets are not for."""
        receipt = prepared.receipt
        return (
            receipt.store_code not in self.shops
            or bool(receipt.original_unique_id)
            or prepared.has_returns
            or bool(receipt.vouchers)
            or (
                buyer is not None
                and (self._is_personal(prepared) or earnings.owes(buyer.id))
            )
        )

    def _write(
        self,
        usual: list[tuple[Prepared, Buyer | None]],
        rows: Rows,
        following: Following,
    ) -> None:
        """Write usual purchases in sets."""
        tiers = self._tiers(usual)
        receipt_ids = draw_ids("purchases_receipt", len(usual))
        public_ids = iter(draw_public_ids(3 * len(usual)))
        for place, (prepared, buyer) in enumerate(usual):
            outcome, member = self._decide(prepared, buyer)
            ids = (next(public_ids), next(public_ids), next(public_ids))
            rows.add(
                prepared,
                outcome,
                member=member,
                is_counted=prepared.buys and buyer is not None and buyer.earns,
                tier=tiers.get(place, ""),
                shop=self.shops[prepared.receipt.store_code],
                receipt_id=receipt_ids[place],
                public_ids=ids,
                bought=None
                if member is None
                else following.bought(prepared, member, ids[0]),
            )
            self.loaded.recorded += 1
            self.loaded.lines += prepared.line_count
        rows.write()
        following.tell()

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

    def _is_personal(self, prepared: Prepared) -> bool:
        """Tell whether a receipt's points hang on its member, by the rule of now."""
        if self.is_decided:
            return prepared.is_personal
        rule = self.book.at(prepared.receipt.purchased_at)
        return rule is not None and books.is_personal(rule)

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
            self.loaded.lines += prepared.line_count

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
        return outcome_of(verdict, rule, prepared.lines), verdict.member_id

    # READING

    def _rows(self, statement: str, *values: list[str]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, [self.club.programme_id, *values])
            return list(cursor.fetchall())

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


def _keys(
    prepared: Prepared, buyer: Buyer | None, owners: dict[str, int]
) -> set[str | int]:
    """Return what a receipt touches: itself, its member, the purchase it returns."""
    original = prepared.receipt.original_unique_id
    keys: set[str | int] = {prepared.receipt.unique_receipt_id}
    if buyer is not None:
        keys.add(buyer.id)
    if original:
        keys.add(original)
        if original in owners:
            keys.add(owners[original])
    return keys

"""Record a receipt: one statement reads, one writes. See decision 0004."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from common.idempotency import reused
from common.problems import Problem, invalid
from purchases import records, rules
from purchases.differences import differences
from purchases.models import Receipt
from purchases.parsing import fault
from purchases.rules import Buyer, Club, ReceiptIn
from purchases.services.settling import settle_early_returns
from purchases.services.vouchers import refused_voucher, used_before

OPERATION = "receipts.record"

# Something changed between reading and writing: read again. Ours, and a deadlock.
_AGAIN = {"SKR01", "40P01", "40001"}
_REUSED = "SKI01"
_OVERFLOW = "22003"
# Each loss of a race means that another receipt of the same purchase came through.
_ATTEMPTS = 20

_CONTEXT = """
SELECT * FROM purchases_context(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_RECORD = """
SELECT * FROM purchases_record(
    %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)
"""
_FIND_ANSWER = """
SELECT body_hash, operation, status, answer::text FROM common_idempotencyrecord
WHERE scope = %s AND key = %s
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: in which space its idempotency key counts, and what was sent."""

    scope: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a receipt, as JSON text: the same bytes at every repeat."""

    status: int
    body: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Context:
    answer_hash: bytes | None
    answer_operation: str | None
    answer_status: int | None
    answer: str | None
    store_id: int | None
    store_name: str | None
    channel: str | None
    member_id: int | None
    member_status: str | None
    tier: str | None
    is_first: bool | None
    born_on: date | None
    rule: str | None
    original: str | None
    has_early_returns: bool | None
    has_offers: bool | None
    articles: str | None

    @property
    def buyer(self) -> Buyer | None:
        """Return the member, if there is one."""
        if self.member_id is None:
            return None
        return Buyer(
            id=self.member_id,
            status=self.member_status or "",
            tier=self.tier,
            is_first=bool(self.is_first),
            born_on=self.born_on,
        )


def record_receipt(
    *,
    club: Club,
    receipt: ReceiptIn,
    request: Request,
    stores: frozenset[int] | None = None,
    source: str = Receipt.Source.API,
    now: datetime,
) -> Recorded:
    """Record a receipt with its points and events once, and answer.

    A repeat, with the same idempotency key or another, gets the first one's answer.
    `stores` are those that the caller may send receipts of; None is all. A voucher that
    another purchase used refuses no sale: it is recorded without, and the answer warns.

    Raises:
        Problem: the key was used for another body, a voucher cannot be used for another
            reason, the store is unknown or not the caller's, or the receipt was
            recorded before with other content.
    """
    used: list[int] = []
    for _attempt in range(_ATTEMPTS + len(receipt.vouchers)):
        try:
            return _try(club, receipt, request, stores, source, used, now)
        except DatabaseError as error:
            place = used_before(error, receipt.vouchers)
            if place is not None and place not in used:
                used.append(place)
                continue
            state = getattr(error.__cause__, "sqlstate", "")
            if state == _REUSED:
                raise reused(request.key) from error
            if state == _OVERFLOW:
                raise invalid([fault("/totalGrossPrice", "too_large")]) from error
            refused = refused_voucher(error, receipt.vouchers)
            if refused is not None:
                raise refused from error
            if state not in _AGAIN:
                raise
    raise Problem(
        status=503,
        code="busy",
        title=_("Many returns of this purchase came in at once. Send it again."),
        headers={"Retry-After": "1"},
    )


def replay(*, request: Request) -> Recorded | None:
    """Return the answer a key got before, or None for a new key.

    Raises:
        Problem: the key was used with another body.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ANSWER, [request.scope, request.key])
        row = cursor.fetchone()
    if row is None:
        return None
    return _answer_again(request, bytes(row[0]), row[1], row[2], row[3])


def _answer_again(
    request: Request, body_hash: bytes, operation: str, status: int, answer: str
) -> Recorded:
    if body_hash != request.body_hash or operation != OPERATION:
        raise reused(request.key)
    return Recorded(status, answer, replayed=True)


def _try(
    club: Club,
    receipt: ReceiptIn,
    request: Request,
    stores: frozenset[int] | None,
    source: str,
    used: Sequence[int],
    now: datetime,
) -> Recorded:
    context = _read_context(club, receipt, request)
    if context.answer_hash is not None:
        return _answer_again(
            request,
            bytes(context.answer_hash),
            context.answer_operation or "",
            context.answer_status or 0,
            context.answer or "",
        )
    if context.store_id is None:
        raise invalid([fault("/storeExternalId", "unknown_store")])
    if stores is not None and context.store_id not in stores:
        raise Problem(
            status=403,
            code="store_not_allowed",
            title=_("The key does not serve this store."),
        )
    if rules.pays_for_gift_cards_alone(receipt):
        raise invalid([fault("/vouchers/0", "voucher_for_gift_card")])
    rule = records.rule_from(_load(context.rule))
    original = records.original_from(_load(context.original))
    shelf = records.shelf_from(context.channel, context.articles)
    buyer = context.buyer
    verdict = rules.decide(
        receipt, club=club, buyer=buyer, rule=rule, original=original, shelf=shelf
    )
    row = records.receipt_row(
        receipt,
        verdict,
        club=club,
        store_id=context.store_id,
        original=original,
        tier=context.tier if verdict.member_id else None,
        source=source,
        used_before=used,
        now=now,
    )
    facts = records.points_facts(
        receipt,
        verdict,
        club=club,
        buyer=buyer,
        rule=rule,
        original=original,
        has_early_returns=bool(context.has_early_returns),
        store_name=context.store_name or "",
    )
    if context.has_offers:
        facts["offers"] = records.offers_of(
            receipt, original=original, shelf=shelf, used_before=used
        )
    lines = json.dumps(records.lines_of(receipt, verdict))
    with _undone_alone(has_early_returns=bool(context.has_early_returns)):
        recorded, receipt_id, outcome = _write(request, row, lines, facts, now)
        if context.has_early_returns and outcome == "recorded":
            settle_early_returns(receipt_id, club=club, receipt=receipt, now=now)
    if outcome != "exists":
        return recorded
    found = differences(receipt_id, receipt, member_id=context.member_id)
    if found:
        raise _differs(receipt, found)
    # The hash was made in another way, by an earlier version or an earlier secret.
    recorded, _id, _outcome = _write(
        request, row, lines, {**facts, "is_same": True}, now
    )
    return recorded


def _read_context(club: Club, receipt: ReceiptIn, request: Request) -> _Context:
    contact = receipt.contact
    with connection.cursor() as cursor:
        cursor.execute(
            _CONTEXT,
            [
                club.programme_id,
                request.scope,
                request.key,
                receipt.unique_receipt_id,
                receipt.store_code,
                contact.kind.value if contact else "",
                contact.value if contact else "",
                receipt.purchased_at,
                receipt.original_unique_id,
                [line.sku for line in receipt.lines],
                bool(receipt.vouchers),
            ],
        )
        return _Context(*cursor.fetchone())


def _write(
    request: Request,
    row: Mapping[str, Any],
    lines: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> tuple[Recorded, int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            [
                request.scope,
                request.key,
                OPERATION,
                request.body_hash,
                now,
                json.dumps(row),
                lines,
                json.dumps(facts),
            ],
        )
        outcome, status, answer, receipt_id = cursor.fetchone()
    return Recorded(status, answer, outcome == "replayed"), receipt_id, outcome


def _undone_alone(*, has_early_returns: bool) -> AbstractContextManager[object]:
    """Return a transaction where one is needed; the statement is one by itself.

    Inside a caller's transaction a refusal must not spoil what the caller did.
    """
    if has_early_returns or connection.in_atomic_block:
        return transaction.atomic()
    return nullcontext()


def _load(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _differs(receipt: ReceiptIn, found: list[dict[str, Any]]) -> Problem:
    return Problem(
        status=409,
        code="receipt_differs",
        title=_("This receipt was recorded with other content."),
        detail=_("What was recorded first stays. The differences are listed."),
        extra={
            "unique_receipt_id": receipt.unique_receipt_id,
            "differences": found,
        },
    )

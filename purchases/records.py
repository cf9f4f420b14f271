"""A receipt as rows: what the functions of the database take and give."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common import blind
from common.ids import uuid7
from points import rules as points_rules
from points.programme import reading
from points.rules import EarningRule
from purchases import kinds
from purchases.content import content_hash
from purchases.rules import (
    Club,
    ContactIn,
    ContactKind,
    LineKind,
    NoPoints,
    Original,
    ReceiptIn,
    Verdict,
)


def rule_from(stored: Mapping[str, Any] | None) -> EarningRule | None:
    """Return the rule in a context's JSON."""
    if stored is None:
        return None
    return EarningRule(
        id=stored["id"],
        version=stored["version"],
        points_per_unit=Decimal(stored["points_per_unit"]),
        excluded_groups=frozenset(stored["excluded_groups"]),
        expires_after_months=stored["expires_after_months"],
        point_value=Decimal(stored["point_value"]),
        reward_points=stored["reward_points"],
        # A text and not an object: the few there are have been read before.
        terms=reading.load_text(stored["terms"]),
    )


def original_from(stored: Mapping[str, Any] | None) -> Original | None:
    """Return the purchase of a return in a context's JSON."""
    if stored is None:
        return None
    return Original(
        id=stored["id"],
        member_id=stored["member_id"],
        member_status=stored["member_status"] or "",
        rule=rule_from(stored["rule"]),
        entry_id=stored["entry_id"],
        eligible=Decimal(stored["eligible"]),
        points=stored["points"],
        returned_eligible=Decimal(stored["returned_eligible"]),
        returned_points=stored["returned_points"],
        expired=stored["expired"],
        lines_without_points=frozenset(stored["lines_without_points"]),
    )


def contact_index(contact: ContactIn | None) -> bytes | None:
    """Return the keyed hash by which an anonymous receipt can be found again."""
    return None if contact is None else blind.index(contact.kind, contact.value)


def payments_of(receipt: ReceiptIn) -> list[dict[str, str]]:
    """Return the payments as they are stored."""
    return [
        {"type": payment.kind, "value": str(payment.value)}
        for payment in receipt.payments
    ]


def taxes_of(receipt: ReceiptIn) -> list[dict[str, str]]:
    """Return the taxes as they are stored."""
    return [
        {"percent": str(tax.percent), "amount": str(tax.amount)}
        for tax in receipt.taxes
    ]


def lines_of(receipt: ReceiptIn, verdict: Verdict) -> list[dict[str, Any]]:
    """Return the lines as they are stored."""
    return [
        {
            "number": line.number,
            "kind": line.kind.value,
            "sku": line.sku,
            "article_number": line.article_number,
            "article_name": line.article_name,
            "article_group": line.article_group,
            "quantity": str(line.quantity),
            "gross_paid": str(line.gross_paid),
            "tax_amount": str(line.tax_amount),
            "tax_percent": str(line.tax_percent),
            "discounts": [
                {
                    "value": str(discount.value),
                    "type": discount.kind,
                    "description": discount.description,
                }
                for discount in line.discounts
            ],
            "awards_bonus": line.awards_bonus,
            "is_eligible": is_eligible,
            "points": points,
            "original_number": line.original_number,
        }
        for line, is_eligible, points in zip(
            receipt.lines, verdict.is_eligible, verdict.line_points, strict=True
        )
    ]


def receipt_row(
    receipt: ReceiptIn,
    verdict: Verdict,
    *,
    club: Club,
    store_id: int,
    original: Original | None,
    source: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the receipt's own row."""
    index = contact_index(receipt.contact)
    is_claimable = (
        receipt.contact is not None
        and receipt.contact.kind is not ContactKind.ID
        and verdict.reason is NoPoints.MEMBER_UNKNOWN
    )
    return {
        "public_id": str(uuid7()),
        "programme_id": club.programme_id,
        "store_id": store_id,
        "till_code": receipt.till_code,
        "unique_receipt_id": receipt.unique_receipt_id,
        "receipt_number": receipt.receipt_number,
        "member_id": verdict.member_id,
        "contact_index": f"\\x{index.hex()}" if index and is_claimable else None,
        "purchased_at": receipt.purchased_at.isoformat(),
        "business_on": receipt.business_on.isoformat(),
        "currency": receipt.currency,
        "total": str(receipt.total),
        "payments": payments_of(receipt),
        "taxes": taxes_of(receipt),
        "rule_id": verdict.rule_id,
        "eligible": str(verdict.eligible),
        "points": verdict.points,
        "returned_eligible": "0",
        "returned_points": 0,
        "exact": "0",
        "returned_exact": "0",
        "tier": "",
        "no_points_reason": verdict.reason.value if verdict.reason else "",
        "original_id": original.id if original else None,
        "original_unique_id": receipt.original_unique_id,
        "return_eligible": str(verdict.return_eligible),
        "reversed_points": verdict.reversal.points if verdict.reversal else 0,
        "source": source,
        "content_hash": f"\\x{content_hash(receipt, index).hex()}",
        "recorded_at": now.isoformat(),
    }


def points_facts(
    receipt: ReceiptIn,
    verdict: Verdict,
    *,
    club: Club,
    rule: EarningRule | None,
    original: Original | None,
    has_early_returns: bool,
    store_name: str,
) -> dict[str, Any]:
    """Return what is posted, told, and checked again while it is written."""
    facts: dict[str, Any] = {
        "has_early_returns": has_early_returns,
        "is_same": False,
        "events": events_of(receipt, verdict, original, store_name),
    }
    if verdict.points and rule is not None:
        expires_at = points_rules.expires_at(receipt.purchased_at, rule, club.zone)
        facts["earn_id"] = str(uuid7())
        facts["expires_at"] = expires_at.isoformat() if expires_at else None
    if verdict.reversal is not None:
        facts["reverse_id"] = str(uuid7())
        facts["reverse_member"] = verdict.reversal.member_id
        facts["reverse_rule"] = verdict.reversal.rule_id
        facts["reverse_entry"] = verdict.reversal.entry_id
    if original is not None:
        taken = verdict.reversal.points if verdict.reversal else 0
        after = verdict.original_returned
        facts["original_points"] = original.points
        facts["original_expired"] = original.expired
        facts["original_points_before"] = original.returned_points
        facts["original_points_after"] = original.returned_points + taken
        facts["original_eligible_before"] = str(original.returned_eligible)
        facts["original_eligible_after"] = str(
            original.returned_eligible if after is None else after
        )
    return facts


def events_of(
    receipt: ReceiptIn,
    verdict: Verdict,
    original: Original | None,
    store_name: str,
) -> list[dict[str, Any]]:
    """Return the events that a receipt writes on its members' timelines."""
    taken = verdict.reversal.points if verdict.reversal else 0
    taken_from = verdict.reversal.member_id if verdict.reversal else None
    events = []
    if verdict.member_id is not None:
        sells = any(line.kind is not LineKind.RETURN for line in receipt.lines)
        data = {
            "total": str(receipt.total),
            "currency": receipt.currency,
            "points": verdict.points,
            "reversed": taken if taken_from == verdict.member_id else 0,
            "store_name": store_name,
        }
        events.append(
            {
                "id": str(uuid7()),
                "member": verdict.member_id,
                "kind": kinds.ACCEPTED if sells else kinds.RETURNED,
                "data": data,
            }
        )
    if (
        taken_from is not None
        and taken_from != verdict.member_id
        and original is not None
        and original.member_status != "ERASED"
    ):
        events.append(
            {
                "id": str(uuid7()),
                "member": taken_from,
                "kind": "points.reversed",
                "data": {"points": taken},
            }
        )
    return events

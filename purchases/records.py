"""A receipt as rows: what the functions of the database take and give."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from common import blind
from common.ids import uuid7
from common.periods import local_day
from points import reading
from points import rules as points_rules
from points.programme import engine
from points.rules import EarningRule
from purchases import kinds
from purchases.content import content_hash
from purchases.rules import (
    Back,
    Bought,
    Buyer,
    Club,
    ContactIn,
    ContactKind,
    Count,
    LineIn,
    LineKind,
    NoPoints,
    Original,
    ReceiptIn,
    Shelf,
    Verdict,
    is_gift_card,
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
    rule = rule_from(stored["rule"])
    eligible = Decimal(stored["eligible"])
    return Original(
        id=stored["id"],
        public_id=stored["public_id"],
        member_id=stored["member_id"],
        member_status=stored["member_status"] or "",
        rule=rule,
        entry_id=stored["entry_id"],
        currency=stored["currency"],
        purchased_at=datetime.fromisoformat(stored["purchased_at"]),
        eligible=eligible,
        exact=Decimal(stored["exact"]),
        points=stored["points"],
        returned_eligible=Decimal(stored["returned_eligible"]),
        returned_exact=Decimal(stored["returned_exact"]),
        returned_points=stored["returned_points"],
        expired=stored["expired"],
        # Of a member who could not earn, nothing counts.
        lines=tuple(
            _bought(line, rule if eligible else None) for line in stored["lines"]
        ),
        came_back=came_back_from(stored["came_back"]),
        returns=stored["returns"],
        is_counted=stored["is_counted"],
    )


def came_back_from(stored: Iterable[Mapping[str, Any]]) -> tuple[Back, ...]:
    """Return what has come back of a purchase, in a context's JSON."""
    return tuple(
        Back(
            original_number=line["original_number"],
            sku=line["sku"],
            quantity=Decimal(line["quantity"]),
            paid=None if line["paid"] is None else Decimal(line["paid"]),
        )
        for line in stored
    )


def shelf_from(channel: str | None, articles: str | None) -> Shelf:
    """Return the store's channel and the articles that the context looked up."""
    found = json.loads(articles) if articles else {}
    return Shelf(
        channel or "SHOP",
        {sku: (category, brand) for sku, (category, brand) in found.items()},
    )


def _bought(line: Mapping[str, Any], rule: EarningRule | None) -> Bought:
    paid = Decimal(line["paid"])
    amount = Decimal(0)
    if line["is_eligible"] and rule is not None:
        sold = engine.Line(
            paid=paid,
            tax=Decimal(line["tax"]),
            discount=Decimal(line["discount"]),
            tax_percent=Decimal(line["tax_percent"]),
        )
        by_voucher = Decimal(line["voucher_paid"])
        amount = engine.amount_of(engine.less_voucher(sold, by_voucher), rule.terms)
    return Bought(
        number=line["number"],
        sku=line["sku"],
        paid=paid,
        quantity=Decimal(line["quantity"]),
        amount=amount,
        rate=Decimal(line["rate"]),
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
            "voucher_paid": str(by_voucher),
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
            "is_eligible": earned.is_eligible,
            "points": points,
            "rate": str(earned.rate),
            "multipliers": earned.multipliers,
            "original_number": line.original_number,
        }
        for line, earned, points, by_voucher in zip(
            receipt.lines,
            verdict.lines,
            verdict.line_points,
            verdict.by_voucher,
            strict=True,
        )
    ]


def receipt_row(
    receipt: ReceiptIn,
    verdict: Verdict,
    *,
    club: Club,
    store_id: int,
    original: Original | None,
    tier: str | None,
    source: str,
    now: datetime,
    used_before: Sequence[int] = (),
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
        "exact": str(verdict.exact),
        "returned_exact": "0",
        "tier": tier or "",
        "no_points_reason": verdict.reason.value if verdict.reason else "",
        "original_id": original.id if original else None,
        "original_unique_id": receipt.original_unique_id,
        "return_eligible": str(verdict.return_eligible),
        "reversed_points": verdict.reversal.points if verdict.reversal else 0,
        "vouchers_used_before": sorted(used_before) or None,
        "source": source,
        "content_hash": f"\\x{content_hash(receipt, index).hex()}",
        "recorded_at": now.isoformat(),
    }


def points_facts(
    receipt: ReceiptIn,
    verdict: Verdict,
    *,
    club: Club,
    buyer: Buyer | None,
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
        "counts": counts_of(verdict.counts, club),
    }
    if verdict.points and rule is not None:
        at = receipt.purchased_at
        expires_at = points_rules.expires_at(at, rule, club.zone)
        facts["earn_id"] = str(uuid7())
        facts["expires_at"] = expires_at.isoformat() if expires_at else None
        facts["active_from"] = points_rules.active_from(at, rule, club.zone).isoformat()
        facts["is_first"] = bool(buyer and buyer.is_first)
    # Who buys keeps their points, also by what earns none.
    idle = points_rules.idle_months(rule) if rule is not None else None
    if idle is not None and verdict.member_id is not None and buys(receipt):
        facts |= {"idle_months": idle, "zone": club.zone.key}
    if verdict.reversal is not None:
        facts["reverse_id"] = str(uuid7())
        facts["reverse_member"] = verdict.reversal.member_id
        facts["reverse_rule"] = verdict.reversal.rule_id
        facts["reverse_entry"] = verdict.reversal.entry_id
        facts["reverse_policy"] = verdict.reversal.policy.value
    if original is not None:
        asked = verdict.reversal.points if verdict.reversal else 0
        eligible, exact = verdict.returned_eligible, verdict.returned_exact
        facts["original_points"] = original.points
        facts["original_expired"] = original.expired
        facts["original_returns"] = original.returns
        facts["original_points_before"] = original.returned_points
        facts["original_points_after"] = original.returned_points + asked
        facts["original_eligible_before"] = str(original.returned_eligible)
        facts["original_eligible_after"] = str(
            original.returned_eligible if eligible is None else eligible
        )
        facts["original_exact_after"] = str(
            original.returned_exact if exact is None else exact
        )
    return facts


def buys(receipt: ReceiptIn) -> bool:
    """Tell whether anything is bought by a receipt, and not only brought back."""
    return any(line.kind is LineKind.PURCHASE for line in receipt.lines)


def counts_of(counts: Iterable[Count], club: Club) -> list[dict[str, Any]]:
    """Return what days of members gain or lose, by the programme's calendar."""
    return [
        {
            "member": count.member_id,
            "day": local_day(count.at, club.zone).isoformat(),
            "spend": str(count.spend),
            "visits": count.visits,
            "points": count.points,
        }
        for count in counts
    ]


def offers_of(
    receipt: ReceiptIn,
    *,
    original: Original | None,
    shelf: Shelf,
    used_before: Sequence[int] = (),
) -> dict[str, Any]:
    """Return what the offers look at: the lines, names as they are compared.

    Without the vouchers at the places of `used_before`.
    """
    return {
        "original": original.public_id if original else None,
        "vouchers": [
            code
            for place, code in enumerate(receipt.vouchers)
            if place not in used_before
        ],
        "purchase": receipt.purchase,
        # What comes back of a purchase that is on its way is told when it is here.
        "lines": offer_lines(
            (
                line
                for line in receipt.lines
                if original
                or not receipt.original_unique_id
                or line.kind is not LineKind.RETURN
            ),
            shelf,
        ),
    }


def offer_lines(lines: Iterable[LineIn], shelf: Shelf) -> list[dict[str, Any]]:
    """Return lines as the offers look at them: goods, and so no gift cards.

    No voucher pays for one and no card is stamped for it: what is bought with it later
    counts.
    """
    return [_offer_line(line, shelf) for line in lines if not is_gift_card(line)]


def _offer_line(line: LineIn, shelf: Shelf) -> dict[str, Any]:
    category, brand = shelf.articles.get(line.sku, ("", ""))
    return {
        "number": line.number,
        "kind": line.kind.value,
        "sku": line.sku,
        "group": points_rules.group_name(line.article_group),
        "category": points_rules.group_name(category),
        "brand": points_rules.group_name(brand),
        "quantity": str(line.quantity),
        "amount": str(line.gross_paid),
        "original_number": line.original_number,
    }


def events_of(
    receipt: ReceiptIn,
    verdict: Verdict,
    original: Original | None,
    store_name: str,
) -> list[dict[str, Any]]:
    """Return the events that a receipt writes on its members' timelines.

    `takes` names what of an event the ledger fills in: the points it really took.
    """
    asked = verdict.reversal.points if verdict.reversal else 0
    asked_from = verdict.reversal.member_id if verdict.reversal else None
    is_theirs = asked_from is not None and asked_from == verdict.member_id
    events: list[dict[str, Any]] = []
    if verdict.member_id is not None:
        sells = any(line.kind is not LineKind.RETURN for line in receipt.lines)
        data = {
            "total": str(receipt.total),
            "currency": receipt.currency,
            "points": verdict.points,
            "reversed": asked if is_theirs else 0,
            "store_name": store_name,
        }
        events.append(
            {
                "id": str(uuid7()),
                "member": verdict.member_id,
                "kind": kinds.ACCEPTED if sells else kinds.RETURNED,
                "data": data,
                "takes": "reversed" if is_theirs else None,
            }
        )
    if (
        asked_from is not None
        and not is_theirs
        and original is not None
        and original.member_status != "ERASED"
    ):
        events.append(
            {
                "id": str(uuid7()),
                "member": asked_from,
                "kind": "points.reversed",
                "data": {"points": asked},
                "takes": "points",
            }
        )
    return events

"""Give earlier receipts to the one who proves the phone or card they name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from common import blind
from common.periods import local_day
from members import events
from members.models import Event, Identifier, Member
from points import rules as points_rules
from points.models import Entry
from points.rules import EarningRule
from points.selectors import value_of
from points.services import post
from purchases import kinds, records, rules
from purchases.models import Receipt, ReceiptLine
from purchases.rules import (
    Back,
    Buyer,
    Claim,
    Club,
    ContactKind,
    LineKind,
    ReceiptIn,
    Shelf,
)
from purchases.services.coming_back import take_stamps_back
from purchases.stored import receipt_of
from stores.models import Programme

CONSUMER = "purchases.claims"
# When somebody may have got contacts by which receipts wait.
_CLAIMING = {"member.activated", "member.merged", "member.identifier_added"}
# As what a till may have sent each.
_KINDS: dict[str, tuple[ContactKind, ...]] = {
    Identifier.Kind.PHONE: (ContactKind.PHONE,),
    Identifier.Kind.EMAIL: (ContactKind.EMAIL,),
    Identifier.Kind.CARD: (ContactKind.NUMBER, ContactKind.CARD),
    Identifier.Kind.EXTERNAL: (ContactKind.EXTERNAL,),
}

_CLAIMED = [
    "member",
    "points",
    "eligible",
    "exact",
    "returned_eligible",
    "returned_exact",
    "tier",
    "claimed_at",
    "contact_index",
]
# What the version asks about who buys, what came back, and what the articles are.
_AROUND = """
SELECT b.tier, b.is_first, b.born_on, purchases_came_back(r.id, r.currency)::text, (
    SELECT jsonb_object_agg(p.sku, jsonb_build_array(p.category, p.brand))::text
    FROM purchases_product p WHERE p.programme_id = r.programme_id AND p.sku = ANY (%s))
FROM purchases_receipt r LEFT JOIN points_earningrule e ON e.id = r.rule_id
CROSS JOIN LATERAL purchases_buyer(%s, r.purchased_at, e) b WHERE r.id = %s
"""
_LOCK_FIRST = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7302))"
_KEEP_ALIVE = "SELECT purchases_keep_alive(%s, %s, %s, %s, %s, %s)"
_COUNT = "SELECT points_after_receipt(%s, %s, %s, %s, %s, %s, %s)"
_OFFERS = """
SELECT offers_after_receipt(%s, %s, %s, NULL, %s, %s, %s, %s::jsonb, '{}')
WHERE offers_follow_receipts(%s)
"""


def claim_receipts(*, now: datetime, limit: int = 200) -> int:
    """Follow the timeline and let members claim their receipts.

    Those who became active, those who are known by something more, and those whose
    memberships were made one. Returns how many events were read.
    """

    def handle(read: list[Event]) -> None:
        for event in read:
            if event.kind in _CLAIMING:
                claim_for_member(member_id=event.member_id, now=now)

    return events.consume(CONSUMER, handle, now=now, limit=limit)


def claim_for_member(*, member_id: int, now: datetime) -> list[Receipt]:
    """Give a member the anonymous receipts of their proven contacts, with points."""
    with transaction.atomic():
        member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
        if member.status != Member.Status.ACTIVE:
            return []
        # A first purchase that a till sends now waits, or is counted: see
        # purchases_record.
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_FIRST, [str(member_id)])
        # Locked, so that a return of one of them waits or is counted.
        found = list(_claimable(member, now).select_for_update(of=("self",)))
        for receipt in found:
            _claim(receipt, member, now)
    return found


def _claimable(member: Member, now: datetime) -> QuerySet[Receipt]:
    return (
        Receipt.objects.filter(
            programme_id=member.programme_id,
            member__isnull=True,
            contact_index__in=_proven(member),
            purchased_at__gte=now - rules.CLAIM_WITHIN,
        )
        .select_related("rule", "store", "programme")
        .order_by("purchased_at", "pk")
    )


def _proven(member: Member) -> Sequence[bytes]:
    """Return the keyed hashes of the contacts that a member has shown to be theirs.

    Cards of memberships that were merged into theirs are theirs too.
    """
    cards = [member.number, *member.merged_members.values_list("number", flat=True)]
    identifiers = Identifier.objects.filter(
        member=member,
        kind__in=_KINDS,
        ended_at=None,
        proven_at__isnull=False,
    ).values_list("kind", "system", "value")
    return [
        *(blind.index(ContactKind.NUMBER, card) for card in cards),
        *(
            blind.index(
                sent_as, rules.external_value(system, value) if system else value
            )
            for kind, system, value in identifiers
            for sent_as in _KINDS[kind]
        ),
    ]


def _claim(receipt: Receipt, member: Member, now: datetime) -> None:
    rows = list(ReceiptLine.objects.filter(receipt=receipt).order_by("number"))
    found = _look_around(receipt, member, rows)
    rule = value_of(receipt.rule) if receipt.rule else None
    club = _club(receipt.programme)
    bought = receipt_of(receipt, rows, member_id=str(member.public_id))
    claim = rules.claim(
        bought,
        club=club,
        buyer=found.buyer,
        rule=rule,
        came_back=found.came_back,
        shelf=found.shelf,
    )
    receipt.member = member
    receipt.points = claim.points
    receipt.eligible = claim.eligible
    receipt.exact = claim.exact
    receipt.returned_eligible = claim.returned_eligible
    receipt.returned_exact = claim.returned_exact
    receipt.tier = found.buyer.tier or ""
    receipt.claimed_at = now
    receipt.contact_index = None
    receipt.save(update_fields=_CLAIMED)
    _share(rows, claim, member)
    if claim.points and rule is not None:
        at = receipt.purchased_at
        posted = post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=claim.points,
            key=f"receipt:{receipt.public_id}",
            at=at,
            rule_id=rule.id,
            expires_at=points_rules.expires_at(at, rule, club.zone),
            active_from=points_rules.active_from(at, rule, club.zone),
            source_type="receipt",
            source_id=receipt.public_id,
            now=now,
        )
        Receipt.objects.filter(pk=receipt.pk).update(balance_after=posted.balance_after)
    _follow(receipt, member, rule, claim, found.shelf, bought, now)
    if found.came_back:
        take_stamps_back(receipt, now=now)
    events.record(
        member_id=member.pk,
        kind=kinds.CLAIMED,
        at=receipt.purchased_at,
        now=now,
        data={
            "total": str(receipt.total),
            "currency": receipt.currency,
            "points": claim.points,
            "store_name": receipt.store.name,
        },
        subject_type="receipt",
        subject_id=receipt.public_id,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    buyer: Buyer
    came_back: tuple[Back, ...]
    shelf: Shelf


def _look_around(
    receipt: Receipt, member: Member, rows: Sequence[ReceiptLine]
) -> _Found:
    """Return what the version in force then asks about the member and the articles."""
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, [[row.sku for row in rows], member.pk, receipt.pk])
        tier, is_first, born_on, came_back, articles = cursor.fetchone()
    return _Found(
        buyer=Buyer(member.pk, member.status, tier, bool(is_first), born_on),
        came_back=records.came_back_from(json.loads(came_back)),
        shelf=records.shelf_from(receipt.store.kind, articles),
    )


def _club(programme: Programme) -> Club:
    return Club(
        programme_id=programme.pk,
        currency=programme.currency,
        country=programme.country,
        zone=programme.zone,
    )


def _share(rows: Sequence[ReceiptLine], claim: Claim, member: Member) -> None:
    """Write what each line gave, as when it had come in by name."""
    for row, earned, share, by_voucher in zip(
        rows, claim.lines, claim.line_points, claim.by_voucher, strict=True
    ):
        row.member_id = member.pk
        row.points = share
        row.voucher_paid = by_voucher
        if row.kind == LineKind.PURCHASE:
            row.is_eligible = earned.is_eligible
            row.rate = earned.rate
            row.multipliers = list(earned.multipliers)
    ReceiptLine.objects.bulk_update(
        rows,
        ["points", "member", "voucher_paid", "is_eligible", "rate", "multipliers"],
    )


def _follow(
    receipt: Receipt,
    member: Member,
    rule: EarningRule | None,
    claim: Claim,
    shelf: Shelf,
    bought: ReceiptIn,
    now: datetime,
) -> None:
    """Do what follows a purchase: points live on, tiers count, cards get stamps."""
    zone = receipt.programme.zone
    at = receipt.purchased_at
    with connection.cursor() as cursor:
        idle = points_rules.idle_months(rule) if rule else None
        if idle is not None and records.buys(bought):
            cursor.execute(
                _KEEP_ALIVE,
                [member.pk, at, idle, zone.key, receipt.public_id, now],
            )
        cursor.execute(
            _COUNT,
            [
                member.pk,
                local_day(at, zone),
                claim.spend,
                claim.visits,
                claim.points,
                at,
                now,
            ],
        )
        lines = records.offer_lines(bought.lines, shelf)
        cursor.execute(
            _OFFERS,
            [
                receipt.programme_id,
                member.pk,
                receipt.public_id,
                receipt.store_id,
                at,
                now,
                json.dumps(lines),
                receipt.programme_id,
            ],
        )

"""Give earlier receipts to the one who proves the phone or card they name."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from common import blind
from members import events
from members.models import Event, Identifier, Member
from points import rules as points_rules
from points.models import Entry
from points.selectors import value_of
from points.services import post
from purchases import kinds, rules
from purchases.models import Receipt, ReceiptLine
from purchases.rules import ContactKind, LineKind

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
    rule = value_of(receipt.rule) if receipt.rule else None
    points = rules.claimed_points(
        eligible=receipt.eligible, returned=receipt.returned_eligible, rule=rule
    )
    receipt.member = member
    receipt.points = points
    receipt.claimed_at = now
    receipt.contact_index = None
    receipt.save(update_fields=["member", "points", "claimed_at", "contact_index"])
    _share(receipt, points)
    if points and rule is not None:
        posted = post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=points,
            key=f"receipt:{receipt.public_id}",
            at=receipt.purchased_at,
            rule_id=rule.id,
            expires_at=points_rules.expires_at(
                receipt.purchased_at, rule, receipt.programme.zone
            ),
            source_type="receipt",
            source_id=receipt.public_id,
            now=now,
        )
        Receipt.objects.filter(pk=receipt.pk).update(balance_after=posted.balance_after)
    events.record(
        member_id=member.pk,
        kind=kinds.CLAIMED,
        at=receipt.purchased_at,
        now=now,
        data={
            "total": str(receipt.total),
            "currency": receipt.currency,
            "points": points,
            "store_name": receipt.store.name,
        },
        subject_type="receipt",
        subject_id=receipt.public_id,
    )


def _share(receipt: Receipt, points: int) -> None:
    """Divide the points over the lines that earn, as when it had come in by name."""
    lines = list(ReceiptLine.objects.filter(receipt=receipt).order_by("number"))
    weights = [
        line.gross_paid
        if line.is_eligible and line.kind == LineKind.PURCHASE
        else Decimal(0)
        for line in lines
    ]
    shares = points_rules.shares(points, weights)
    for line, share in zip(lines, shares, strict=True):
        line.points = share
        line.member_id = receipt.member_id
    ReceiptLine.objects.bulk_update(lines, ["points", "member"])

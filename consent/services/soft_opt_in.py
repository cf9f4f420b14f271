"""Marketing of own similar goods to somebody who bought (ePrivacy art. 13(2)).

A ground of its own beside consent (SE MFL 19 section 2, DK MFL section 10(2)): it rests
on a purchase at which the contact was got, only where the customer could refuse there
and then and did not, and never stands against a no that was said before.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Purpose,
    Text,
)
from consent.selectors import find_permission
from consent.services.entries import MEMBER, YES, record_entry
from members.models import Member

FindReceipt = Callable[[Member, UUID], datetime | None]

_NO = frozenset(
    {
        ConsentEntry.Action.REFUSED,
        ConsentEntry.Action.WITHDRAWN,
        ConsentEntry.Action.OBJECTED,
    }
)
_ELECTRONIC_MAIL = frozenset(MESSAGE_CHANNELS)

_find_receipt: list[FindReceipt] = []


class NoCustomerRelation(ValueError):
    """Raised when this ground does not hold; `code` says why.

    no_chance_to_refuse, not_electronic_mail, refused_before, no_such_receipt or
    bought_later.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def register_receipts(find: FindReceipt) -> None:
    """Let the room that keeps receipts tell when a member's was made; None: not theirs.

    Call it in `AppConfig.ready()`.
    """
    _find_receipt[:] = [find]


def when_bought(member: Member, receipt_id: UUID) -> datetime | None:
    """Return when a member made a purchase; None if it is not theirs or no purchase."""
    return _find_receipt[0](member, receipt_id) if _find_receipt else None


def record_soft_opt_in(
    *,
    member: Member,
    channel: str,
    receipt_id: UUID,
    bought_at: datetime,
    source: str,
    text: Text,
    could_refuse: bool,
    evidence: dict[str, Any],
    actor: str = MEMBER,
    at: datetime | None = None,
    now: datetime,
) -> ConsentEntry | None:
    """Note that a customer may be written to; None when they allow it already.

    `text` is what told them so and how to refuse; `at` is when, `now` unless said.

    Raises:
        NoCustomerRelation: the ground does not hold.
        TextMismatch: the text is not the one of marketing on this channel.
    """
    at = at or now
    if not could_refuse:
        raise NoCustomerRelation("no_chance_to_refuse")
    if channel not in _ELECTRONIC_MAIL:
        raise NoCustomerRelation("not_electronic_mail")
    if bought_at > at:
        raise NoCustomerRelation("bought_later")
    if _find_receipt and when_bought(member, receipt_id) is None:
        raise NoCustomerRelation("no_such_receipt")
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if _has_said_no(member, channel):
            raise NoCustomerRelation("refused_before")
        latest = find_permission(member, purpose=Purpose.MARKETING, channel=channel)
        if latest is not None and latest.action in YES:
            return None
        return record_entry(
            member=member,
            purpose=Purpose.MARKETING,
            channel=channel,
            action=ConsentEntry.Action.GIVEN,
            at=at,
            source=source,
            actor=actor,
            text=text,
            evidence={**evidence, "could_refuse": True},
            basis=ConsentEntry.Basis.SOFT_OPT_IN,
            receipt_id=receipt_id,
            now=now,
        )


def _has_said_no(member: Member, channel: str) -> bool:
    """Tell whether the member's own last word was no, or they ever objected to it all.

    A yes that became too old is no word of theirs.
    """
    words = ConsentEntry.objects.filter(member=member, purpose=Purpose.MARKETING)
    if words.filter(channel=Channel.ANY).exists():
        return True
    last = (
        words.filter(channel=channel)
        .exclude(action=ConsentEntry.Action.EXPIRED)
        .order_by("-at", "-pk")
        .first()
    )
    return last is not None and last.action in _NO

"""What members and staff do with vouchers; tills' receipts do theirs in SQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from common.ids import uuid7
from members.models import Member
from offers.models import Voucher, VoucherEvent
from offers.vouchers.log import tell
from offers.vouchers.steps import step_of, steps_at
from offers.vouchers.validity import CannotUse, Why, hold, refusing, why_not
from points import services as ledger
from points.models import Entry
from points.selectors import find_rule, runs_down_until
from stores.models import Staff, Store

# A purchase that is not finished lets its voucher go after so long.
RESERVED_FOR = timedelta(minutes=30)
# Goodwill is valid so long unless the giver says otherwise.
GIFT_VALID_DAYS = 90

_ISSUE = """
SELECT offers_issue(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s, %s)
"""
_REDEEM = "SELECT offers_redeem(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


class NoSuchStep(LookupError):
    """Raised when the version in force does not offer such a voucher for points."""


class NotReserved(Exception):
    """Raised when a voucher would be let go that this purchase does not hold."""


@dataclass(frozen=True, slots=True)
class Gift:
    """What a voucher gives: money off, or some goods with their words by language."""

    value: Decimal
    kind: Voucher.Kind = Voucher.Kind.MONEY
    needs_purchase: bool = True
    goods: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def choose_voucher(
    *,
    member: Member,
    points: int,
    version: int,
    key: str,
    now: datetime,
    until: date | None = None,
) -> Voucher:
    """Let a member turn points into a voucher; a repeated key gives the first one.

    `version` is that of the rule whose steps the member was shown, `until` the last day
    of better terms than its own, as in `Choices`: what they agreed to is what they get,
    or nothing.

    Raises:
        NoSuchStep: the version in force is another, has no such step, or its better
            terms are over since.
        points.services.InsufficientPoints: there are fewer usable points.
        points.services.PointsHeld: they cannot be used yet.
    """
    with transaction.atomic():
        # A second tap waits here, and then finds what the first one made.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        made = Voucher.objects.filter(member=member, key=key).first()
        if made is not None:
            return made
        rule = find_rule(programme_id=member.programme_id, at=now)
        step = step_of(points=points, version=version, rule_steps=steps_at(member, now))
        if (
            rule is None
            or step is None
            or until != runs_down_until(member.programme, now)
        ):
            raise NoSuchStep
        public_id = uuid7()
        posted = ledger.post(
            member_id=member.pk,
            kind=Entry.Kind.SPEND,
            points=-step.points,
            key=f"voucher:{public_id}",
            at=now,
            now=now,
            rule_id=rule.id,
            source_type="voucher",
            source_id=public_id,
        )
        terms = rule.terms.vouchers
        return _issue(
            member=member,
            public_id=public_id,
            gift=Gift(step.value, needs_purchase=step.needs_purchase),
            origin=Voucher.Origin.POINTS,
            points=step.points,
            entry_id=posted.entry_id,
            rule_id=rule.id,
            key=key,
            valid_days=terms.valid_days,
            grace_days=terms.grace_days,
            now=now,
        )


def give_voucher(
    *,
    member: Member,
    gift: Gift,
    reason: str,
    key: str,
    now: datetime,
    staff: Staff | None = None,
    store: Store | None = None,
    valid_days: int = GIFT_VALID_DAYS,
    grace_days: int = 0,
) -> Voucher:
    """Give a member a voucher out of goodwill; a repeated key gives the first one."""
    with transaction.atomic():
        return _issue(
            member=member,
            public_id=uuid7(),
            gift=gift,
            origin=Voucher.Origin.GOODWILL,
            key=key,
            valid_days=valid_days,
            grace_days=grace_days,
            store=store,
            staff=staff,
            reason=reason,
            now=now,
        )


def reserve_voucher(
    *,
    programme_id: int,
    code: str,
    key: str,
    now: datetime,
    store: Store | None = None,
    buyer: Member | None = None,
) -> Voucher:
    """Hold a voucher for a purchase that is not finished; its key may do so again.

    Where the buyer is known, it must be theirs.

    Raises:
        CannotUse: nobody has such a voucher, it is another member's, or it cannot be
            used now.
    """
    with transaction.atomic():
        voucher = _locked(programme_id, code)
        if buyer is not None and voucher.member_id != buyer.pk:
            raise CannotUse(Why.ANOTHERS)
        own = voucher.status == Voucher.Status.RESERVED and voucher.reserved_key == key
        if not own:
            why = why_not(voucher, at=now, now=now)
            if why is not None:
                raise CannotUse(why)
        voucher.status = Voucher.Status.RESERVED
        voucher.reserved_until = now + RESERVED_FOR
        voucher.reserved_key = key
        voucher.reserved_store = store
        voucher.save(
            update_fields=[
                "status",
                "reserved_until",
                "reserved_key",
                "reserved_store",
            ]
        )
        if not own:
            tell(voucher, VoucherEvent.Kind.RESERVED, now=now, store=store)
    return voucher


def release_voucher(
    *, programme_id: int, code: str, key: str, now: datetime
) -> Voucher:
    """Let a voucher go that a purchase held and did not use; again changes nothing.

    Raises:
        CannotUse: nobody has such a voucher.
        NotReserved: another purchase holds it, or it was used.
    """
    with transaction.atomic():
        voucher = _locked(programme_id, code)
        if voucher.status == Voucher.Status.RESERVED and voucher.reserved_key == key:
            voucher.status = Voucher.Status.ISSUED
            voucher.reserved_until = None
            voucher.reserved_key = ""
            voucher.reserved_store = None
            voucher.save(
                update_fields=[
                    "status",
                    "reserved_until",
                    "reserved_key",
                    "reserved_store",
                ]
            )
            tell(voucher, VoucherEvent.Kind.RELEASED, now=now)
        elif voucher.status in {Voucher.Status.RESERVED, Voucher.Status.USED}:
            raise NotReserved
    return voucher


def redeem_voucher(
    *,
    programme_id: int,
    code: str,
    key: str,
    at: datetime,
    now: datetime,
    store: Store | None = None,
    buyer: Member | None = None,
) -> Voucher:
    """Use a voucher before its receipt comes; a repeated key uses nothing again.

    Where the buyer is known, it must be theirs. Where the store is, the receipt must be
    of it.

    Raises:
        CannotUse: nobody has such a voucher, it is another member's, or it cannot be
            used.
    """
    with refusing(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _REDEEM,
            [
                programme_id,
                code,
                buyer.pk if buyer else None,
                buyer is None,
                None,
                store.pk if store else None,
                key,
                at,
                now,
                None,
            ],
        )
        (voucher_id,) = cursor.fetchone()
    return Voucher.objects.get(pk=voucher_id)


def _locked(programme_id: int, code: str) -> Voucher:
    found = hold(programme_id=programme_id, code=code)
    if found is None:
        raise CannotUse(Why.UNKNOWN)
    return found


def _issue(
    *,
    member: Member,
    public_id: UUID,
    gift: Gift,
    origin: Voucher.Origin,
    key: str,
    valid_days: int,
    grace_days: int,
    now: datetime,
    points: int = 0,
    entry_id: int | None = None,
    rule_id: int | None = None,
    store: Store | None = None,
    staff: Staff | None = None,
    reason: str = "",
) -> Voucher:
    with connection.cursor() as cursor:
        cursor.execute(
            _ISSUE,
            [
                member.pk,
                public_id,
                gift.kind.value,
                gift.value,
                json.dumps(dict(gift.goods)),
                json.dumps(dict(gift.texts)),
                gift.needs_purchase,
                origin.value,
                points,
                entry_id,
                rule_id,
                None,
                key,
                valid_days,
                grace_days,
                now,
                store.pk if store else None,
                staff.pk if staff else None,
                reason,
            ],
        )
        (voucher_id,) = cursor.fetchone()
    return Voucher.objects.get(pk=voucher_id)

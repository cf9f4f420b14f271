"""Giving goodwill: points at once, a voucher together with the room that makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from common.ids import uuid7
from members import events
from members.models import Member
from points import rules as points_rules
from points import services as ledger
from points.goodwill import kinds, rules
from points.goodwill.allowances import AllowanceUsed, is_manager, use
from points.models import Entry, GoodwillGrant, GoodwillReason
from points.selectors import find_rule
from stores import audit
from stores.models import Staff, Store

LONGEST_NOTE = 200
_KEY_CONSTRAINT = "points_goodwillgrant_key"

__all__ = [
    "AllowanceUsed",
    "Ask",
    "KeyReused",
    "NotGrantable",
    "NotTheirs",
    "confirm",
    "find_given",
    "grant",
    "hold",
]


class NotGrantable(Exception):
    """Raised when the member, the amount or the club is such that nothing is given."""


class NotTheirs(Exception):
    """Raised when who approves is no manager of the store, or approves their own."""


class KeyReused(Exception):
    """Raised when a key was used before for something else."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody at a till wants to give, in the programme's currency.

    `key` is made by the screen, so that a second tap is the same grant. With
    `approved_by` it uses that manager's allowance, and not the person's own.
    """

    member: Member
    store: Store
    staff: Staff
    reason: GoodwillReason
    amount: Decimal
    key: UUID
    note: str = ""
    approved_by: Staff | None = None


def grant(ask: Ask, *, now: datetime) -> GoodwillGrant:
    """Give points worth at most the amount; a repeated key gives nothing more.

    Uses the allowance in the same transaction. The points lapse as those that are
    earned now, by the version in force.

    Raises:
        AllowanceUsed: less is left than that; says what, and whether a manager helps.
        NotTheirs: the one who approves may not.
        NotGrantable: no active member, no version in force, or less than one point.
        KeyReused: the key was another grant's.
    """

    def give(public_id: UUID) -> GoodwillGrant:
        rule = find_rule(programme_id=ask.store.programme_id, at=now)
        points = rules.points_worth(ask.amount, rule.point_value) if rule else 0
        if rule is None or points < 1:
            raise NotGrantable
        worth = points_rules.worth(points, rule)
        _use(ask, worth, now)
        posted = ledger.post(
            member_id=ask.member.pk,
            kind=Entry.Kind.GOODWILL,
            points=points,
            key=f"goodwill:{public_id}",
            at=now,
            now=now,
            rule_id=rule.id,
            expires_at=points_rules.expires_at(now, rule, ask.store.programme.zone),
            source_type="goodwill",
            source_id=public_id,
            reason=ask.reason.names.get(ask.member.language, ask.reason.name_en),
        )
        return GoodwillGrant(
            form=GoodwillGrant.Form.POINTS,
            points=points,
            worth=worth,
            entry_id=posted.entry_id,
        )

    with transaction.atomic():
        return confirm(held=_once(ask, give, now), now=now)


def hold(ask: Ask, *, now: datetime) -> GoodwillGrant:
    """Use the allowance for a voucher of the amount, which the caller makes now.

    Call it in a transaction, make the voucher (which may refer to the grant), and
    `confirm`: a grant that is not confirmed cannot be committed. One whose key was
    known comes with `confirmed_at` set, and has its voucher already.

    Raises:
        As `grant` does.
    """

    def give(_public_id: UUID) -> GoodwillGrant:
        if ask.amount <= 0:
            raise NotGrantable
        _use(ask, ask.amount, now)
        return GoodwillGrant(
            form=GoodwillGrant.Form.VOUCHER, points=0, worth=ask.amount
        )

    return _once(ask, give, now)


def confirm(*, held: GoodwillGrant, now: datetime) -> GoodwillGrant:
    """Make a grant whole: tell the member and the trail; twice changes nothing."""
    if held.confirmed_at is not None:
        return held
    held.confirmed_at = now
    held.save(update_fields=["confirmed_at"])
    events.record(
        member_id=held.member_id,
        kind=kinds.GIVEN,
        at=now,
        now=now,
        data={
            "form": held.form,
            "points": held.points,
            "worth": str(held.worth),
            "currency": held.currency,
            "reason": held.reason.names,
        },
        subject_type="goodwill",
        subject_id=held.public_id,
    )
    approver = held.approved_by
    audit.record(
        programme=held.store.programme,
        actor=held.staff,
        action=kinds.GRANTED,
        now=now,
        member_id=held.member.public_id,
        subject=f"store:{held.store.public_id}",
        data={
            "grant": held.public_id,
            "form": held.form,
            "worth": held.worth,
            "reason": held.reason.key,
            **({"approved_by": approver.public_id} if approver else {}),
        },
    )
    return held


def find_given(key: UUID) -> GoodwillGrant | None:
    """Return the grant with a key, or None."""
    found = GoodwillGrant.objects.select_related("reason", "member", "staff", "store")
    return found.filter(key=key).first()


def _once(
    ask: Ask, give: Callable[[UUID], GoodwillGrant], now: datetime
) -> GoodwillGrant:
    """Give what was asked for, or return what was given for the same key."""
    given = _replay(ask)
    if given is not None:
        return given
    _refuse(ask)
    public_id = uuid7()
    try:
        # A savepoint: what was used up before a refusal is given back.
        with transaction.atomic():
            made = give(public_id)
            made.public_id = public_id
            made.key = ask.key
            made.member, made.store, made.staff = ask.member, ask.store, ask.staff
            made.approved_by, made.reason = ask.approved_by, ask.reason
            made.note = " ".join(ask.note.split())[:LONGEST_NOTE]
            made.currency = ask.store.programme.currency
            made.at = now
            made.save(force_insert=True)
    except (AllowanceUsed, IntegrityError) as error:
        # The same tap may have come through beside this one, and used what was left.
        given = _replay(ask)
        if given is None:
            raise
        if isinstance(error, IntegrityError) and _KEY_CONSTRAINT not in str(error):
            raise
        return given
    return made


def _replay(ask: Ask) -> GoodwillGrant | None:
    given = find_given(ask.key)
    if given is None:
        return None
    same = (given.member_id, given.staff_id, given.reason_id) == (
        ask.member.pk,
        ask.staff.pk,
        ask.reason.pk,
    )
    if not same or given.worth > ask.amount:
        raise KeyReused
    return given


def _refuse(ask: Ask) -> None:
    if ask.member.status != Member.Status.ACTIVE:
        raise NotGrantable
    programme = ask.store.programme_id
    if {ask.member.programme_id, ask.reason.programme_id} != {programme}:
        raise NotGrantable
    if not ask.reason.is_active:
        raise NotGrantable
    approver = ask.approved_by
    if approver is not None and (
        approver.pk == ask.staff.pk
        or not approver.is_active
        or not is_manager(approver, ask.store)
    ):
        raise NotTheirs


def _use(ask: Ask, worth: Decimal, now: datetime) -> None:
    use(staff=ask.approved_by or ask.staff, store=ask.store, amount=worth, at=now)

"""What members and staff do with vouchers; tills' receipts do theirs in SQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from common.ids import uuid7
from common.periods import local_day, start_of_day
from members.models import Member
from offers.models import Voucher, VoucherEvent
from points import services as ledger
from points.models import EarningRule, Entry
from points.programme.terms import VoucherStep
from points.selectors import find_rule
from stores import audit
from stores.models import Programme, Staff, Store

VOIDED = "offers.voucher_voided"
REACTIVATED = "offers.voucher_reactivated"
# A purchase that is not finished lets its voucher go after so long.
RESERVED_FOR = timedelta(minutes=30)
# How long a voucher is valid that customer service made valid again.
VALID_AGAIN_DAYS = 14
# Goodwill is valid so long unless the giver says otherwise.
GIFT_VALID_DAYS = 90

_ISSUE = """
SELECT offers_issue(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
    %s, %s)
"""
_REDEEM = "SELECT offers_redeem(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_WHY_NOT = "SELECT offers_why_not(v, %s, %s) FROM offers_voucher v WHERE v.id = %s"
_TELL = """
SELECT offers_tell(v, %s, %s, %s, %s, NULL, %s, %s, %s)
FROM offers_voucher v WHERE v.id = %s
"""


class Why(StrEnum):
    """Why a voucher cannot be used; the SQLSTATE that the database says it by."""

    UNKNOWN = "SKV01"
    USED = "SKV02"
    EXPIRED = "SKV03"
    ANOTHERS = "SKV04"
    NEEDS_PURCHASE = "SKV05"
    RESERVED = "SKV06"
    WITHDRAWN = "SKV07"
    GOODS_MISSING = "SKV08"
    NOT_YET = "SKV09"
    HELD = "SKV10"


class CannotUse(Exception):
    """Raised when a voucher cannot be used; `why` says why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.name)
        self.why = why


class NoSuchStep(LookupError):
    """Raised when the version in force does not offer such a voucher for points."""


class NotReserved(Exception):
    """Raised when a voucher would be let go that this purchase does not hold."""


class CannotChange(Exception):
    """Raised when staff would void or reactivate what cannot be; `why` says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Gift:
    """What a voucher gives: money off, or some goods with their words by language."""

    value: Decimal
    kind: Voucher.Kind = Voucher.Kind.MONEY
    needs_purchase: bool = True
    goods: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def choose_voucher(
    *, member: Member, points: int, version: int, key: str, now: datetime
) -> Voucher:
    """Let a member turn points into a voucher; a repeated key gives the first one.

    `version` is that of the rule whose steps the member was shown: what they agreed to
    is what they get, or nothing.

    Raises:
        NoSuchStep: the version in force is another, or has no such step.
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
        if rule is None or step is None:
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
) -> Voucher:
    """Hold a voucher for a purchase that is not finished; its key may do so again.

    Raises:
        CannotUse: nobody has such a voucher, or it cannot be used now.
    """
    with transaction.atomic():
        voucher = _locked(programme_id, code)
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
            _tell(voucher, VoucherEvent.Kind.RESERVED, now=now, store=store)
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
            _tell(voucher, VoucherEvent.Kind.RELEASED, now=now)
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
) -> Voucher:
    """Use a voucher before its receipt comes; a repeated key uses nothing again.

    Raises:
        CannotUse: nobody has such a voucher, or it cannot be used.
    """
    with refusing(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _REDEEM,
            [
                programme_id,
                code,
                None,
                True,
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


def void_voucher(
    *, voucher: Voucher, staff: Staff, reason: str, now: datetime
) -> Voucher:
    """Withdraw a voucher that nobody has used, for a reason; points stay used.

    Raises:
        CannotChange: it was used, withdrawn or has lapsed.
    """
    with transaction.atomic():
        voucher = Voucher.objects.select_for_update().get(pk=voucher.pk)
        if voucher.status not in {Voucher.Status.ISSUED, Voucher.Status.RESERVED}:
            raise CannotChange("not_open")
        voucher.status = Voucher.Status.VOID
        voucher.reserved_until = None
        voucher.save(update_fields=["status", "reserved_until"])
        _tell(
            voucher,
            VoucherEvent.Kind.VOIDED,
            now=now,
            value=voucher.worth,
            staff=staff,
            reason=reason,
        )
        _audit(voucher, VOIDED, staff=staff, reason=reason, now=now)
    return voucher


def reactivate_voucher(
    *, voucher: Voucher, staff: Staff, reason: str, now: datetime
) -> Voucher:
    """Make a voucher valid again that was not used in time, for fourteen days.

    Raises:
        CannotChange: it is still valid, was used or withdrawn, or was made valid as
            often as its version of the programme lets.
    """
    with transaction.atomic():
        voucher = Voucher.objects.select_for_update().get(pk=voucher.pk)
        open_ = {Voucher.Status.ISSUED, Voucher.Status.LAPSED}
        if voucher.status not in open_ or voucher.expires_at > now:
            raise CannotChange("not_lapsed")
        if voucher.reactivations >= most_reactivations(voucher):
            raise CannotChange("too_often")
        zone = voucher.programme.zone
        today = local_day(now, zone)
        ends_on = today + timedelta(days=VALID_AGAIN_DAYS + 1)
        voucher.status = Voucher.Status.ISSUED
        voucher.expires_at = start_of_day(ends_on, zone)
        voucher.grace_until = start_of_day(
            ends_on + timedelta(days=voucher.grace_days), zone
        )
        voucher.reminded_at = None
        voucher.reactivations += 1
        voucher.save(
            update_fields=[
                "status",
                "expires_at",
                "grace_until",
                "reminded_at",
                "reactivations",
            ]
        )
        _tell(
            voucher,
            VoucherEvent.Kind.REACTIVATED,
            now=now,
            value=voucher.worth,
            staff=staff,
            reason=reason,
        )
        _audit(voucher, REACTIVATED, staff=staff, reason=reason, now=now)
    return voucher


# NIGHTLY

_AT_ONCE = 5000


def run_nightly(*, now: datetime, remind_days: int = 7) -> dict[str, int]:
    """Let go, lapse, remind, and issue what is due; safe to run twice.

    Issuing catches what no receipt brought about: points that waited until today.
    """
    return {
        "let_go": _batches("SELECT offers_let_go(%s, %s)", [now, _AT_ONCE]),
        "lapsed": _batches("SELECT offers_lapse(%s, %s)", [now, _AT_ONCE]),
        "reminded": _batches(
            "SELECT offers_remind(%s, %s, %s)", [now, remind_days, _AT_ONCE]
        ),
        "cards": _batches("SELECT offers_lapse_cards(%s, %s)", [now, _AT_ONCE]),
        "issued": issue_due(now=now),
    }


def issue_due(*, now: datetime) -> int:
    """Turn points into vouchers where the version in force asks nobody."""
    after, made = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT offers_members_due(%s, 500, %s)", [after, now])
            (members,) = cursor.fetchone()
            if not members:
                return made
            cursor.execute("SELECT offers_issue_due(%s, %s)", [members, now])
            made += cursor.fetchone()[0]
        after = members[-1]


def _batches(statement: str, arguments: Sequence[Any]) -> int:
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            (step,) = cursor.fetchone()
        if not step:
            return done
        done += step


# WHAT THE VERBS SHARE


def why_not(voucher: Voucher, *, at: datetime, now: datetime) -> Why | None:
    """Return why a voucher cannot be used, by the function that every channel asks."""
    with connection.cursor() as cursor:
        cursor.execute(_WHY_NOT, [at, now, voucher.pk])
        (why,) = cursor.fetchone()
    return None if why is None else Why(why)


@contextmanager
def refusing() -> Iterator[None]:
    """Raise the database's refusal of a voucher as `CannotUse`."""
    try:
        yield
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", "") or ""
        if state not in set(Why):
            raise
        raise CannotUse(Why(state)) from error


def steps_at(member: Member, now: datetime) -> tuple[int, list[VoucherStep]]:
    """Return the number of the version in force and its steps, smallest first."""
    row = (
        EarningRule.objects.filter(
            programme_id=member.programme_id,
            status=EarningRule.Status.PUBLISHED,
            starts_at__lte=now,
        )
        .order_by("-starts_at")
        .first()
    )
    if row is None:
        return 0, []
    with connection.cursor() as cursor:
        # The very steps that receipts go by.
        cursor.execute(
            "SELECT s.* FROM points_earningrule r, offers_steps(r) s"
            " WHERE r.id = %s ORDER BY s.points",
            [row.pk],
        )
        return row.version, [VoucherStep(*each) for each in cursor.fetchall()]


def step_of(
    *, points: int, version: int, rule_steps: tuple[int, list[VoucherStep]]
) -> VoucherStep | None:
    """Return the step of so many points, if the version is the one in force."""
    current, steps = rule_steps
    if version != current:
        return None
    return next((step for step in steps if step.points == points), None)


def most_reactivations(voucher: Voucher) -> int:
    """Return how often a voucher may be made valid again: as its version says.

    Vouchers that follow no version, of stamps and goodwill: by the one in force.
    """
    rule = find_rule(programme_id=voucher.programme_id)
    if voucher.rule is not None:
        stored = voucher.rule.terms.get("vouchers", {}).get("reactivations")
        if stored is not None:
            return int(stored)
    return rule.terms.vouchers.reactivations if rule else 1


def _locked(programme_id: int, code: str) -> Voucher:
    with connection.cursor() as cursor:
        cursor.execute("SELECT offers_code(%s)", [code])
        (stored,) = cursor.fetchone()
    found = (
        Voucher.objects.select_for_update(of=("self",))
        .filter(programme_id=programme_id, code=stored)
        .first()
    )
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


def _tell(
    voucher: Voucher,
    kind: VoucherEvent.Kind,
    *,
    now: datetime,
    value: Decimal = Decimal(0),
    store: Store | None = None,
    staff: Staff | None = None,
    reason: str = "",
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            [
                kind.value,
                value,
                now,
                now,
                store.pk if store else None,
                staff.pk if staff else None,
                reason,
                voucher.pk,
            ],
        )


def _audit(
    voucher: Voucher, action: str, *, staff: Staff, reason: str, now: datetime
) -> None:
    programme: Programme = voucher.programme
    audit.record(
        programme=programme,
        actor=staff,
        action=action,
        now=now,
        member_id=voucher.member.public_id,
        subject=str(voucher.public_id),
        reason=reason,
        data={"value": str(voucher.worth)},
    )

"""What staff do at the till: identify, look up, register. Each leaves a trace."""

from datetime import datetime

from django.db import transaction

from common import limits as buckets
from enrolment import services as enrolment
from members import cards, phones
from members.models import Member
from members.selectors import find_by_card_token, find_by_number, find_by_phone
from messaging.limits import allowed_countries
from messaging.services import SmsRefused
from stores import audit
from stores.models import Staff, TillDevice
from stores.services import check_pin
from till import actions, limits, rules
from till.answers import Answer, Outcome

_BY_STATUS = {
    Member.Status.ACTIVE: Outcome.KNOWN,
    Member.Status.PENDING: Outcome.PENDING,
    Member.Status.LEFT: Outcome.LEFT,
    Member.Status.BLOCKED: Outcome.BLOCKED,
}


class PinRefused(Exception):
    """Raised when a PIN is not the person's."""


def identify_staff(
    *, device: TillDevice, staff: Staff, pin: str, now: datetime
) -> None:
    """Check a person's PIN on a device.

    Raises:
        PinRefused: it is not theirs.
        LimitReached: too many wrong ones on this device or for this person.
    """
    tries = [
        (limits.PINS_PER_DEVICE, str(device.public_id)),
        (limits.PINS_PER_PERSON, str(staff.public_id)),
    ]
    buckets.take(tries, now=now)
    if not check_pin(staff=staff, pin=pin):
        # Entered by nobody knows whom, so the device is who did it.
        audit.record(
            programme=device.store.programme,
            actor=device,
            action=actions.PIN_REFUSED,
            now=now,
            subject=f"staff:{staff.public_id}",
            data={"store": device.store.code},
        )
        raise PinRefused
    buckets.give_back(tries)
    _record(device, staff, actions.SIGNED_IN, now)


def sign_out_staff(*, device: TillDevice, staff: Staff, now: datetime) -> None:
    """Note that a person left the device."""
    _record(device, staff, actions.SIGNED_OUT, now)


def look_up(*, device: TillDevice, staff: Staff, typed: str, now: datetime) -> Answer:
    """Say who has exactly this mobile number, membership number or card.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    if rules.looks_like_card(typed):
        by, answer = "card", _by_card(device, typed, now)
    else:
        by, answer = _by_digits(device, typed)
    member = answer.member
    _record(
        device,
        staff,
        actions.LOOKED_UP,
        now,
        member=member,
        data={"by": by, "outcome": answer.outcome.value},
    )
    return answer


def register(
    *, device: TillDevice, staff: Staff, typed: str, language: str, now: datetime
) -> Answer:
    """Register a number and send it the join link.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    _by, answer = _by_digits(device, typed)
    if answer.outcome not in {Outcome.NEW, Outcome.LEFT}:
        return answer
    programme = device.store.programme
    try:
        with transaction.atomic():
            registration = enrolment.register_at_till(
                programme=programme,
                phone=answer.phone,
                store=device.store,
                device=device,
                staff=staff,
                language=language,
                now=now,
            )
            _record(device, staff, actions.REGISTERED, now, member=registration.member)
    except SmsRefused as refused:
        return Answer(Outcome.SMS_REFUSED, phone=answer.phone, message=str(refused))
    return Answer(Outcome.REGISTERED, registration.member, phone=answer.phone)


def resend(*, device: TillDevice, staff: Staff, typed: str, now: datetime) -> Answer:
    """Send the join link to a pending member once more.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    _by, answer = _by_digits(device, typed)
    if answer.outcome is not Outcome.PENDING or answer.member is None:
        return answer
    try:
        with transaction.atomic():
            enrolment.resend_link(
                member=answer.member,
                store=device.store,
                device=device,
                staff=staff,
                now=now,
            )
            _record(device, staff, actions.LINK_RESENT, now, member=answer.member)
    except enrolment.TooSoon as error:
        return Answer(
            Outcome.TOO_SOON,
            answer.member,
            phone=answer.phone,
            retry_after=error.retry_after,
        )
    except SmsRefused as refused:
        return Answer(Outcome.SMS_REFUSED, phone=answer.phone, message=str(refused))
    return Answer(Outcome.RESENT, answer.member, phone=answer.phone)


def _take_lookup(device: TillDevice, now: datetime) -> None:
    subject = str(device.public_id)
    buckets.take(
        [
            (limits.LOOKUPS_PER_MINUTE, subject),
            (limits.LOOKUPS_PER_DAY, subject),
        ],
        now=now,
    )


def _by_card(device: TillDevice, token: str, now: datetime) -> Answer:
    member = find_by_card_token(programme=device.store.programme, token=token, now=now)
    if member is None or member.status == Member.Status.ERASED:
        return Answer(Outcome.CARD_UNKNOWN)
    return Answer(_BY_STATUS[Member.Status(member.status)], member)


def _by_digits(device: TillDevice, typed: str) -> tuple[str, Answer]:
    """Look for a membership number, then for a mobile number.

    Twelve digits that pass the check can still be a number typed with its country's
    code, so only one that is somebody's counts as a membership number.
    """
    programme = device.store.programme
    digits = "".join(typed.split())
    if cards.is_number(digits) and not rules.looks_international(typed):
        member = find_by_number(programme=programme, number=digits)
        if member is not None and member.status != Member.Status.ERASED:
            outcome = _BY_STATUS[Member.Status(member.status)]
            return "number", Answer(outcome, member)
    try:
        phone = phones.normalize(typed, country=programme.country)
    except phones.PhoneInvalid as error:
        return "phone", Answer(Outcome.NUMBER_INVALID, message=error.messages[0])
    member = find_by_phone(programme=programme, phone=phone)
    if member is not None:
        outcome = _BY_STATUS[Member.Status(member.status)]
        return "phone", Answer(outcome, member, phone=phone)
    if phones.country_of(phone) not in allowed_countries(programme):
        return "phone", Answer(Outcome.COUNTRY_CLOSED, phone=phone)
    return "phone", Answer(Outcome.NEW, phone=phone)


def _record(
    device: TillDevice,
    staff: Staff,
    action: str,
    now: datetime,
    *,
    member: Member | None = None,
    data: dict[str, str] | None = None,
) -> None:
    audit.record(
        programme=device.store.programme,
        actor=staff,
        action=action,
        now=now,
        member_id=member.public_id if member else None,
        subject=f"device:{device.public_id}",
        data={"store": device.store.code, **(data or {})},
    )

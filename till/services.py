"""What staff do at the till: identify, look up, register. Each leaves a trace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from common import limits as buckets
from common.ids import uuid7
from consent.models import Channel
from enrolment import services as enrolment
from members.models import Member
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from stores import audit
from stores.models import Staff, TillDevice
from stores.services import check_pin
from till import actions, finding, limits, names, selectors
from till.answers import Answer, Outcome


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
    prove_pin(device=device, staff=staff, pin=pin, now=now)
    _record(device, staff, actions.SIGNED_IN, now)


def prove_pin(*, device: TillDevice, staff: Staff, pin: str, now: datetime) -> None:
    """Check a person's PIN on a device without signing them in.

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


def sign_out_staff(*, device: TillDevice, staff: Staff, now: datetime) -> None:
    """Note that a person left the device."""
    _record(device, staff, actions.SIGNED_OUT, now)


def look_up(*, device: TillDevice, staff: Staff, typed: str, now: datetime) -> Answer:
    """Say who has exactly this mobile number, membership number or card.

    Of a number whose member has not been heard of for long, nothing is said but that.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    by, answer = _find(device, typed, now)
    _record(
        device,
        staff,
        actions.LOOKED_UP,
        now,
        member=answer.member,
        data={"by": by, "outcome": answer.outcome.value},
    )
    return answer


def search_names(
    *, device: TillDevice, staff: Staff, first: str, last: str, now: datetime
) -> Answer:
    """Say which few members have names that begin so; for managers only.

    The trail keeps how much was typed, not what.

    Raises:
        LimitReached: the device has searched or asked too often.
    """
    searched = names.read(first=first, last=last)
    if searched is None:
        return Answer(Outcome.NAME_SHORT)
    buckets.take([(limits.NAMES_PER_HOUR, str(device.public_id))], now=now)
    hits = selectors.list_named(device.store.programme, searched)
    many = len(hits) > selectors.MOST_NAMED
    _record(
        device,
        staff,
        actions.SEARCHED_NAME,
        now,
        data={
            "first_letters": len(searched.first),
            "last_letters": len(searched.last),
            "hits": "more" if many else str(len(hits)),
        },
    )
    if many:
        return Answer(Outcome.NAMES_MANY)
    return Answer(Outcome.NAMES, hits=tuple(hits))


def choose(
    *, device: TillDevice, staff: Staff, member_id: UUID, now: datetime
) -> Answer:
    """Show one of the members that a search by name found.

    Raises:
        LimitReached: the device has asked too often.
        Member.DoesNotExist: there is none with this id.
    """
    _take_lookup(device, now)
    member = Member.objects.select_related("programme", "merged_into").get(
        programme=device.store.programme, public_id=member_id
    )
    answer = finding.answer_about(member)
    if answer is None:
        raise Member.DoesNotExist
    _record(
        device,
        staff,
        actions.LOOKED_UP,
        now,
        member=answer.member,
        data={"by": "name", "outcome": answer.outcome.value},
    )
    return answer


def register(
    *, device: TillDevice, staff: Staff, typed: str, language: str, now: datetime
) -> Answer:
    """Register a number and send it the join link.

    Asked again, after an answer that was lost on the way, it gives the same one.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    _by, answer = _find(device, typed, now)
    if selectors.was_registered_just_now(answer, device=device, now=now):
        return Answer(Outcome.REGISTERED, answer.member, phone=answer.phone)
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
    _by, answer = _find(device, typed, now)
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


def ask_for_proof(
    *, device: TillDevice, staff: Staff, typed: str, now: datetime
) -> Answer:
    """Send a number that was silent for long the way to show whose it is.

    Raises:
        LimitReached: the device has asked too often.
    """
    _take_lookup(device, now)
    _by, answer = _find(device, typed, now)
    member = answer.member
    if answer.outcome is not Outcome.SILENT or member is None:
        return answer
    try:
        with transaction.atomic():
            queue_message(
                programme=device.store.programme,
                member=member,
                channel=Channel.SMS,
                message_class=Message.Class.CODE,
                kind="number_check",
                language=member.language,
                address=answer.phone,
                context={"link": f"{settings.PUBLIC_URL.rstrip('/')}/me/sign-in/"},
                dedupe_key=f"number-check:{uuid7()}",
                now=now,
            )
            _record(device, staff, actions.PROOF_ASKED, now, member=member)
    except SmsRefused as refused:
        return Answer(Outcome.SMS_REFUSED, phone=answer.phone, message=str(refused))
    return Answer(Outcome.PROOF_SENT, phone=answer.phone)


def _take_lookup(device: TillDevice, now: datetime) -> None:
    subject = str(device.public_id)
    buckets.take(
        [
            (limits.LOOKUPS_PER_MINUTE, subject),
            (limits.LOOKUPS_PER_DAY, subject),
        ],
        now=now,
    )


def _find(device: TillDevice, typed: str, now: datetime) -> tuple[str, Answer]:
    return finding.find(programme=device.store.programme, typed=typed, now=now)


def _record(
    device: TillDevice,
    staff: Staff,
    action: str,
    now: datetime,
    *,
    member: Member | None = None,
    data: dict[str, Any] | None = None,
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

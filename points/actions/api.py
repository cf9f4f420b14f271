"""Events of members that other systems send."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.codes import fault_words
from common.idempotency import hash_body
from common.problems import Fault, Problem, invalid
from members import phones
from members.models import Identifier, Member
from members.selectors import (
    find_by_card_token,
    find_by_email,
    find_by_identifier,
    find_by_number,
    find_by_phone,
)
from points.actions import documents, services
from stores.authentication import Caller
from stores.models import Programme

LONGEST_NAME = 40
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*\Z")
_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
_LONGEST_CONTACT = 254
# Clocks of other systems go a little before ours.
_AHEAD = timedelta(minutes=5)
_CONTACTS = ("mobile", "email", "memberNumber", "card", "cardToken")
_GONE = frozenset({Member.Status.ERASED, Member.Status.LEFT})


@dataclass(frozen=True, slots=True)
class _Sent:
    name: str
    external_id: str
    at: datetime


class Events(ApiView):
    """What members did outside the club's own shops and pages."""

    scopes = {"POST": "events:write"}

    @extend_schema(**documents.SEND_EVENT)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Write an event on a member's timeline, once for its name and id."""
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        body = read_json(request)
        sent = _read(body, now)
        member = _member(body, caller, now)
        try:
            received = services.receive(
                member=member,
                name=sent.name,
                external_id=sent.external_id,
                at=sent.at,
                body_hash=hash_body(body),
                now=now,
            )
        except services.EventIdReused:
            raise Problem(
                status=409,
                code="event_id_reused",
                title=_(
                    "An event with this name and id was sent before, and it was "
                    "another one."
                ),
            ) from None
        return answer(
            {
                "id": str(received.event_id),
                "memberId": str(received.member_id),
                "event": sent.name,
                "isNew": received.is_new,
            },
            status=201 if received.is_new else 200,
        )


def _read(body: object, now: datetime) -> _Sent:
    if not isinstance(body, dict):
        raise _invalid("/", "not_an_object")
    name, external_id = body.get("event"), body.get("id")
    faults = []
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not _NAME.match(name):
        faults.append(_fault_at("/event", "event_name_malformed"))
    if not isinstance(external_id, str) or not _ID.match(external_id):
        faults.append(_fault_at("/id", "event_id_malformed"))
    at = _moment(body.get("at"))
    if at is None:
        faults.append(_fault_at("/at", "time_malformed"))
    elif at > now + _AHEAD:
        faults.append(_fault_at("/at", "time_in_future"))
    if ("memberId" in body) == ("contact" in body):
        faults.append(_fault_at("/", "member_or_contact"))
    if faults or at is None:
        raise invalid(faults)
    return _Sent(str(name), str(external_id), at)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = parse_datetime(value)
    except ValueError:
        return None
    # The first and last days of the calendar cannot be told in another zone.
    if at is None or timezone.is_naive(at) or not 1970 < at.year < 9999:
        return None
    return at


def _member(body: dict[str, Any], caller: Caller, now: datetime) -> Member:
    programme = Programme.objects.get(pk=caller.programme_id)
    found = (
        _by_id(body["memberId"], programme)
        if "memberId" in body
        else _by_contact(body["contact"], programme, now)
    )
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    if found is None or found.status in _GONE:
        raise Problem(
            status=404, code="member_not_found", title=_("The club has no such member.")
        )
    return found


def _by_id(value: object, programme: Programme) -> Member | None:
    try:
        public_id = UUID(str(value))
    except ValueError:
        raise _invalid("/memberId", "not_an_id") from None
    return Member.objects.filter(programme=programme, public_id=public_id).first()


def _by_contact(contact: object, programme: Programme, now: datetime) -> Member | None:
    if not isinstance(contact, dict):
        raise _invalid("/contact", "not_an_object")
    given = [name for name in _CONTACTS if contact.get(name)]
    if len(given) != 1:
        raise _invalid("/contact", "exactly_one")
    (by,) = given
    value = contact[by]
    if not isinstance(value, str):
        raise _invalid(f"/contact/{by}", "not_text")
    value = value.strip().replace("\x00", "")
    if len(value) > _LONGEST_CONTACT:
        raise _invalid(f"/contact/{by}", "too_long")
    if by == "mobile":
        return find_by_phone(programme=programme, phone=_phone(value, programme))
    if by == "email":
        return find_by_email(programme=programme, email=value)
    if by == "cardToken":
        return find_by_card_token(programme=programme, token=value, now=now)
    # A card is the member's own number or another card of theirs.
    return find_by_number(programme=programme, number=value) or find_by_identifier(
        programme=programme,
        kind=Identifier.Kind.CARD,
        value="".join(value.split()).upper(),
    )


def _phone(value: str, programme: Programme) -> str:
    try:
        return phones.normalize(value, country=programme.country)
    except phones.PhoneInvalid:
        raise _invalid("/contact/mobile", "phone_malformed") from None


def _fault_at(pointer: str, code: str) -> Fault:
    return Fault(pointer, code, fault_words(code))


def _invalid(pointer: str, code: str) -> Problem:
    return invalid([_fault_at(pointer, code)])

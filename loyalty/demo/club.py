"""Enrol the demo club's members, all at once, with their permissions and timeline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from common.ids import uuid7
from consent import kinds as consent_kinds
from consent import services as consent
from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Purpose,
    TermsAcceptance,
    Text,
)
from consent.selectors import current_text
from enrolment.models import Registration
from loyalty.demo.names import Person
from members import cards, kinds
from members import services as members
from members.models import Event, Member
from stores.models import Programme, RoleGrant, Store
from stores.roles import Role

ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How somebody came into the club; without a person they are still pending."""

    person: Person | None
    phone: str
    shop: str
    language: str
    source: str
    registered_at: datetime
    activated_at: datetime | None
    left_at: datetime | None = None
    birthday_on: date | None = None
    says_yes_to_sms: bool = False
    says_yes_to_email: bool = False

    @property
    def answers(self) -> dict[str, bool]:
        return {
            Channel.SMS: self.says_yes_to_sms,
            Channel.EMAIL: self.says_yes_to_email,
        }


def enrol(
    *, programme: Programme, enrolments: Sequence[Enrolment], now: datetime
) -> int:
    """Enrol those who are not members yet; return how many were.

    The rows are those of `members.services` and `consent.services`, written as sets:
    a test holds the two together.
    """
    known = set(
        Member.objects.filter(programme=programme).values_list("phone", flat=True)
    )
    stores = {store.code: store for store in Store.objects.filter(programme=programme)}
    new = [each for each in enrolments if each.phone not in known]
    with transaction.atomic():
        numbers = _numbers(programme, len(new))
        made = [
            _member(programme, each, stores[each.shop], number)
            for each, number in zip(new, numbers, strict=True)
        ]
        Member.objects.bulk_create(made, ROWS_AT_ONCE)
        pairs = list(zip(made, new, strict=True))
        Registration.objects.bulk_create(
            _registrations(programme, pairs, now), ROWS_AT_ONCE
        )
        acts = _acts(programme, pairs)
        ConsentEntry.objects.bulk_create([entry for entry, _text in acts], ROWS_AT_ONCE)
        TermsAcceptance.objects.bulk_create(
            _acceptances(programme, pairs), ROWS_AT_ONCE
        )
        events = [
            *(event for member, each in pairs for event in _events(member, each, now)),
            *(_consent_event(entry, text, now) for entry, text in acts),
        ]
        Event.objects.bulk_create(sorted(events, key=lambda e: e.at), ROWS_AT_ONCE)
    return len(made)


def part(*, programme: Programme, enrolments: Sequence[Enrolment]) -> int:
    """Let those leave who are to have left; return how many did."""
    leaving = {each.phone: each.left_at for each in enrolments if each.left_at}
    still_in = Member.objects.filter(
        programme=programme, phone__in=leaving, status=Member.Status.ACTIVE
    )
    for member in still_in:
        when = leaving[member.phone]
        if when is not None:
            members.leave(member=member, now=when)
    return len(still_in)


def _numbers(programme: Programme, count: int) -> list[str]:
    """Draw free membership numbers, each once."""
    members = Member.objects.filter(programme=programme)
    taken = set(members.values_list("number", flat=True))
    drawn: set[str] = set()
    while len(drawn) < count:
        number = cards.new_number()
        if number not in taken:
            drawn.add(number)
    return list(drawn)


def _member(programme: Programme, each: Enrolment, store: Store, number: str) -> Member:
    details: dict[str, Any] = {}
    if each.person is not None and each.activated_at is not None:
        details = {
            "status": Member.Status.ACTIVE,
            "first_name": each.person.first_name,
            "last_name": each.person.last_name,
            "email": each.person.email,
            "birthday_on": each.birthday_on,
            "activated_at": each.activated_at,
            "phone_verified_at": each.activated_at,
        }
    return Member(
        programme=programme,
        number=number,
        phone=each.phone,
        language=each.language,
        source=each.source,
        registered_store=store,
        home_store=store,
        registered_at=each.registered_at,
        **details,
    )


def _reminded_at(each: Enrolment, now: datetime) -> datetime | None:
    due = each.registered_at + timedelta(days=settings.UNFINISHED_REMIND_DAYS)
    return due if each.activated_at is None and due < now else None


def _registrations(
    programme: Programme, pairs: list[tuple[Member, Enrolment]], now: datetime
) -> list[Registration]:
    """Return how each came in; at the till through one of the store's people."""
    working: dict[int, list[int]] = {}
    grants = RoleGrant.objects.filter(
        staff__programme=programme, role=Role.STORE_STAFF, staff__is_active=True
    ).order_by("staff_id")
    for store, staff in grants.values_list("store_id", "staff_id"):
        working.setdefault(store, []).append(staff)
    outcomes, ways = Registration.Outcome, Registration.Way
    made = []
    for place, (member, each) in enumerate(pairs):
        is_till = each.source == Member.Source.TILL
        people = working.get(member.registered_store_id or 0, []) if is_till else []
        made.append(
            Registration(
                programme=programme,
                member=member,
                # Who came by the web did so at a poster, as most do.
                way=ways.POSTER if each.source == Member.Source.WEB else each.source,
                store=member.registered_store,
                staff_id=people[place % len(people)] if people else None,
                started_at=each.registered_at,
                outcome=outcomes.FINISHED if each.activated_at else outcomes.OPEN,
                ended_at=each.activated_at,
                # Reminded when it was due, not all on the day the demo is loaded.
                reminded_at=_reminded_at(each, now),
            )
        )
    return made


def _events(member: Member, each: Enrolment, now: datetime) -> Iterator[Event]:
    store = member.registered_store
    if store is not None:
        yield Event(
            member=member,
            kind=kinds.REGISTERED,
            at=each.registered_at,
            recorded_at=now,
            data={"source": each.source, "store_name": store.name},
            subject_type="store",
            subject_id=store.public_id,
        )
    if each.activated_at is not None:
        yield Event(
            member=member, kind=kinds.ACTIVATED, at=each.activated_at, recorded_at=now
        )


def _acts(
    programme: Programme, pairs: list[tuple[Member, Enrolment]]
) -> list[tuple[ConsentEntry, Text]]:
    texts = {
        (str(channel), language): current_text(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=channel,
            language=language,
        )
        for channel in MESSAGE_CHANNELS
        for language in {each.language for _member, each in pairs}
    }
    action = ConsentEntry.Action
    return [
        (
            ConsentEntry(
                public_id=uuid7(),
                member=member,
                purpose=Purpose.MARKETING,
                channel=channel,
                action=action.GIVEN if says_yes else action.REFUSED,
                at=each.activated_at,
                source=ConsentEntry.Source.DEMO,
                actor=consent.MEMBER,
                text=texts[channel, each.language],
            ),
            texts[channel, each.language],
        )
        for member, each in pairs
        if each.activated_at is not None
        for channel, says_yes in each.answers.items()
    ]


def _consent_event(entry: ConsentEntry, text: Text, now: datetime) -> Event:
    is_given = entry.action == ConsentEntry.Action.GIVEN
    return Event(
        member=entry.member,
        kind=consent_kinds.GIVEN if is_given else consent_kinds.REFUSED,
        at=entry.at,
        recorded_at=now,
        data={
            "purpose": entry.purpose,
            "channel": entry.channel,
            "source": entry.source,
            "text_version": text.version,
        },
        subject_type="consent_entry",
        subject_id=entry.public_id,
    )


def _acceptances(
    programme: Programme, pairs: list[tuple[Member, Enrolment]]
) -> list[TermsAcceptance]:
    terms = {
        language: current_text(
            programme=programme, kind=Text.Kind.TERMS, language=language
        )
        for language in {each.language for _member, each in pairs}
    }
    return [
        TermsAcceptance(
            member=member,
            text=terms[each.language],
            at=each.activated_at,
            source=ConsentEntry.Source.DEMO,
        )
        for member, each in pairs
        if each.activated_at is not None
    ]

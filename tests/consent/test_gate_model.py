"""The gate beside a model of its rules that shares nothing with it.

Members with random pasts are asked about from random moments. Each is decided by the
database for one, by the database for the whole club, and by the plain code below.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from consent import contact, gate
from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Contact,
    ContactPolicy,
    ContactPreference,
    Purpose,
    Suppression,
    Text,
)
from consent.selectors import current_text
from members.models import Member
from tests.factories.consent import publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

START = datetime(2026, 1, 5, tzinfo=UTC)
ACTIONS = [choice.value for choice in ConsentEntry.Action]
QUESTIONS = [
    ("CODE", ""),
    ("SERVICE", ""),
    ("MARKETING", Purpose.MARKETING),
    ("SURVEY", Purpose.SURVEYS),
]


@dataclass
class Past:
    """All that is known of one member, as plain values."""

    status: str
    phone: str
    email: str
    born: date | None
    entries: list = field(default_factory=list)
    contacts: list = field(default_factory=list)
    blocked: dict = field(default_factory=dict)
    per_week: int | None = None
    snoozed_until: datetime | None = None
    restricted: bool = False


@dataclass
class Bounds:
    """The club's bounds."""

    zone: str
    quiet_from: time
    quiet_until: time
    per_week: int
    per_month: int
    gap_hours: int
    surveys_per_year: int
    youngest: int


def expected(past, bounds, channel, kind, purpose, now):
    """Return the answer by the rules as people say them, and when to ask again."""
    if past.status in {"ERASED", "MERGED"}:
        return "erased", None
    blocked = past.blocked.get(channel)
    if blocked == "ALL":
        return "suppressed", None
    if kind in {"CODE", "SERVICE"}:
        return kind.lower(), None
    said = [e for e in past.entries if e[0] == purpose and e[1] == channel]
    # The last word: the latest, and of two of one moment the one written later.
    last = (
        max(enumerate(said), key=lambda each: (each[1][3], each[0]))[1]
        if said
        else None
    )
    shut = [
        (past.status != "ACTIVE", "not_active"),
        (not (past.phone if channel == "SMS" else past.email), "no_address"),
        (blocked is not None, "suppressed"),
        (past.restricted, "restricted"),
        (
            past.born is not None and age(past.born, bounds, now) < bounds.youngest,
            "too_young",
        ),
        (last is None, "never_asked"),
    ]
    for is_shut, code in shut:
        if is_shut:
            return code, None
    if last[2] in {"REFUSED", "WITHDRAWN", "OBJECTED", "EXPIRED"}:
        return last[2].lower(), None
    return later(past, bounds, kind, now) or (
        "soft_opt_in" if last[4] == "SOFT_OPT_IN" else "consent_given",
        None,
    )


def later(past, bounds, kind, now):
    """Return why not now though it is allowed, and when to ask again."""
    if past.snoozed_until and past.snoozed_until > now:
        return "snoozed", past.snoozed_until
    until = quiet_until(bounds, now)
    if until:
        return "quiet_hours", until
    sent = sorted((at for _kind, at in past.contacts if at <= now), reverse=True)
    surveys = sorted(
        (at for what, at in past.contacts if what == "SURVEY" and at <= now),
        reverse=True,
    )
    budgets = [
        ("survey_budget", surveys, bounds.surveys_per_year, timedelta(days=365)),
        ("own_budget", sent, past.per_week, timedelta(days=7)),
        ("week_budget", sent, bounds.per_week, timedelta(days=7)),
        ("month_budget", sent, bounds.per_month, timedelta(days=30)),
        ("gap", sent, 1, timedelta(hours=bounds.gap_hours)),
    ]
    for code, moments, most, window in budgets:
        if most is None or (code == "survey_budget" and kind != "SURVEY"):
            continue
        recent = [at for at in moments if at > now - window]
        if len(recent) >= most:
            return code, moments[most - 1] + window if most else None
    return None


def age(born, bounds, now):
    """Return an age in whole years on the club's day."""
    today = now.astimezone(ZoneInfo(bounds.zone)).date()
    years = today.year - born.year
    return years - ((today.month, today.day) < (born.month, born.day))


def quiet_until(bounds, now):
    """Walk by minutes of the club's clock to where the quiet ends, if it is on."""
    zone = ZoneInfo(bounds.zone)
    local = now.astimezone(zone)

    def is_quiet(clock):
        if bounds.quiet_from < bounds.quiet_until:
            return bounds.quiet_from <= clock < bounds.quiet_until
        return clock >= bounds.quiet_from or clock < bounds.quiet_until

    if not is_quiet(local.time()):
        return None
    day = local.date()
    if local.time() >= bounds.quiet_until:
        day += timedelta(days=1)
    return datetime.combine(day, bounds.quiet_until, zone).astimezone(UTC)


# RANDOM PASTS


def random_bounds(rng):
    return Bounds(
        zone=rng.choice(["Europe/Stockholm", "Europe/Helsinki", "Atlantic/Faroe"]),
        quiet_from=rng.choice([time(20), time(21, 30), time(0), time(23, 59)]),
        quiet_until=rng.choice([time(8), time(9, 15), time(7)]),
        per_week=rng.choice([0, 1, 2, 3, 7]),
        per_month=rng.choice([0, 2, 4, 8]),
        gap_hours=rng.choice([0, 1, 20, 72]),
        surveys_per_year=rng.choice([0, 1, 2, 4]),
        youngest=rng.choice([13, 15, 16, 18]),
    )


def random_past(rng, number):
    past = Past(
        status=rng.choices(
            ["ACTIVE", "PENDING", "LEFT", "BLOCKED", "ERASED"], [12, 1, 1, 1, 1]
        )[0],
        phone=f"+467017{number:05d}" if rng.random() < 0.9 else "",
        email=f"m{number}@example.se" if rng.random() < 0.9 else "",
        born=START.date().replace(
            year=rng.randint(2005, 2015), month=rng.randint(1, 12)
        )
        if rng.random() < 0.4
        else None,
    )
    if past.status == "ERASED":
        past.phone = past.email = ""
    for _entry in range(rng.randint(0, 6)):
        purpose = rng.choice([Purpose.MARKETING, Purpose.MARKETING, Purpose.SURVEYS])
        action = rng.choices(ACTIONS, [8] + [1] * (len(ACTIONS) - 1))[0]
        is_soft = (
            purpose == Purpose.MARKETING and action == "GIVEN" and rng.random() < 0.2
        )
        past.entries.append(
            (
                purpose.value,
                rng.choice(MESSAGE_CHANNELS).value,
                action,
                # Of the same few days, so that moments meet.
                START + timedelta(days=rng.randint(-40, 0)),
                "SOFT_OPT_IN" if is_soft else "CONSENT",
            )
        )
    for _contact in range(rng.choice([0, 0, 1, 2, 3, 6, 9])):
        past.contacts.append(
            (
                rng.choice(["MARKETING", "MARKETING", "SURVEY"]),
                START - timedelta(hours=rng.choice([1, 3, 25, 100, 300, 700, 8000])),
            )
        )
    if rng.random() < 0.2:
        past.per_week = rng.choice([0, 1, 2])
    if rng.random() < 0.1:
        past.snoozed_until = START + timedelta(hours=rng.randint(-30, 60))
    past.restricted = rng.random() < 0.05
    if rng.random() < 0.15:
        channel = rng.choice(["SMS", "EMAIL"])
        if past.phone if channel == "SMS" else past.email:
            past.blocked[channel] = rng.choice(["ALL", "MARKETING"])
    return past


def write(rng, bounds, pasts):
    """Put the members and their pasts into the database."""
    programme = ProgrammeFactory(time_zone=bounds.zone)
    publish_texts(programme)
    ContactPolicy.objects.create(
        programme=programme,
        quiet_from=bounds.quiet_from,
        quiet_until=bounds.quiet_until,
        per_week=bounds.per_week,
        per_month=bounds.per_month,
        gap_hours=bounds.gap_hours,
        surveys_per_year=bounds.surveys_per_year,
        youngest_years=bounds.youngest,
        profiling_from_years=18,
        changed_at=START,
    )
    text = current_text(
        programme=programme,
        kind=Text.Kind.CONSENT,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        language="sv",
    )
    members = Member.objects.bulk_create(
        MemberFactory.build(
            programme=programme,
            status=past.status,
            phone=past.phone,
            email=past.email,
            birthday_on=past.born,
            first_name="" if past.status == "ERASED" else "Vera",
            last_name="" if past.status == "ERASED" else "Lind",
        )
        for past in pasts
    )
    both = list(zip(members, pasts, strict=True))
    entries = [
        (order, member, entry)
        for member, past in both
        for order, entry in enumerate(past.entries)
    ]
    # In any order of members, but each member's own in the order they were said.
    rng.shuffle(entries)
    entries.sort(key=lambda each: each[0])
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            member=member,
            purpose=purpose,
            channel=channel,
            action=action,
            at=at,
            basis=basis,
            receipt_id=uuid4() if basis == "SOFT_OPT_IN" else None,
            source="PORTAL",
            actor="member",
            text=text,
        )
        for _order, member, (purpose, channel, action, at, basis) in entries
    )
    Contact.objects.bulk_create(
        Contact(member=member, kind=kind, channel="SMS", at=at, message_id=uuid4())
        for member, past in both
        for kind, at in past.contacts
    )
    ContactPreference.objects.bulk_create(
        ContactPreference(
            member=member,
            per_week=past.per_week,
            snoozed_until=past.snoozed_until,
            restricted_at=START if past.restricted else None,
            changed_at=START,
        )
        for member, past in both
        if past.per_week is not None or past.snoozed_until or past.restricted
    )
    for _member, past in both:
        for channel, reach in past.blocked.items():
            contact.suppress(
                programme=programme,
                channel=channel,
                address=past.phone if channel == "SMS" else past.email,
                reach=reach,
                reason=Suppression.Reason.REQUEST,
                now=START,
            )
    return programme, members


def answers_for_all(programme, channel, kind, purpose, now):
    query, parameters = gate.query_for_all(
        programme=programme,
        channel=channel,
        message_class=kind,
        purpose=purpose,
        now=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {row[0]: (row[1], row[3]) for row in cursor.fetchall()}


def compare(seed, *, members, moments):
    """Ask about random members at random moments; return how many were decided."""
    rng = random.Random(seed)
    bounds = random_bounds(rng)
    pasts = [random_past(rng, number) for number in range(members)]
    programme, rows = write(rng, bounds, pasts)
    seen = set()
    decided = 0
    for _moment in range(moments):
        days = rng.choice([1, 2, 12])
        now = START + timedelta(minutes=rng.randint(0, 60 * 24 * days))
        for channel in MESSAGE_CHANNELS:
            for kind, purpose in QUESTIONS:
                everybody = answers_for_all(programme, channel, kind, purpose, now)
                some = gate.decide(
                    programme=programme,
                    members=[row.pk for row in rows],
                    channel=channel,
                    message_class=kind,
                    purpose=purpose,
                    now=now,
                )
                for row, past in zip(rows, pasts, strict=True):
                    answer = expected(past, bounds, channel, kind, purpose, now)
                    case = (seed, past, bounds, channel, kind, now)
                    assert everybody[row.pk] == answer, case
                    one = some[row.pk]
                    assert (one.code, one.retry_at) == answer, case
                    assert one.allowed == (one.code in gate.OPEN), case
                    seen.add(one.code)
                    decided += 1
    return decided, seen


@pytest.mark.django_db
class TestTheGate:
    def test_answers_as_its_rules_are_said(self):
        # The same pasts each time, so that every answer is sure to come up, and others.
        seeds = [*range(8), random.randrange(10**9)]
        decided, seen = 0, set()
        for seed in seeds:
            number, codes = compare(seed, members=70, moments=2)
            decided += number
            seen |= codes

        assert decided >= 10_000
        # Every answer came up, or the pasts would be too tame to show anything.
        assert seen == set(gate.Code)

    @pytest.mark.soak
    def test_answers_so_at_length(self):
        seed = random.randrange(10**9)

        decided = sum(
            compare(seed + step, members=200, moments=5)[0] for step in range(30)
        )

        assert decided >= 200_000

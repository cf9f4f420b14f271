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
    Channel,
    ConsentEntry,
    Contact,
    ContactPolicy,
    ContactPreference,
    Purpose,
    Suppression,
    Text,
    Topic,
    TopicWish,
)
from consent.selectors import current_text
from members.models import Member
from tests.factories.consent import publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

START = datetime(2026, 1, 5, tzinfo=UTC)
ACTIONS = [choice.value for choice in ConsentEntry.Action]
CHANNELS = [Channel.SMS, Channel.EMAIL, Channel.PHONE, Channel.POST, Channel.PUSH]
QUESTIONS = [
    ("CODE", ""),
    ("SERVICE", ""),
    ("MARKETING", "MARKETING"),
    ("MARKETING", "PROFILING"),
    ("MARKETING", "PARTNERS"),
    ("SURVEY", "SURVEYS"),
]
# How often each is asked: most of all what is hard to answer.
OFTEN = [1, 1, 6, 4, 2, 3]
YES = {"GIVEN", "CONFIRMED", "IMPORTED"}
WORDS = {
    None: "never_asked",
    "REFUSED": "refused",
    "WITHDRAWN": "withdrawn",
    "LIFTED": "withdrawn",
    "OBJECTED": "objected",
    "EXPIRED": "expired",
}
TOPICS = 4


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
    unwanted: set = field(default_factory=set)


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
    profiling: int
    country: str
    by_law: int


def last_word(past, purpose, channel):
    """Return the last word: the latest, and of two of one moment the later written."""
    said = [e for e in past.entries if e[0] == purpose and e[1] == channel]
    if not said:
        return None, None
    last = max(enumerate(said), key=lambda each: (each[1][3], each[0]))[1]
    return last[2], last[4]


def address_of(past, channel):
    """Return where a member is reached: a call rings where an SMS goes."""
    return {"SMS": past.phone, "PHONE": past.phone, "EMAIL": past.email}.get(channel)


def expected(past, bounds, channel, kind, purpose, topics, now):
    """Return the answer by the rules as people say them, and when to ask again."""
    if past.status in {"ERASED", "MERGED"}:
        return "erased", None
    blocked = past.blocked.get(channel)
    if blocked == "ALL":
        return "suppressed", None
    if channel in {"POST", "PUSH"}:
        return "no_address", None
    if kind in {"CODE", "SERVICE"}:
        return kind.lower(), None
    return (
        permitted(past, bounds, channel, purpose, topics, now)
        or later(past, bounds, kind, now)
        or (
            "soft_opt_in"
            if last_word(past, "SURVEYS" if kind == "SURVEY" else "MARKETING", channel)[
                1
            ]
            == "SOFT_OPT_IN"
            else "consent_given",
            None,
        )
    )


def permitted(past, bounds, channel, purpose, topics, now):
    """Return why it may not go at all; None if it may."""
    is_second = purpose in {"PROFILING", "PARTNERS"}
    first, basis = last_word(past, "MARKETING" if is_second else purpose, channel)
    second, _basis = last_word(past, purpose, "ANY") if is_second else (None, None)
    objects = last_word(past, "MARKETING", "ANY")[0] == "OBJECTED"
    oldest = bounds.profiling if purpose == "PROFILING" else bounds.youngest
    needed = max(oldest, bounds.by_law)
    shut = [
        (past.status != "ACTIVE", "not_active"),
        (not address_of(past, channel), "no_address"),
        (past.blocked.get(channel) is not None, "suppressed"),
        (past.restricted, "restricted"),
        (past.born is not None and age(past.born, bounds, now) < needed, "too_young"),
        (objects and purpose != "SURVEYS", "objected"),
        (first not in YES, WORDS.get(first)),
        (is_second and second not in YES, WORDS.get(second)),
        (purpose == "PARTNERS" and basis == "SOFT_OPT_IN", "never_asked"),
        (bool(past.unwanted & set(topics)), "topic_unwanted"),
    ]
    return next(((code, None) for is_shut, code in shut if is_shut), None)


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
        youngest=rng.choice([15, 16, 18]),
        profiling=18,
        **rng.choice(
            [
                {"country": "SE", "by_law": 13},
                {"country": "DK", "by_law": 15},
                # A country that has set no age of its own.
                {"country": "HU", "by_law": 16},
            ]
        ),
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
    for _entry in range(rng.randint(0, 12)):
        purpose = rng.choices([each.value for each in Purpose], [5, 3, 2, 1])[0]
        is_said_once = purpose in {"PROFILING", "PARTNERS"}
        channel = "ANY" if is_said_once else rng.choice(["SMS", "EMAIL", "PHONE"])
        action = rng.choices(ACTIONS, [12] + [1] * (len(ACTIONS) - 1))[0]
        if purpose == "MARKETING" and rng.random() < 0.08:
            channel, action = "ANY", rng.choice(["OBJECTED", "OBJECTED", "LIFTED"])
        is_soft = (
            purpose == "MARKETING"
            and channel != "ANY"
            and action == "GIVEN"
            and rng.random() < 0.2
        )
        past.entries.append(
            (
                purpose,
                channel,
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
        channel = rng.choice(["SMS", "EMAIL", "PHONE"])
        if address_of(past, channel):
            past.blocked[channel] = rng.choice(["ALL", "MARKETING"])
    if rng.random() < 0.3:
        past.unwanted = set(rng.sample(range(TOPICS), rng.randint(1, TOPICS)))
    return past


def write(rng, bounds, pasts):
    """Put the members and their pasts into the database."""
    programme = ProgrammeFactory(time_zone=bounds.zone, country=bounds.country)
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
        profiling_from_years=bounds.profiling,
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
                address=address_of(past, channel),
                reach=reach,
                reason=Suppression.Reason.REQUEST,
                now=START,
            )
    topics = Topic.objects.bulk_create(
        Topic(
            programme=programme,
            kind="DIET" if place % 2 else "INTEREST",
            names={"sv": f"Ämne {place}"},
        )
        for place in range(TOPICS)
    )
    TopicWish.objects.bulk_create(
        TopicWish(
            member=member,
            topic=topics[place],
            # What is wanted opens nothing, so half of the rest is.
            wish="UNWANTED" if place in past.unwanted else "WANTED",
            at=START,
        )
        for member, past in both
        for place in range(TOPICS)
        if place in past.unwanted or (place % 2 == 0 and member.pk % 2)
    )
    return programme, members, topics


def answers_for_all(asked):
    query, parameters = gate.query_for_all(**asked)
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def compare(seed, *, members, moments, questions):
    """Ask about random members at random moments; return how many were decided."""
    rng = random.Random(seed)
    bounds = random_bounds(rng)
    pasts = [random_past(rng, number) for number in range(members)]
    programme, rows, topics = write(rng, bounds, pasts)
    seen = set()
    decided = 0
    for _question in range(moments * questions):
        if decided % (questions * members) == 0:
            days = rng.choice([1, 2, 12])
            now = START + timedelta(minutes=rng.randint(0, 60 * 24 * days))
        channel = rng.choices(CHANNELS, [8, 8, 4, 1, 1])[0]
        kind, purpose = rng.choices(QUESTIONS, OFTEN)[0]
        about = rng.choice([[], [], [rng.randrange(TOPICS)], [0, TOPICS - 1]])
        asked = {
            "programme": programme,
            "channel": channel,
            "message_class": kind,
            "purpose": purpose,
            "topics": [topics[place].pk for place in about],
            "now": now,
        }
        everybody = answers_for_all(asked)
        some = gate.decide(members=[row.pk for row in rows], **asked)
        for row, past in zip(rows, pasts, strict=True):
            answer = expected(past, bounds, channel, kind, purpose, about, now)
            one = some[row.pk]
            case = (seed, past, bounds, channel, kind, purpose, about, now)
            assert (one.code, one.retry_at) == answer, case
            assert one.allowed == (one.code in gate.OPEN), case
            assert everybody[row.pk] == (
                one.code,
                one.entry_id,
                one.retry_at,
                one.also_entry_id,
            ), case
            seen.add(one.code)
            decided += 1
    return decided, seen


@pytest.mark.django_db
class TestTheGate:
    def test_answers_as_its_rules_are_said(self):
        # The same pasts each time, so that every answer is sure to come up, and others.
        seeds = [0, 3, 8, random.randrange(10**9)]
        decided, seen = 0, set()
        for seed in seeds:
            number, codes = compare(seed, members=130, moments=2, questions=10)
            decided += number
            seen |= codes

        assert decided >= 10_000
        # Every answer came up, or the pasts would be too tame to show anything.
        assert seen == set(gate.Code)

    @pytest.mark.soak
    def test_answers_so_at_length(self):
        seed = random.randrange(10**9)

        decided = sum(
            compare(seed + step, members=250, moments=5, questions=10)[0]
            for step in range(20)
        )

        assert decided >= 200_000

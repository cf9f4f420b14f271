"""How many members say yes: by what they are asked, where they came from, and when.

Set-based: each question is one pass over the projection of the ledger. Members who
are active count; groups below ten are not told in figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from consent.models import Channel, Edition, Purpose
from members.models import Member
from stores.models import Programme, Store

# Below this a figure could tell of single people.
LEAST = 10

# What the latest word counts as: an objection and a yes that ran out are a no longer.
_WORD = """
CASE
    WHEN p.action IN ('GIVEN', 'CONFIRMED', 'IMPORTED') THEN 'yes'
    WHEN p.action = 'REFUSED' THEN 'no'
    WHEN p.action IN ('WITHDRAWN', 'OBJECTED', 'EXPIRED') THEN 'withdrawn'
    ELSE 'never'
END
"""

_BY_PURPOSE = f"""
SELECT p.purpose, p.channel, {_WORD} AS word, count(*)
FROM consent_permission p
JOIN members_member m ON m.id = p.member_id
WHERE m.programme_id = %(programme)s AND m.status = 'ACTIVE'
    AND (%(since)s::timestamptz IS NULL OR m.registered_at >= %(since)s)
GROUP BY 1, 2, 3
"""  # noqa: S608

_BY_ORIGIN = f"""
SELECT GROUPING(said.source, said.store_id) AS grouped, said.source, said.store_id,
    said.word, count(*)
FROM (
    SELECT m.source, m.registered_store_id AS store_id, {_WORD} AS word
    FROM members_member m
    LEFT JOIN consent_permission p ON p.member_id = m.id
        AND p.purpose = %(purpose)s AND p.channel = %(channel)s
    WHERE m.programme_id = %(programme)s AND m.status = 'ACTIVE'
        AND (%(since)s::timestamptz IS NULL OR m.registered_at >= %(since)s)
) said
GROUP BY GROUPING SETS ((said.source, said.word), (said.store_id, said.word))
"""  # noqa: S608

# Which edition members answered last, and what holds of it now. A yes names its text;
# of what was taken back the answer before is looked up, member by member: they are few.
_BY_EDITION = f"""
SELECT t.edition_id, said.word, sum(said.number)::bigint
FROM (
    SELECT e.text_id, {_WORD} AS word, count(*) AS number
    FROM consent_permission p
    JOIN consent_consententry e ON e.id = p.entry_id
    JOIN members_member m ON m.id = p.member_id
    WHERE p.purpose = %(purpose)s AND p.channel = %(channel)s
        AND e.purpose = %(purpose)s AND e.channel = %(channel)s
        AND e.text_id IS NOT NULL
        AND m.programme_id = %(programme)s AND m.status = 'ACTIVE'
        AND (%(since)s::timestamptz IS NULL OR m.registered_at >= %(since)s)
    GROUP BY 1, 2
    UNION ALL
    SELECT answered.text_id, 'withdrawn', count(*)
    FROM consent_permission p
    JOIN members_member m ON m.id = p.member_id
    CROSS JOIN LATERAL (
        SELECT e.text_id FROM consent_consententry e
        WHERE e.member_id = p.member_id
            AND e.purpose = %(purpose)s AND e.channel = %(channel)s
            AND e.text_id IS NOT NULL
        ORDER BY e.at DESC, e.id DESC LIMIT 1
    ) answered
    WHERE p.purpose = %(purpose)s AND p.channel = %(channel)s
        AND p.action IN ('WITHDRAWN', 'OBJECTED', 'EXPIRED')
        AND m.programme_id = %(programme)s AND m.status = 'ACTIVE'
        AND (%(since)s::timestamptz IS NULL OR m.registered_at >= %(since)s)
    GROUP BY 1
) said
JOIN consent_text t ON t.id = said.text_id
GROUP BY 1, 2
"""  # noqa: S608

_BY_MONTH = """
SELECT date_trunc('month', e.at AT TIME ZONE %(zone)s)::date AS month,
    count(*) FILTER (WHERE e.action IN ('GIVEN', 'CONFIRMED')) AS given,
    count(*) FILTER (WHERE e.action IN ('WITHDRAWN', 'OBJECTED')) AS taken_back
FROM consent_consententry e
JOIN members_member m ON m.id = e.member_id
WHERE m.programme_id = %(programme)s AND e.purpose = %(purpose)s
    AND e.channel = %(channel)s AND e.at >= %(from)s
    AND e.source NOT IN ('MERGE', 'IMPORT')
GROUP BY 1
"""


@dataclass(slots=True)
class Rate:
    """How a group of members answers."""

    label: str
    yes: int = 0
    no: int = 0
    withdrawn: int = 0
    never: int = 0
    key: str = ""

    @property
    def members(self) -> int:
        """Return how many there are in the group."""
        return self.yes + self.no + self.withdrawn + self.never

    @property
    def is_small(self) -> bool:
        """Tell whether there are too few to be told in figures."""
        return self.members < LEAST

    @property
    def share(self) -> float:
        """Return how many of the group say yes, from 0 to 1."""
        return self.yes / self.members if self.members else 0.0


@dataclass(frozen=True, slots=True)
class Month:
    """How many yeses were given and taken back in a month."""

    first: date
    given: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that the page of consent rates shows."""

    members: int
    by_purpose: list[Rate] = field(default_factory=list)
    by_source: list[Rate] = field(default_factory=list)
    by_store: list[Rate] = field(default_factory=list)
    by_edition: list[Rate] = field(default_factory=list)


def asked() -> list[tuple[Purpose, Channel]]:
    """Return every purpose with the channels on which members are asked."""
    both = [
        (purpose, channel)
        for purpose in (Purpose.MARKETING, Purpose.SURVEYS)
        for channel in (Channel.SMS, Channel.EMAIL)
    ]
    return [*both, (Purpose.PROFILING, Channel.ANY), (Purpose.PARTNERS, Channel.ANY)]


def by_purpose(*, programme: Programme, since: datetime | None) -> list[Rate]:
    """Return the rate of each purpose on each channel that is asked, or has answers.

    `since` leaves only the members who registered from then on.
    """
    members = Member.objects.filter(programme=programme, status=Member.Status.ACTIVE)
    if since is not None:
        members = members.filter(registered_at__gte=since)
    total = members.count()
    rates = {
        (purpose.value, channel.value): Rate(question(purpose, channel))
        for purpose, channel in asked()
    }
    found = _ask(_BY_PURPOSE, {"programme": programme.pk, "since": since})
    for purpose, channel, word, number in found:
        if (purpose, channel) == (Purpose.MARKETING, Channel.ANY):
            # An objection to all of it; it stands in the rate of each channel.
            continue
        rate = rates.setdefault(
            (purpose, channel), Rate(question(Purpose(purpose), Channel(channel)))
        )
        _add(rate, word, number)
    for (purpose, channel), rate in rates.items():
        rate.key = f"{purpose}-{channel}"
        # Of whom there is no row at all, nobody has asked.
        rate.never += total - rate.members
    return list(rates.values())


def read(
    *, programme: Programme, purpose: str, channel: str, since: datetime | None
) -> Rates:
    """Return the rates of one purpose on one channel, by where members came from.

    `since` leaves only the members who registered from then on.
    """
    given = {
        "programme": programme.pk,
        "purpose": purpose,
        "channel": channel,
        "since": since,
    }
    purposes = by_purpose(programme=programme, since=since)
    sources: dict[str, Rate] = {}
    stores: dict[int | None, Rate] = {}
    for grouped, source, store_id, word, number in _ask(_BY_ORIGIN, given):
        # The bit of the column that the set leaves out is one.
        if grouped == 1:
            label = str(dict(Member.Source.choices).get(source, source))
            _add(sources.setdefault(source, Rate(label, key=source)), word, number)
        else:
            _add(stores.setdefault(store_id, Rate("")), word, number)
    names = dict(
        Store.objects.filter(pk__in=filter(None, stores)).values_list("pk", "name")
    )
    for store_id, rate in stores.items():
        rate.label = names.get(store_id, "") if store_id else ""
    return Rates(
        members=purposes[0].members if purposes else 0,
        by_purpose=purposes,
        by_source=_largest_first(sources.values()),
        by_store=_largest_first(stores.values()),
        by_edition=_by_edition(given),
    )


def by_month(
    *,
    programme: Programme,
    purpose: str,
    channel: str,
    months: list[date],
    starts_at: datetime,
    zone: ZoneInfo,
) -> list[Month]:
    """Return what was given and taken back in each month; `months` are their firsts."""
    found = _ask(
        _BY_MONTH,
        {
            "programme": programme.pk,
            "purpose": purpose,
            "channel": channel,
            "from": starts_at,
            "zone": zone.key,
        },
    )
    counts = {month: (given, taken_back) for month, given, taken_back in found}
    return [Month(month, *counts.get(month, (0, 0))) for month in months]


def question(purpose: Purpose, channel: Channel) -> str:
    """Return what members are asked, in words."""
    if channel is Channel.ANY:
        return str(purpose.label)
    return f"{purpose.label} · {channel.label}"


def _by_edition(given: dict[str, Any]) -> list[Rate]:
    rates: dict[int, Rate] = {}
    for edition_id, word, number in _ask(_BY_EDITION, given):
        _add(rates.setdefault(edition_id, Rate("")), word, number)
    editions = Edition.objects.filter(pk__in=rates).order_by("-number")
    for edition in editions:
        rates[edition.pk].label = str(edition.number)
        rates[edition.pk].key = str(edition.public_id)
    return [rates[edition.pk] for edition in editions]


def _add(rate: Rate, word: str, number: int) -> None:
    setattr(rate, word, getattr(rate, word) + number)


def _largest_first(rates: Iterable[Rate]) -> list[Rate]:
    return sorted(rates, key=lambda rate: (-rate.members, rate.label))


def _ask(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())

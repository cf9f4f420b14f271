"""Read the texts of a club: which hold, which are in work, and who agreed to which."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Prefetch, QuerySet

from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    Edition,
    Purpose,
    Renewal,
    Text,
)
from consent.services import YES
from stores.models import Programme

_AGREED = """
SELECT t.version, count(*)
FROM consent_permission p
JOIN members_member m ON m.id = p.member_id
JOIN consent_consententry c ON c.id = p.entry_id
LEFT JOIN consent_text t ON t.id = c.text_id
WHERE m.programme_id = %(programme)s AND m.status = 'ACTIVE'
    AND p.purpose = %(purpose)s AND p.channel = %(channel)s
    AND p.action = ANY (%(yes)s) AND p.basis = 'CONSENT'
GROUP BY t.version
"""
_ACCEPTED = """
SELECT version, count(*) FROM (
    SELECT max(t.version) AS version
    FROM consent_termsacceptance a
    JOIN consent_text t ON t.id = a.text_id
    JOIN members_member m ON m.id = a.member_id
    WHERE t.programme_id = %(programme)s AND m.status = 'ACTIVE'
    GROUP BY a.member_id) latest
GROUP BY version
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A text that a club can have: terms, or a permission for one purpose one way."""

    kind: str
    purpose: str = ""
    channel: str = ""

    @property
    def slug(self) -> str:
        """Return what it is called in an address."""
        parts = (self.purpose, self.channel) if self.purpose else (self.kind,)
        return "-".join(part.lower() for part in parts if part)


@dataclass(frozen=True, slots=True)
class Row:
    """A text in the list: what holds, what is in work, and who is still asked."""

    slot: Slot
    in_force: Edition | None
    in_work: Edition | None
    open_renewals: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """How many members go by an edition now; None is what an old club asked with."""

    version: int | None
    members: int


# What a club is offered to write; others appear once they have an edition.
_OFFERED = [
    Slot(Edition.Kind.TERMS),
    *(
        Slot(Edition.Kind.CONSENT, Purpose.MARKETING, channel)
        for channel in MESSAGE_CHANNELS
    ),
    Slot(Edition.Kind.CONSENT, Purpose.PROFILING, Channel.ANY),
    *(
        Slot(Edition.Kind.CONSENT, Purpose.SURVEYS, channel)
        for channel in MESSAGE_CHANNELS
    ),
    Slot(Edition.Kind.CONSENT, Purpose.PARTNERS, Channel.ANY),
    *(
        Slot(Edition.Kind.CONSENT, Purpose.MARKETING, channel)
        for channel in (Channel.POST, Channel.PHONE, Channel.PUSH)
    ),
]
_FOR_EVERY_WAY = {Purpose.PROFILING, Purpose.PARTNERS}
_SLOTS = {
    slot.slug: slot
    for slot in [
        *_OFFERED,
        *(
            Slot(Edition.Kind.CONSENT, purpose, channel)
            for purpose in Purpose
            for channel in Channel
            # What is done with the data is one word for every way.
            if (purpose in _FOR_EVERY_WAY) == (channel == Channel.ANY)
        ),
    ]
}


def find_slot(slug: str) -> Slot | None:
    """Return the text with a name in an address, or None."""
    return _SLOTS.get(slug)


def slot_of(edition: Edition) -> Slot:
    """Return the text that an edition is of."""
    return Slot(edition.kind, edition.purpose, edition.channel)


def list_texts(programme: Programme) -> list[Row]:
    """Return every text that a club has or could write, in the order of the house."""
    in_force: dict[Slot, Edition] = {}
    in_work: dict[Slot, Edition] = {}
    states = [Edition.State.PUBLISHED, Edition.State.DRAFT, Edition.State.REVIEW]
    editions = (
        Edition.objects.filter(programme=programme, state__in=states)
        .select_related("written_by")
        .order_by("number")
    )
    for edition in editions:
        is_out = edition.state == Edition.State.PUBLISHED
        (in_force if is_out else in_work)[slot_of(edition)] = edition
    asked = dict(
        Renewal.objects.filter(
            edition__programme=programme, outcome=Renewal.Outcome.OPEN
        )
        .values_list("edition")
        .annotate(count=Count("pk"))
    )
    slots = list(dict.fromkeys([*_OFFERED, *in_force, *in_work]))
    return [
        Row(
            slot,
            in_force.get(slot),
            in_work.get(slot),
            sum(
                asked.get(edition.pk, 0)
                for edition in editions
                if slot_of(edition) == slot
            ),
        )
        for slot in slots
    ]


def list_editions(programme: Programme, slot: Slot) -> QuerySet[Edition]:
    """Return the editions of a text, the newest first."""
    return (
        Edition.objects.filter(
            programme=programme,
            kind=slot.kind,
            purpose=slot.purpose,
            channel=slot.channel,
        )
        .select_related("written_by", "published_by")
        .order_by("-number")
    )


def list_with_words(programme: Programme) -> QuerySet[Edition]:
    """Return the editions of a club with their words."""
    return (
        Edition.objects.filter(programme=programme)
        .select_related("programme", "written_by", "published_by")
        .prefetch_related(Prefetch("texts", queryset=Text.objects.order_by("language")))
    )


def count_agreed(programme: Programme, slot: Slot) -> list[Agreed]:
    """Count active members by the version they go by, the newest first."""
    statement = _ACCEPTED if slot.kind == Edition.Kind.TERMS else _AGREED
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "programme": programme.pk,
                "purpose": slot.purpose,
                "channel": slot.channel,
                "yes": sorted(YES),
            },
        )
        rows = cursor.fetchall()
    counted = [Agreed(version, members) for version, members in rows]
    return sorted(counted, key=lambda each: each.version or 0, reverse=True)


def count_outcomes(edition: Edition) -> list[tuple[str, int]]:
    """Count the members who were asked about an edition, by what they answered."""
    counted = dict(
        Renewal.objects.filter(edition=edition)
        .values_list("outcome")
        .annotate(count=Count("pk"))
    )
    return [
        (str(outcome.label), counted[outcome])
        for outcome in Renewal.Outcome
        if outcome in counted
    ]


def count_told(edition: Edition) -> int:
    """Count the members whom a message about an edition has reached."""
    return Renewal.objects.filter(edition=edition, told_at__isnull=False).count()

"""Read everything a member may choose: for what, by which way, since when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.periods import add_months, local_day
from consent import contact, selectors
from consent.models import (
    Channel,
    ConsentEntry,
    ContactPolicy,
    ContactPreference,
    Purpose,
    Text,
    Topic,
)
from consent.services import YES
from consent.topics.selectors import name_of
from members import phones
from members.models import Member
from portal.preferences import words

_SALT = "portal.preferences"
# What an objection to direct marketing closes (GDPR art. 21(2)-(3)).
_CLOSED_BY_OBJECTION = frozenset({Purpose.MARKETING, Purpose.PROFILING})
# In the order of the page: what is sent, then what is done.
_GROUPS: list[tuple[str, str | Promise, tuple[Purpose, ...]]] = [
    ("offers", _("Offers and news"), (Purpose.MARKETING,)),
    ("questions", _("Questions about my visits"), (Purpose.SURVEYS,)),
    ("use", _("How we use what we know"), (Purpose.PROFILING, Purpose.PARTNERS)),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing the club asks about, and what the member last said to it."""

    purpose: Purpose
    channel: Channel
    # Masked; empty where there is none, or none is needed.
    address: str
    entry: ConsentEntry | None
    # What a yes means: the words it was given to, or those of today.
    text: Text | None
    # A yes can be given; a no always can.
    is_open: bool

    @property
    def name(self) -> str:
        """Return what its fields are called."""
        return f"{self.purpose.lower()}_{self.channel.lower()}"

    @property
    def title(self) -> str:
        """Return what the switch is for, as its heading does not say."""
        by_itself = self.channel == Channel.ANY
        return str(self.purpose.label if by_itself else self.channel.label)

    @property
    def is_given(self) -> bool:
        """Tell whether the latest word is yes."""
        return self.entry is not None and self.entry.action in YES

    @property
    def said(self) -> str:
        """Say what the member said, and when."""
        return words.said(self.entry, self.purpose)

    @property
    def how(self) -> str:
        """Say how the member said it."""
        return words.how(self.entry)


@dataclass(frozen=True, slots=True)
class Group:
    """What stands below one heading."""

    key: str
    title: str
    asked: list[Asked]


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A subject, and whether the member wants it."""

    topic: Topic
    title: str
    wish: str | None

    @property
    def name(self) -> str:
        """Return what its field is called."""
        return f"topic_{self.topic.public_id.hex}"

    @property
    def is_diet(self) -> bool:
        """Tell whether it only ever leaves things out."""
        return bool(self.topic.kind == Topic.Kind.DIET)


@dataclass(frozen=True, slots=True)
class Centre:
    """Everything that a member may choose, as it is now."""

    member: Member
    asked: list[Asked]
    topics: list[TopicChoice]
    preference: ContactPreference
    policy: ContactPolicy
    objected_at: datetime | None
    today: date
    now: datetime
    groups: list[Group] = field(init=False)

    def __post_init__(self) -> None:
        """Sort what is asked below its headings; empty ones are left out."""
        found = [
            Group(
                key, str(title), [each for each in self.asked if each.purpose in those]
            )
            for key, title, those in _GROUPS
        ]
        object.__setattr__(self, "groups", [group for group in found if group.asked])

    @property
    def interests(self) -> list[TopicChoice]:
        """Return the subjects that can be wanted."""
        return [each for each in self.topics if not each.is_diet]

    @property
    def diets(self) -> list[TopicChoice]:
        """Return what can only be left out."""
        return [each for each in self.topics if each.is_diet]

    @property
    def says_yes(self) -> bool:
        """Tell whether there is a yes to take back."""
        return any(each.is_given for each in self.asked)

    @property
    def is_active(self) -> bool:
        """Tell whether the membership holds; nobody else is written to."""
        return bool(self.member.status == Member.Status.ACTIVE)

    @property
    def is_too_young(self) -> bool:
        """Tell whether offers wait for a birthday."""
        return _is_younger(self.member, self.policy.youngest_years, self.today)

    @property
    def paused_until(self) -> datetime | None:
        """Return when the pause ends, if there is one now."""
        until = self.preference.snoozed_until
        return until if until is not None and until > self.now else None

    @property
    def seal(self) -> str:
        """Return what tells this state from any other: an old page is recognised."""
        wishes = [f"{each.topic.pk}:{each.wish}" for each in self.topics]
        entries = [str(each.entry and each.entry.public_id) for each in self.asked]
        rest = [str(self.preference.changed_at), str(self.objected_at)]
        return salted_hmac(_SALT, "|".join([*entries, *wishes, *rest])).hexdigest()[:20]


def centre_of(member: Member, *, language: str, now: datetime) -> Centre:
    """Return what a member may choose, in a language, as it is now."""
    policy = contact.policy_of(member.programme)
    today = local_day(now, member.programme.zone)
    held = selectors.permissions_of(member)
    objection = held.get((Purpose.MARKETING, Channel.ANY))
    objected_at = (
        objection.at
        if objection is not None and objection.action == ConsentEntry.Action.OBJECTED
        else None
    )
    return Centre(
        member=member,
        asked=list(
            _asked(
                member,
                held,
                _texts(member, language),
                has_objected=objected_at is not None,
                is_profiled=not _is_younger(member, policy.profiling_from_years, today),
            )
        ),
        topics=[
            TopicChoice(topic, name_of(topic, language), wish)
            for topic, wish in contact.topics_of(member)
        ],
        preference=contact.preference_of(member),
        policy=policy,
        objected_at=objected_at,
        today=today,
        now=now,
    )


def _asked(
    member: Member,
    held: selectors.Permissions,
    texts: dict[tuple[str, str], Text],
    *,
    has_objected: bool,
    is_profiled: bool,
) -> Iterator[Asked]:
    """Give what the club has a text for and can do, and every yes there is to undo."""
    is_active = member.status == Member.Status.ACTIVE
    for _key, _title, purposes in _GROUPS:
        for purpose in purposes:
            for channel in Channel:
                entry = held.get((purpose, channel))
                text = texts.get((purpose, channel))
                is_given = entry is not None and entry.action in YES
                address = _masked(member, channel)
                is_possible = (
                    text is not None
                    and (bool(address) or channel not in _ADDRESSED)
                    and (purpose != Purpose.PROFILING or is_profiled)
                )
                if not is_possible and not is_given:
                    continue
                if is_given and entry is not None and entry.text is not None:
                    # Who said yes sees the words they said yes to.
                    text = entry.text
                is_closed = has_objected and purpose in _CLOSED_BY_OBJECTION
                yield Asked(
                    purpose,
                    channel,
                    address,
                    entry,
                    text,
                    is_open=is_possible and is_active and not is_closed,
                )


_ADDRESSED = frozenset({Channel.SMS, Channel.PHONE, Channel.EMAIL})


def _masked(member: Member, channel: Channel) -> str:
    match channel:
        case Channel.SMS | Channel.PHONE:
            country = member.programme.country
            return phones.mask(member.phone, country) if member.phone else ""
        case Channel.EMAIL:
            return phones.mask_email(member.email)
        case _:
            return ""


def _texts(member: Member, language: str) -> dict[tuple[str, str], Text]:
    """Return the words of today for each thing asked, in the language if they exist."""
    programme = member.programme
    latest = (
        Text.objects.filter(
            programme=programme,
            kind=Text.Kind.CONSENT,
            published_at__isnull=False,
            language__in={language, programme.language},
        )
        .order_by("purpose", "channel", "language", "-version")
        .distinct("purpose", "channel", "language")
    )
    found: dict[tuple[str, str], Text] = {}
    for text in latest:
        key = text.purpose, text.channel
        if key not in found or text.language == language:
            found[key] = text
    return found


def _is_younger(member: Member, years: int, today: date) -> bool:
    born = member.birthday_on
    return born is not None and add_months(born, 12 * years) > today

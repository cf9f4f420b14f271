"""Write down what a member chose: only what differs, and only from the latest page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction

from consent import contact, services
from consent.models import Text, Topic
from members.models import Member
from portal.preferences.centre import Centre, centre_of


class Unchanged(Enum):
    """Nothing was said about it; None would be a word of its own."""

    YES = True


class Outdated(Exception):
    """Raised when something was changed elsewhere since the page was opened.

    A page that lay open, or was sent a second time, must not undo what came after it:
    least of all give a yes again that was taken back.
    """


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page said when it was sent."""

    # Of the state that the page showed.
    seal: str
    # By purpose and channel: the words a yes was given to, None for a no.
    answers: Mapping[tuple[str, str], Text | Unchanged | None]
    per_week: int | Unchanged | None
    topics: Mapping[int, str | None]
    paused_until: datetime | Unchanged | None


def save(
    *,
    member: Member,
    wanted: Wanted,
    source: str,
    evidence: dict[str, Any],
    language: str,
    now: datetime,
) -> bool:
    """Write down what differs from what holds; return whether anything did.

    Raises:
        Outdated: the page showed another state than what holds now.
    """
    with transaction.atomic():
        # Locked, so that of two pages sent at once one comes after the other.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        centre = centre_of(member, language=language, now=now)
        answers, topics = _answers(centre, wanted), _topics(centre, wanted)
        held = centre.preference
        limit, pause = wanted.per_week, wanted.paused_until
        has_limit = limit is not Unchanged.YES and limit != held.per_week
        has_pause = pause is not Unchanged.YES and pause != centre.paused_until
        if not (answers or topics or has_limit or has_pause):
            return False
        if wanted.seal != centre.seal:
            raise Outdated
        for (purpose, channel), text in answers.items():
            services.choose(
                member=member,
                purpose=purpose,
                channel=channel,
                yes=text is not None,
                text=text,
                source=source,
                evidence=evidence,
                now=now,
            )
        for topic, wish in topics:
            contact.set_topic_wish(member=member, topic=topic, wish=wish, now=now)
        if has_limit and not isinstance(limit, Unchanged):
            contact.set_weekly_limit(member=member, per_week=limit, now=now)
        if has_pause and not isinstance(pause, Unchanged):
            contact.snooze(member=member, until=pause, now=now)
        return True


def _answers(centre: Centre, wanted: Wanted) -> dict[tuple[str, str], Text | None]:
    """Return the answers that are another than those that hold."""
    found: dict[tuple[str, str], Text | None] = {}
    for asked in centre.asked:
        answer = wanted.answers.get((asked.purpose, asked.channel), Unchanged.YES)
        if isinstance(answer, Unchanged):
            continue
        if (answer is not None) != asked.is_given:
            found[asked.purpose, asked.channel] = answer
    return found


def _topics(centre: Centre, wanted: Wanted) -> list[tuple[Topic, str | None]]:
    return [
        (each.topic, wanted.topics[each.topic.pk])
        for each in centre.topics
        if each.topic.pk in wanted.topics and wanted.topics[each.topic.pk] != each.wish
    ]

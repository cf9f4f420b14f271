"""Add, name, order and retire the subjects that members choose among."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from consent.models import Topic
from stores import audit
from stores.models import Programme, Staff

ADDED = "consent.topic_added"
RENAMED = "consent.topic_renamed"
MOVED = "consent.topic_moved"
RETIRED = "consent.topic_retired"
RETURNED = "consent.topic_returned"


class NameTaken(ValueError):
    """Raised when another subject in use has that name; `language` says in which."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.language = language


def add_topic(
    *,
    programme: Programme,
    kind: str,
    names: Mapping[str, str],
    staff: Staff,
    now: datetime,
) -> Topic:
    """Let members choose about one more subject; it comes last.

    Raises:
        NameTaken: members would see two of the same name.
    """
    with transaction.atomic():
        _lock(programme)
        _refuse_taken(programme, names)
        latest = Topic.objects.filter(programme=programme).aggregate(
            last=Max("position")
        )
        topic = Topic.objects.create(
            programme=programme,
            kind=kind,
            names=dict(names),
            position=(latest["last"] or 0) + 1,
        )
        _record(topic, ADDED, staff, now, kind=kind, names=dict(names))
    return topic


def rename_topic(
    *, topic: Topic, names: Mapping[str, str], staff: Staff, now: datetime
) -> Topic:
    """Call a subject something else; what members said of it stays.

    Raises:
        NameTaken: members would see two of the same name.
    """
    with transaction.atomic():
        _lock(topic.programme)
        topic.refresh_from_db()
        _refuse_taken(topic.programme, names, but=topic)
        before = topic.names
        if before != dict(names):
            topic.names = dict(names)
            topic.save(update_fields=["names"])
            _record(topic, RENAMED, staff, now, before=before, after=topic.names)
    return topic


def move_topic(*, topic: Topic, is_up: bool, staff: Staff, now: datetime) -> bool:
    """Let a subject change places with the one before or after it; False at the end."""
    with transaction.atomic():
        _lock(topic.programme)
        used = list(
            Topic.objects.filter(
                programme=topic.programme_id, retired_at=None
            ).order_by("position", "pk")
        )
        place = next((i for i, each in enumerate(used) if each.pk == topic.pk), None)
        if place is None:
            return False
        other = place + (-1 if is_up else 1)
        if not 0 <= other < len(used):
            return False
        used[place], used[other] = used[other], used[place]
        for position, each in enumerate(used, start=1):
            each.position = position
        Topic.objects.bulk_update(used, ["position"])
        _record(topic, MOVED, staff, now, to=other + 1)
    return True


def retire_topic(*, topic: Topic, staff: Staff, now: datetime) -> bool:
    """Offer a subject no more; what members said of it stays and still leaves out."""
    with transaction.atomic():
        changed = Topic.objects.filter(pk=topic.pk, retired_at=None).update(
            retired_at=now
        )
        if changed:
            _record(topic, RETIRED, staff, now)
    return bool(changed)


def return_topic(*, topic: Topic, staff: Staff, now: datetime) -> bool:
    """Offer a retired subject again.

    Raises:
        NameTaken: another one has its name by now.
    """
    with transaction.atomic():
        _lock(topic.programme)
        _refuse_taken(topic.programme, topic.names, but=topic)
        changed = Topic.objects.filter(pk=topic.pk, retired_at__isnull=False).update(
            retired_at=None
        )
        if changed:
            _record(topic, RETURNED, staff, now)
    return bool(changed)


def _lock(programme: Programme) -> None:
    # So that two at the desk do not give out the same name or place.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)


def _refuse_taken(
    programme: Programme, names: Mapping[str, str], *, but: Topic | None = None
) -> None:
    others = Topic.objects.filter(programme=programme, retired_at=None)
    if but is not None:
        others = others.exclude(pk=but.pk)
    taken = list(others.values_list("names", flat=True))
    for language, _label in settings.LANGUAGES:
        name = names.get(language, "").casefold()
        if name and any(each.get(language, "").casefold() == name for each in taken):
            raise NameTaken(language)


def _record(
    topic: Topic, action: str, staff: Staff, now: datetime, **data: object
) -> None:
    audit.record(
        programme=topic.programme,
        actor=staff,
        action=action,
        now=now,
        subject=str(topic.public_id),
        data=data,
    )

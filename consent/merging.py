"""How permissions follow when two memberships become one: the more restrictive wins.

Nothing is ever taken out of the record. Where the latest word would now be a yes and
the other membership had said no, another no is written, and where an undoing brings a
yes back, another yes, each naming the entry whose word it repeats. See decision 0011.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Max

from consent.models import (
    ConsentEntry,
    Contact,
    ContactPreference,
    ContactPreferenceChange,
    Erasure,
    InactivityNotice,
    Permission,
    RightsRequest,
    RightsStep,
    TermsAcceptance,
    TopicWish,
)
from consent.selectors import Permissions, find_permission, permissions_of
from consent.services import MEMBER, YES, repeat_entry
from members import merge_registry
from members.merge_registry import Merging
from members.models import Member

_NOTES = "consent"
_TOPIC_NOTES = "consent.topics"
_WANTED, _UNWANTED = TopicWish.Wish.WANTED, TopicWish.Wish.UNWANTED


def register() -> None:
    """Register the record; called once, when the room is ready."""
    merge_registry.register(
        ConsentEntry, merge=merge_permissions, undo=restore_permissions
    )
    merge_registry.register(TermsAcceptance, merge=merge_terms, undo=restore_terms)
    merge_registry.register_stays(
        Permission, "a projection that follows the record by its trigger"
    )
    merge_registry.register(
        ContactPreference, merge=merge_preferences, undo=keep_preferences
    )
    merge_registry.register_handed_on(Contact)
    merge_registry.register_stays(
        ContactPreferenceChange, "what a membership wished, and when, was its own"
    )
    merge_registry.register_stays(
        InactivityNotice, "two memberships of one silence are told of each"
    )
    merge_registry.register(TopicWish, merge=merge_topics, undo=restore_topics)
    merge_registry.register_stays(
        RightsRequest, "a request is answered for the membership that it was made for"
    )
    merge_registry.register_stays(RightsStep, "goes with its request")
    merge_registry.register_stays(Erasure, "names a membership that nobody has")


def merge_permissions(merging: Merging) -> None:
    """Hand the record on, and keep every no."""
    theirs, own = permissions_of(merging.merged), permissions_of(merging.kept)
    merge_registry.hand_on(ConsentEntry, merging)
    for said in _both(theirs, own):
        strictest = max(said, key=lambda entry: (_strictness(entry), *_order(entry)))
        latest = max(said, key=_order)
        if _strictness(strictest) > _strictness(latest):
            _repeat(merging, merging.kept, strictest, latest)
    # Of the first time: what follows are acts of after the merge.
    merging.merge.notes.setdefault(
        _NOTES,
        {
            "own": [entry.pk for entry in own.values()],
            "last": ConsentEntry.objects.filter(member=merging.kept).aggregate(
                last=Max("pk")
            )["last"],
        },
    )


def restore_permissions(merging: Merging) -> None:
    """Give the record back; both say again what they said, but for what came since.

    A no since then counts for both, for nobody knows which of the two it came from.
    """
    notes: dict[str, Any] = merging.merge.notes.get(_NOTES, {})
    merge_registry.give_back(ConsentEntry, merging)
    own = {
        (entry.purpose, entry.channel): entry
        for entry in ConsentEntry.objects.filter(pk__in=notes.get("own", []))
    }
    since = (
        ConsentEntry.objects.filter(member=merging.kept, pk__gt=notes.get("last") or 0)
        .exclude(source=ConsentEntry.Source.MERGE)
        .order_by("at", "pk")
    )
    acts = {(entry.purpose, entry.channel): entry for entry in since}
    theirs = permissions_of(merging.merged)
    for (purpose, channel), entry in own.items():
        latest = find_permission(merging.kept, purpose=purpose, channel=channel)
        is_untouched = (purpose, channel) not in acts
        if is_untouched and latest is not None and latest.action != entry.action:
            _repeat(merging, merging.kept, entry, latest)
    for key, act in acts.items():
        word = theirs.get(key)
        if act.action not in YES and word is not None and word.action in YES:
            _repeat(merging, merging.merged, act, word)


def merge_terms(merging: Merging) -> None:
    """Hand on which terms were accepted, but for those that both accepted."""
    accepted = TermsAcceptance.objects.filter(member=merging.kept).values("text")
    missing = TermsAcceptance.objects.filter(member=merging.merged).exclude(
        text__in=accepted
    )
    merge_registry.hand_on(
        TermsAcceptance, merging, only=list(missing.values_list("pk", flat=True))
    )


def restore_terms(merging: Merging) -> None:
    """Give back which terms the merged member had accepted."""
    merge_registry.give_back(TermsAcceptance, merging)


def merge_preferences(merging: Merging) -> None:
    """Keep the quieter of two wishes: fewer messages, the longer pause."""
    theirs = ContactPreference.objects.filter(member=merging.merged).first()
    if theirs is None:
        return
    own, _is_new = ContactPreference.objects.get_or_create(
        member=merging.kept, defaults={"changed_at": merging.now}
    )
    own.per_week = min(
        (each for each in (own.per_week, theirs.per_week) if each is not None),
        default=None,
    )
    own.snoozed_until = max(
        (each for each in (own.snoozed_until, theirs.snoozed_until) if each),
        default=None,
    )
    own.restricted_at = own.restricted_at or theirs.restricted_at
    own.changed_at = merging.now
    own.save()


def keep_preferences(_merging: Merging) -> None:
    """Leave the quieter wishes with both: a wish may be changed by its owner only."""


def merge_topics(merging: Merging) -> None:
    """Keep what either said of a subject; where they differ, it is not wanted."""
    wishes = TopicWish.objects.filter(member=merging.kept)
    own = {wish.topic_id: wish for wish in wishes}
    overruled: dict[str, str] = merging.merge.notes.setdefault(_TOPIC_NOTES, {})
    free = []
    for theirs in TopicWish.objects.filter(member=merging.merged):
        same = own.get(theirs.topic_id)
        if same is None:
            free.append(theirs.pk)
        elif (same.wish, theirs.wish) == (_WANTED, _UNWANTED):
            overruled[str(same.pk)] = merging.now.isoformat()
            same.wish, same.at = _UNWANTED, merging.now
            same.save(update_fields=["wish", "at"])
    merge_registry.hand_on(TopicWish, merging, only=free)


def restore_topics(merging: Merging) -> None:
    """Give back what each said, but for what was said anew since."""
    merge_registry.give_back(TopicWish, merging)
    overruled: dict[str, str] = merging.merge.notes.get(_TOPIC_NOTES, {})
    for key, at in overruled.items():
        TopicWish.objects.filter(
            pk=int(key), wish=_UNWANTED, at=datetime.fromisoformat(at)
        ).update(wish=_WANTED)


def _strictness(entry: ConsentEntry) -> int:
    """Rank a word: an objection stands above another no, and that above a yes."""
    if entry.action == ConsentEntry.Action.OBJECTED:
        return 2
    return 0 if entry.action in YES else 1


def _both(theirs: Permissions, own: Permissions) -> Iterator[list[ConsentEntry]]:
    """Give what the two last said, for each purpose and channel that one was asked."""
    for key in sorted(theirs.keys() | own.keys()):
        yield [said[key] for said in (theirs, own) if key in said]


def _order(entry: ConsentEntry) -> tuple[Any, int]:
    return entry.at, entry.pk


def _repeat(
    merging: Merging, member: Member, word: ConsentEntry, latest: ConsentEntry
) -> ConsentEntry:
    staff = merging.merge.undone_by or merging.merge.staff
    return repeat_entry(
        member=member,
        entry=word,
        # Never behind the entry it answers, whose clock may have run ahead.
        at=max(merging.now, latest.at),
        actor=str(staff.public_id) if staff else MEMBER,
        evidence={"merge": str(merging.merge.public_id)},
        now=merging.now,
    )

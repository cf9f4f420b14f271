"""Members who may be one person: found as they change, looked at, and decided on.

`members.alike` looks up who is to be compared with whom, `members.likeness` compares.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from members import alike, events, kinds, likeness
from members.alike import ALIVE, Ids
from members.likeness import Profile, Verdict
from members.models import DuplicatePair, Event, Identifier, Member, Merge
from stores import audit
from stores.models import Programme, Staff

CONSUMER = "members.duplicates"
DISMISSED = "member.duplicate_dismissed"
REOPENED = "member.duplicate_reopened"
EXPORTED = "member.duplicates_exported"

State = DuplicatePair.State

_WATCHED = frozenset(
    {
        kinds.REGISTERED,
        kinds.ACTIVATED,
        kinds.UPDATED,
        kinds.LEFT,
        kinds.CONTACT_CHANGED,
        kinds.CONTACT_RESTORED,
        kinds.IDENTIFIER_ADDED,
        kinds.IDENTIFIER_ENDED,
        kinds.MERGED,
        kinds.UNMERGED,
    }
)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at some members changed among the pairs."""

    found: int = 0
    reopened: int = 0
    gone: int = 0

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(
            self.found + other.found,
            self.reopened + other.reopened,
            self.gone + other.gone,
        )


# FINDING


def follow(*, now: datetime, limit: int = 2000) -> int:
    """Look at the members of the next unread events; return how many events."""

    def look(batch: list[Event]) -> None:
        look_at(_members_of(batch), now=now)

    return events.consume(CONSUMER, look, now=now, limit=limit)


def look_at(member_ids: Collection[int], *, now: datetime) -> Looked:
    """Find whom these members are like, and look at their pairs again."""
    if not member_ids:
        return Looked()
    pairs = set(alike.near(member_ids)) | set(_pairs_of(member_ids))
    return _settle(pairs, now=now)


def find_all(*, programme: Programme, now: datetime) -> Looked:
    """Look at everybody in a club, as after an import."""
    pairs = set(alike.in_groups(programme))
    known = DuplicatePair.objects.filter(programme=programme, state=State.OPEN)
    pairs.update(known.values_list("first_id", "second_id"))
    looked = Looked()
    # In pieces, so that nobody waits long for a pair they are looking at.
    ordered = sorted(pairs)
    for start in range(0, len(ordered), _CHUNK):
        looked += _settle(ordered[start : start + _CHUNK], now=now)
    return looked


def profiles_of(member_ids: Collection[int]) -> dict[int, Profile]:
    """Return what is compared of members, by their keys; only of those alive."""
    identifiers: dict[int, dict[str, set[str]]] = {}
    contacts = Identifier.objects.filter(
        Q(ended_at=None) | Q(end=Identifier.End.CHANGED),
        member_id__in=member_ids,
        kind__in=[Identifier.Kind.PHONE, Identifier.Kind.EMAIL],
    ).values_list("member_id", "kind", "value", "ended_at")
    for member_id, kind, value, ended_at in contacts:
        mine = identifiers.setdefault(member_id, {})
        mine.setdefault("former" if ended_at else kind, set()).add(value)
    members = Member.objects.filter(pk__in=member_ids, status__in=ALIVE).only(
        "first_name", "last_name", "birthday_on", "postcode", "phone"
    )
    return {
        member.pk: _profile(member, identifiers.get(member.pk, {}))
        for member in members
    }


def _profile(member: Member, identifiers: dict[str, set[str]]) -> Profile:
    return Profile(
        first_name=member.first_name,
        last_name=member.last_name,
        birthday_on=member.birthday_on,
        postcode=member.postcode,
        phone=member.phone,
        emails=frozenset(identifiers.get(Identifier.Kind.EMAIL, ())),
        phones=frozenset(identifiers.get(Identifier.Kind.PHONE, ())),
        former=frozenset(identifiers.get("former", ())),
    )


def _members_of(batch: Iterable[Event]) -> set[int]:
    """Return whom the events of a batch may have made alike or unlike somebody."""
    watched = [event for event in batch if event.kind in _WATCHED]
    ids = {event.member_id for event in watched}
    if any(event.kind in {kinds.MERGED, kinds.UNMERGED} for event in watched):
        merges = Merge.objects.filter(Q(kept__in=ids) | Q(merged__in=ids))
        for both in merges.values_list("kept_id", "merged_id"):
            ids.update(both)
    return ids


def _pairs_of(member_ids: Collection[int]) -> Iterable[Ids]:
    # Two questions: either side has an index of its own.
    for side in ("first__in", "second__in"):
        rows = DuplicatePair.objects.filter(
            state__in=[State.OPEN, State.MERGED], **{side: member_ids}
        )
        yield from rows.values_list("first_id", "second_id")


# WHAT BECOMES OF A PAIR


def _settle(pairs: Collection[Ids], *, now: datetime) -> Looked:
    """Compare the members of each pair, and write what has changed."""
    if not pairs:
        return Looked()
    everybody = {pk for pair in pairs for pk in pair}
    with transaction.atomic():
        known = _locked(pairs)
        profiles = profiles_of(everybody)
        programmes = dict(
            Member.objects.filter(pk__in=everybody).values_list("pk", "programme_id")
        )
        new, changed, looked = [], [], Looked()
        for ids in pairs:
            verdict = _verdict(ids, profiles)
            pair = known.get(ids)
            if pair is None:
                if verdict and verdict.is_worth_a_look:
                    new.append(_new_pair(ids, programmes[ids[0]], verdict, now))
                continue
            before = pair.state
            if _update(pair, verdict, now):
                changed.append(pair)
                looked += Looked(
                    reopened=int(pair.state == State.OPEN != before),
                    gone=int(before == State.OPEN != pair.state),
                )
        # Another worker may have been first; the pair is there either way.
        DuplicatePair.objects.bulk_create(new, ignore_conflicts=True)
        DuplicatePair.objects.bulk_update(
            changed,
            ["reasons", "score", "state", "found_at", "decided_at", "decided_by"],
        )
        _note_merged(changed)
    return looked + Looked(found=len(new))


def _locked(pairs: Collection[Ids]) -> dict[Ids, DuplicatePair]:
    firsts = {first for first, _second in pairs}
    rows = (
        DuplicatePair.objects.select_for_update(of=("self",))
        .filter(first_id__in=firsts)
        # In one order, or two workers could wait for each other.
        .order_by("pk")
    )
    wanted = set(pairs)
    return {
        (pair.first_id, pair.second_id): pair
        for pair in rows
        if (pair.first_id, pair.second_id) in wanted
    }


def _verdict(ids: Ids, profiles: dict[int, Profile]) -> Verdict | None:
    """Compare two members; None when one of them is a member no more."""
    one, other = (profiles.get(pk) for pk in ids)
    return likeness.compare(one, other) if one and other else None


def _new_pair(
    ids: Ids, programme_id: int, verdict: Verdict, now: datetime
) -> DuplicatePair:
    return DuplicatePair(
        programme_id=programme_id,
        first_id=ids[0],
        second_id=ids[1],
        reasons=[str(each) for each in verdict.likenesses],
        score=verdict.score,
        found_at=now,
    )


def _update(pair: DuplicatePair, verdict: Verdict | None, now: datetime) -> bool:
    """Bring a pair up to date; tell whether it changed."""
    if verdict is None or not verdict.is_worth_a_look:
        if pair.state != State.OPEN:
            return False
        pair.state = State.GONE
        return True
    reasons = [str(each) for each in verdict.likenesses]
    was_decided = pair.state in {State.DISMISSED, State.MERGED}
    if was_decided and not likeness.has_news(pair.reasons, reasons):
        # Also when a merge was undone: whoever did has looked at them.
        if pair.state == State.DISMISSED:
            return False
        pair.state = State.DISMISSED
        return True
    if pair.state == State.OPEN and (pair.reasons, pair.score) == (
        reasons,
        verdict.score,
    ):
        return False
    if pair.state != State.OPEN:
        pair.state, pair.found_at = State.OPEN, now
        pair.decided_at = pair.decided_by = None
    pair.reasons, pair.score = reasons, verdict.score
    return True


def _note_merged(pairs: Iterable[DuplicatePair]) -> None:
    """Tell those whose members became one from those that are alike no more."""
    gone = [pair.pk for pair in pairs if pair.state == State.GONE]
    DuplicatePair.objects.filter(pk__in=gone).filter(
        Q(first__merged_into=F("second")) | Q(second__merged_into=F("first"))
    ).update(state=State.MERGED)


# DECIDING


def list_open(programme: Programme) -> QuerySet[DuplicatePair]:
    """Return the pairs that wait for somebody to decide, the likeliest first."""
    return (
        DuplicatePair.objects.filter(
            programme=programme,
            state=State.OPEN,
            # Until the next look, pairs of those who have just left are still open.
            first__status__in=ALIVE,
            second__status__in=ALIVE,
        )
        .select_related("first__programme", "second__programme")
        .defer("first__words", "second__words")
        .order_by("-score", "-found_at", "-pk")
    )


def ensure_pair(*, one: Member, other: Member, now: datetime) -> DuplicatePair:
    """Return the pair of two members whom somebody wants to look at side by side.

    Not open when nothing makes them alike: then it is nobody else's work.

    Raises:
        ValueError: it is one member, or they are of two clubs.
    """
    if one == other or one.programme_id != other.programme_id:
        message = "a pair is two members of one club"
        raise ValueError(message)
    first, second = sorted((one, other), key=lambda member: member.pk)
    verdict = _verdict((first.pk, second.pk), profiles_of([first.pk, second.pk]))
    pair, _is_new = DuplicatePair.objects.get_or_create(
        first=first,
        second=second,
        defaults={
            "programme": first.programme,
            "reasons": [str(each) for each in verdict.likenesses] if verdict else [],
            "score": verdict.score if verdict else 0,
            "state": State.OPEN if verdict and verdict.is_worth_a_look else State.GONE,
            "found_at": now,
        },
    )
    return pair


def dismiss(
    *, pair: DuplicatePair, staff: Staff, reason: str, now: datetime
) -> DuplicatePair:
    """Note that the two are two people; they come back only with something new."""
    with transaction.atomic():
        pair = _decide(pair, State.DISMISSED, staff, now)
        audit.record(
            programme=staff.programme,
            actor=staff,
            action=DISMISSED,
            now=now,
            member_id=pair.first.public_id,
            subject=str(pair.second.public_id),
            reason=reason,
        )
    return pair


def reopen(*, pair: DuplicatePair, staff: Staff, now: datetime) -> DuplicatePair:
    """Put a pair that was taken for two people back on the list."""
    with transaction.atomic():
        pair = _decide(pair, State.OPEN, None, None)
        audit.record(
            programme=staff.programme,
            actor=staff,
            action=REOPENED,
            now=now,
            member_id=pair.first.public_id,
            subject=str(pair.second.public_id),
        )
    return pair


def note_merge(*, merge: Merge, now: datetime) -> None:
    """Close the pair of two members who are one now."""
    _of_merge(merge).update(state=State.MERGED, decided_at=now, decided_by=merge.staff)


def note_undone(*, merge: Merge, now: datetime) -> None:
    """Take two members whose merge was undone for two people."""
    _of_merge(merge).update(
        state=State.DISMISSED, decided_at=now, decided_by=merge.undone_by
    )


def _of_merge(merge: Merge) -> QuerySet[DuplicatePair]:
    first, second = sorted((merge.kept_id, merge.merged_id))
    return DuplicatePair.objects.filter(first_id=first, second_id=second)


def _decide(
    pair: DuplicatePair, state: State, staff: Staff | None, at: datetime | None
) -> DuplicatePair:
    pair = (
        DuplicatePair.objects.select_for_update(of=("self",))
        .select_related("first", "second")
        .get(pk=pair.pk)
    )
    pair.state, pair.decided_by, pair.decided_at = state, staff, at
    pair.save(update_fields=["state", "decided_by", "decided_at"])
    return pair

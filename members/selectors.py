"""Finding members by what they can show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from members import cards, events
from members.models import Event, Identifier, Member, Merge
from stores.models import Programme


def get_by_public_id(programme: Programme, public_id: UUID | str) -> Member:
    """Return a member of the programme.

    Raises:
        Member.DoesNotExist: there is none with this id.
    """
    return Member.objects.get(programme=programme, public_id=public_id)


def find_by_phone(*, programme: Programme, phone: str) -> Member | None:
    """Return the member with a mobile number in E.164: current or proven."""
    return find_by_identifier(
        programme=programme, kind=Identifier.Kind.PHONE, value=phone
    )


def find_by_email(*, programme: Programme, email: str) -> Member | None:
    """Return the member with an e-mail address, whatever its case."""
    return find_by_identifier(
        programme=programme, kind=Identifier.Kind.EMAIL, value=email.strip().lower()
    )


def find_by_identifier(
    *, programme: Programme, kind: str, value: str, system: str = ""
) -> Member | None:
    """Return the member whom an identifier finds.

    The one whose current contact it is, or who has proven it: no other.
    """
    if not value:
        return None
    finds = (
        Q(identifiers__proven_at__isnull=False)
        | Q(identifiers__kind=Identifier.Kind.PHONE, phone=value)
        | Q(identifiers__kind=Identifier.Kind.EMAIL, email__iexact=value)
    )
    return _holders(programme, kind, value, system, finds).first()


def find_holder(
    *, programme: Programme, kind: str, value: str, system: str = ""
) -> Member | None:
    """Return the member who has an identifier, proven or not: it is taken."""
    if not value:
        return None
    return _holders(programme, kind, value, system).first()


def _holders(
    programme: Programme, kind: str, value: str, system: str, finds: Q | None = None
) -> QuerySet[Member]:
    # One condition, so that all of it is about the same identifier.
    return Member.objects.select_related("programme").filter(
        finds or Q(),
        identifiers__programme=programme,
        identifiers__kind=kind,
        identifiers__system=system,
        identifiers__value=value,
        identifiers__ended_at__isnull=True,
    )


def find_by_number(*, programme: Programme, number: str) -> Member | None:
    """Return the member with a membership number, read with or without spaces."""
    digits = "".join(number.split())
    if not cards.is_number(digits):
        return None
    found = Member.objects.filter(programme=programme, number=digits).first()
    # The card of a membership that was merged is as good as the other's own.
    return found.merged_into if found and found.merged_into_id else found


def find_by_card_token(
    *, programme: Programme, token: str, now: datetime
) -> Member | None:
    """Return the member whose card shows a code that is still good."""
    public_id = cards.read_token(token, now=now)
    if public_id is None:
        return None
    found = Member.objects.filter(programme=programme, public_id=public_id).first()
    return found.merged_into if found and found.merged_into_id else found


# MERGES


def list_undoable_merges(member: Member, *, since: datetime) -> QuerySet[Merge]:
    """Return the merges into a member that can be undone, the newest first."""
    return (
        Merge.objects.filter(kept=member, undone_at=None, sealed_at=None, at__gt=since)
        .select_related("merged")
        .order_by("-at", "-pk")
    )


def is_undoable(merge: Merge, *, since: datetime) -> bool:
    """Tell whether a merge was made after `since` and still stands."""
    return merge.undone_at is None and merge.sealed_at is None and merge.at > since


# TIMELINE


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event as people read it; `day` is set on the first of each day."""

    event: Event
    icon: str
    tone: str
    text: str
    day: date | None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Part of a timeline, newest first; `older` leads on, empty at the end."""

    entries: list[TimelineEntry]
    older: UUID | None


def list_events(
    *,
    member: Member,
    before: UUID | None = None,
    limit: int = 20,
    for_member: bool = False,
) -> TimelinePage | None:
    """Return what happened to a member before the event named `before`.

    None when the member has no such event. `for_member` leaves out what concerns staff
    only.
    """
    rows = Event.objects.filter(member=member).order_by("-at", "-pk")
    if for_member:
        rows = rows.filter(_for_members())
    last = None
    if before is not None:
        last = Event.objects.filter(member=member, public_id=before).first()
        if last is None:
            return None
        # The first condition alone bounds the walk along the index.
        rows = rows.filter(at__lte=last.at).filter(
            Q(at__lt=last.at) | Q(pk__lt=last.pk)
        )
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return TimelinePage(
        entries=_entries(member, shown, last),
        older=shown[-1].public_id if len(found) > limit else None,
    )


def _entries(
    member: Member, found: Iterable[Event], last: Event | None
) -> list[TimelineEntry]:
    zone = member.programme.zone
    day = last.at.astimezone(zone).date() if last else None
    entries = []
    for event in found:
        local = event.at.astimezone(zone).date()
        entries.append(
            TimelineEntry(
                event=event,
                icon=events.icon_of(event),
                tone=events.tone_of(event),
                text=events.describe(event),
                day=local if local != day else None,
            )
        )
        day = local
    return entries


def _for_members() -> Q:
    names = [name for name, kind in events.kinds().items() if kind.for_member]
    shown = Q(kind__in=[name for name in names if not name.endswith(".*")])
    for name in names:
        if name.endswith(".*"):
            shown |= Q(kind__startswith=name.removesuffix("*"))
    return shown

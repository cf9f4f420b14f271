"""Read what the bounds mean today, and how they came to be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.periods import local_day, start_of_day
from consent import contact, gate, kinds
from consent.contact import POLICY_FIELDS
from consent.gate import OPEN, Code, MessageClass
from consent.models import ContactPolicy, ContactPolicyChange, Purpose
from consent.policy.words import written
from stores.models import AuditEntry, Programme, Staff

HISTORY = 50
# What says nothing of the bounds: nobody is there to be written to.
_NOBODY = frozenset({Code.ERASED})


@dataclass(frozen=True, slots=True)
class Reach:
    """How many members a message could go to at a moment, and what stops the rest."""

    asked_at: datetime
    # It is quiet now; asked as of when the rest is over.
    is_later: bool
    members: int
    reached: int
    stopped: list[tuple[Code, int]]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the bounds: when, by whom, and what was before and after."""

    at: datetime
    staff: str
    bounds: list[tuple[str, str, str]]


def summarize_reach(
    *, programme: Programme, channel: str, message_class: str, now: datetime
) -> Reach:
    """Count whom a message could reach now, or when quiet hours end, and why not."""
    asked_at = waking(contact.policy_of(programme), programme, now)
    purpose = (
        Purpose.SURVEYS if message_class == MessageClass.SURVEY else Purpose.MARKETING
    )
    counted = gate.count_by_code(
        programme=programme,
        channel=channel,
        message_class=message_class,
        purpose=purpose,
        now=asked_at,
    )
    known = {code: number for code, number in counted.items() if code not in _NOBODY}
    stopped = [(code, number) for code, number in known.items() if code not in OPEN]
    return Reach(
        asked_at=asked_at,
        is_later=asked_at != now,
        members=sum(known.values()),
        reached=sum(number for code, number in known.items() if code in OPEN),
        stopped=sorted(stopped, key=lambda pair: (-pair[1], pair[0])),
    )


def waking(policy: ContactPolicy, programme: Programme, now: datetime) -> datetime:
    """Return now, or the end of the quiet hours that it lies in."""
    clock = now.astimezone(programme.zone).time()
    start, end = policy.quiet_from, policy.quiet_until
    is_quiet = start <= clock < end if start < end else (clock >= start or clock < end)
    if not is_quiet:
        return now
    day = local_day(now, programme.zone) + timedelta(days=int(clock >= end))
    midnight = start_of_day(day, programme.zone)
    return midnight.replace(
        hour=end.hour,
        minute=end.minute,
        second=end.second,
        microsecond=end.microsecond,
    )


def list_changes(programme: Programme) -> list[Change]:
    """Return the latest changes of a club's bounds, newest first."""
    kept = list(
        ContactPolicyChange.objects.filter(programme=programme).order_by(
            "-valid_from", "-pk"
        )[: HISTORY + 1]
    )
    unset = ContactPolicy(programme=programme)
    first = {name: getattr(unset, name) for name in POLICY_FIELDS}
    befores = [change.bounds for change in kept[1:]]
    if len(kept) <= HISTORY:
        befores.append(first)
    people = _people(programme, [change.valid_from for change in kept])
    found = []
    for change, before in zip(kept, befores, strict=False):
        bounds = [
            (name, written(name, before[name]), written(name, change.bounds[name]))
            for name in POLICY_FIELDS
            if written(name, before[name]) != written(name, change.bounds[name])
        ]
        if bounds:
            staff = people.get(change.valid_from, "")
            found.append(Change(change.valid_from, staff, bounds))
    return found


def _people(programme: Programme, moments: list[datetime]) -> dict[datetime, str]:
    """Return who changed the bounds at these moments, by the audit trail."""
    entries = dict(
        AuditEntry.objects.filter(
            programme=programme, action=kinds.POLICY_CHANGED, at__in=moments
        ).values_list("at", "actor_id")
    )
    names = dict(
        Staff.objects.filter(public_id__in=set(entries.values())).values_list(
            "public_id", "name"
        )
    )
    return {at: names[who] for at, who in entries.items() if who in names}

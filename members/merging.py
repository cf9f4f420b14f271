"""Make two memberships of one person one, and part them again within 30 days.

What the rooms do with their rows is in `merge_registry`; why it is done so, in decision
0011.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from common.deadlocks import again_after_deadlock
from members import events, kinds, merge_registry, selectors
from members.merge_registry import Merging
from members.models import Event, Identifier, Member, Merge
from stores import audit
from stores.models import Staff

# After this long nobody remembers which purchase was whose.
UNDO_WITHIN = timedelta(days=30)

# As the audit trail calls them.
MERGED = kinds.MERGED
UNMERGED = kinds.UNMERGED

# What staff may take from the merged member instead of the kept one's own.
CHOOSABLE = (
    "phone",
    "email",
    "first_name",
    "last_name",
    "birthday_on",
    "postcode",
    "language",
    "home_store",
)
# What goes together: restored as one, or left as one when the member has changed it.
_GROUPS = (
    ("status", "activated_at", "left_at"),
    ("phone", "phone_verified_at"),
    ("email", "email_verified_at"),
    ("first_name",),
    ("last_name",),
    ("birthday_on",),
    ("postcode",),
    ("language",),
    ("home_store",),
    ("held_until",),
)
_TRACKED = tuple(name for group in _GROUPS for name in group)
_FIELDS = {field.name: field for field in Member._meta.concrete_fields}
_PROOFS = {"phone": "phone_verified_at", "email": "email_verified_at"}
_REDIRECTED = "members.Member"


class Refusal(TextChoices):
    """Why two members cannot be merged, or a merge not be undone."""

    SAME = "same", _("This is one and the same membership.")
    OTHER_PROGRAMME = "other_programme", _("They are members of two clubs.")
    ERASED = "erased", _("One of the memberships was erased.")
    ALREADY_MERGED = (
        "already_merged",
        _("One of the memberships was merged with another one before."),
    )
    BLOCKED = (
        "blocked",
        _("One of the memberships is blocked. Settle that first."),
    )
    TOO_LATE = "too_late", _("A merge can be undone for 30 days. They have passed.")
    LATER_MERGE = (
        "later_merge",
        _("A later merge builds on this one. Undo the later one first."),
    )


class MergeForbidden(Exception):
    """Raised when a merge or its undoing may not be: `reason`, and a merge in the way.

    `later` is the merge that must be undone first, when there is one.
    """

    def __init__(self, reason: Refusal, later: Merge | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.later = later


@again_after_deadlock
def merge_members(
    *,
    kept: Member,
    merged: Member,
    choices: Mapping[str, str] | None = None,
    staff: Staff | None,
    reason: str = "",
    now: datetime,
) -> Merge:
    """Take one member into another: points, receipts, permissions, all that is theirs.

    Details that the kept one lacks are filled in; `choices` names those to take from
    the merged one all the same (`{"phone": "merged"}`). Two who were merged already,
    whichever was kept, get the merge that did it, and nothing changes.

    Raises:
        MergeForbidden: one is erased, blocked or merged elsewhere, or they are of two
            clubs, or one.
        ValueError: there is no such choice.
    """
    choices = choices or {}
    if unknown := set(choices) - set(CHOOSABLE):
        message = f"no details to choose: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    with transaction.atomic():
        kept, merged = _lock(kept, merged)
        if (done := _find_done(kept, merged)) is not None:
            return done
        _refuse(kept, merged)
        merge = Merge.objects.create(
            programme_id=kept.programme_id,
            kept=kept,
            merged=merged,
            at=now,
            staff=staff,
            reason=reason,
            before={"kept": _details(kept), "merged": _details(merged)},
        )
        merging = Merging(merge=merge, kept=kept, merged=merged, now=now)
        _step_aside(merged, kept)
        _hand_all_on(merging)
        _fill(kept, merge.before["merged"], choices)
        kept.save()
        merge.moved[_REDIRECTED] = _redirect(merged, kept)
        merge.after = {"kept": _details(kept)}
        merge.save()
        _tell(merging, MERGED, (kept,), staff, reason)
    return merge


@again_after_deadlock
def undo_merge(*, merge: Merge, staff: Staff | None, now: datetime) -> Merge:
    """Part two members again; what has been undone already stays as it is.

    Each gets back what was theirs. What has happened since is the kept member's; of
    points the merged one gets back what is left.

    Raises:
        MergeForbidden: 30 days have passed, the kept member is erased, or a later merge
            must be undone first.
    """
    with transaction.atomic():
        kept, merged = _lock(merge.kept, merge.merged)
        merge = Merge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        if merge.undone_at is not None:
            return merge
        _refuse_undoing(merge, kept, now)
        merge.undone_at, merge.undone_by = now, staff
        merging = Merging(merge=merge, kept=kept, merged=merged, now=now)
        _restore_kept(merging)
        Member.objects.filter(
            pk__in=merge.moved.get(_REDIRECTED, []), merged_into=kept
        ).update(merged_into=merged)
        for handler in merge_registry.handlers():
            handler.undo(merging)
        _restore_merged(merging)
        _empty(merge)
        merge.save()
        _tell(merging, UNMERGED, (kept, merged), staff, "")
    return merge


def gather_strays(*, now: datetime, limit: int = 100) -> int:
    """Hand on what was written for merged members at the moment of their merge.

    Whoever had found the member before and wrote after (a STOP by SMS, a message) did
    not see the merge. Returns for how many there was something.
    """
    strays = Merge.objects.filter(
        Exists(Event.objects.filter(member=OuterRef("merged"))),
        undone_at=None,
        sealed_at=None,
    )
    found = list(strays.select_related("kept", "merged").order_by("pk")[:limit])
    return sum(_gather(merge, now) for merge in found)


@again_after_deadlock
def _gather(merge: Merge, now: datetime) -> bool:
    with transaction.atomic():
        kept, merged = _lock(merge.kept, merge.merged)
        merge = Merge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        if merge.undone_at is not None or merge.sealed_at is not None:
            return False
        _hand_all_on(Merging(merge=merge, kept=kept, merged=merged, now=now))
        merge.save(update_fields=["moved", "notes"])
    return True


def seal_merges(*, now: datetime, limit: int = 500) -> int:
    """Make merges of 30 days ago final: drop what the undoing would have needed.

    Returns how many.
    """
    with transaction.atomic():
        due = Merge.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            undone_at=None, sealed_at=None, at__lte=now - UNDO_WITHIN
        )
        return _seal(list(due.order_by("at")[:limit]), now)


def _hand_all_on(merging: Merging) -> None:
    """Let every room hand its rows on.

    From the top, so that what the rooms above still record for the merged member is
    among the events, which this room hands on last.
    """
    for handler in reversed(merge_registry.handlers()):
        handler.merge(merging)


def _lock(kept: Member, merged: Member) -> tuple[Member, Member]:
    """Lock both, and those who were merged into them, in the order of their keys."""
    pair = [kept.pk, merged.pk]
    rows = (
        Member.objects.select_for_update(of=("self",))
        .select_related("programme")
        .filter(Q(pk__in=pair) | Q(merged_into__in=pair))
        .order_by("pk")
    )
    found = {row.pk: row for row in rows}
    return found[kept.pk], found[merged.pk]


def _find_done(kept: Member, merged: Member) -> Merge | None:
    """Return the merge that made the two one, perhaps by way of a third."""
    one, other = (member.merged_into_id or member.pk for member in (kept, merged))
    if one != other or kept.pk == merged.pk:
        return None
    taken = merged if merged.status == Member.Status.MERGED else kept
    return Merge.objects.get(merged=taken, undone_at=None)


def _refuse(kept: Member, merged: Member) -> None:
    if kept.pk == merged.pk:
        raise MergeForbidden(Refusal.SAME)
    if kept.programme_id != merged.programme_id:
        raise MergeForbidden(Refusal.OTHER_PROGRAMME)
    statuses = {kept.status, merged.status}
    for status, reason in (
        (Member.Status.ERASED, Refusal.ERASED),
        (Member.Status.MERGED, Refusal.ALREADY_MERGED),
        (Member.Status.BLOCKED, Refusal.BLOCKED),
    ):
        if status in statuses:
            raise MergeForbidden(reason)


def _refuse_undoing(merge: Merge, kept: Member, now: datetime) -> None:
    if merge.sealed_at is not None or now - merge.at >= UNDO_WITHIN:
        raise MergeForbidden(Refusal.TOO_LATE)
    if kept.status == Member.Status.ERASED:
        raise MergeForbidden(Refusal.ERASED)
    # Last in, first out: only so each undoing finds what its merge left behind.
    later = (
        Merge.objects.filter(
            Q(kept=kept, pk__gt=merge.pk) | Q(merged=kept), undone_at=None
        )
        .order_by("-pk")
        .first()
    )
    if later is not None:
        raise MergeForbidden(Refusal.LATER_MERGE, later)


# DETAILS


def _details(member: Member) -> dict[str, Any]:
    """Return a member's details as JSON holds them."""
    return {
        name: _plain(member, name)
        for name in _TRACKED
        if _plain(member, name) not in (None, "")
    }


def _plain(member: Member, name: str) -> Any:
    value = getattr(member, _FIELDS[name].attname)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _set(member: Member, name: str, value: Any) -> None:
    """Set a detail from JSON; without a value it is emptied."""
    field = _FIELDS[name]
    if value is None and not field.null:
        value = ""
    elif not field.is_relation:
        value = field.to_python(value)
    setattr(member, field.attname, value)


def _step_aside(merged: Member, kept: Member) -> None:
    """Make the merged member an alias, which gives its number and address free."""
    merged.status = Member.Status.MERGED
    merged.merged_into = kept
    merged.phone = merged.email = ""
    merged.phone_verified_at = merged.email_verified_at = None
    merged.held_until = None
    merged.save()


def _fill(kept: Member, theirs: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Give the kept member what they lack and the other has, and what staff chose."""
    for name in CHOOSABLE:
        if name not in theirs:
            continue
        if choices.get(name) == "merged" or _plain(kept, name) in (None, ""):
            _set(kept, name, theirs[name])
            if proof := _PROOFS.get(name):
                _set(kept, proof, theirs.get(proof))
    is_waiting = kept.status in {Member.Status.PENDING, Member.Status.LEFT}
    if is_waiting and theirs["status"] == Member.Status.ACTIVE:
        kept.status = Member.Status.ACTIVE
        kept.left_at = None
    if kept.activated_at is None:
        _set(kept, "activated_at", theirs.get("activated_at"))
    # Whichever was perhaps taken over holds the points of both.
    own = kept.held_until
    _set(kept, "held_until", theirs.get("held_until"))
    kept.held_until = max(
        (each for each in (own, kept.held_until) if each is not None), default=None
    )


def _redirect(merged: Member, kept: Member) -> list[int]:
    """Let earlier merges into the merged member lead to the kept one in one step."""
    earlier = list(
        Member.objects.filter(merged_into=merged).values_list("pk", flat=True)
    )
    Member.objects.filter(pk__in=earlier).update(merged_into=kept)
    return earlier


def _restore_kept(merging: Merging) -> None:
    """Give the kept member their own details back, but for what they changed since."""
    kept = merging.kept
    before, after = merging.merge.before["kept"], merging.merge.after["kept"]
    now = _details(kept)
    for group in _GROUPS:
        # A number that was proven since is still the number of then.
        same = group[:1] if group[0] in _PROOFS else group
        if any(now.get(name) != after.get(name) for name in same):
            continue
        for name in group:
            _set(kept, name, before.get(name))
        if group[0] in _PROOFS:
            _leave_to_others(kept, group, (kept, merging.merged))
    kept.save()


def _restore_merged(merging: Merging) -> None:
    """Make the merged member one of their own again."""
    merged = merging.merged
    before = merging.merge.before["merged"]
    for name in _TRACKED:
        _set(merged, name, before.get(name))
    for group in _GROUPS:
        if group[0] in _PROOFS:
            _leave_to_others(merged, group, (merged,))
    merged.merged_into = None
    merged.save()


def _leave_to_others(
    member: Member, group: tuple[str, ...], allowed: tuple[Member, ...]
) -> None:
    """Let a number or address go that has become somebody else's meanwhile."""
    value = str(getattr(member, group[0]))
    holder = selectors.find_holder(
        programme=member.programme,
        kind=Identifier.Kind(group[0].upper()),
        value=value.lower(),
    )
    if holder is not None and holder not in allowed:
        for name in group:
            _set(member, name, None)


# RECORDS


def _tell(
    merging: Merging,
    kind: str,
    members: tuple[Member, ...],
    staff: Staff | None,
    reason: str,
) -> None:
    merge = merging.merge
    for member in members:
        events.record(
            member_id=member.pk,
            kind=kind,
            at=merging.now,
            now=merging.now,
            data={
                "kept": str(merging.kept.public_id),
                "merged": str(merging.merged.public_id),
            },
            subject_type="merge",
            subject_id=merge.public_id,
        )
    audit.record(
        programme=merging.kept.programme,
        actor=staff,
        action=kind,
        now=merging.now,
        member_id=merging.kept.public_id,
        subject=str(merge.public_id),
        reason=reason,
        data={"merged": str(merging.merged.public_id)},
    )


def _seal(merges: list[Merge], now: datetime) -> int:
    for merge in merges:
        _empty(merge)
        merge.sealed_at = now
        merge.save()
    Member.objects.filter(
        pk__in=[merge.merged_id for merge in merges], status=Member.Status.MERGED
    ).update(
        first_name="",
        last_name="",
        birthday_on=None,
        postcode="",
        home_store=None,
    )
    return len(merges)


def _empty(merge: Merge) -> None:
    merge.before, merge.after, merge.moved, merge.notes = {}, {}, {}, {}

"""Erase a member: what the register of personal data says, and what rooms do besides.

A row with a field to delete is deleted; fields to blank are emptied; the rest stays,
tied to a row that names nobody and has a new membership number. Rooms that must do more
than that (a ledger to balance, receipts to cut loose) register a hook.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, models, transaction

from common.deadlocks import again_after_deadlock
from consent import contact, journal, registry
from consent.models import Channel, Erasure, Suppression
from consent.registry import Erase, Field
from consent.rows import NotErasable, blanked, condition, empty_value
from members import cards
from members.models import Identifier, Member

__all__ = [
    "NotErasable",
    "addresses_of",
    "blanked",
    "condition",
    "empty_value",
    "erase_member",
    "register_hook",
]

Hook = Callable[[Member, datetime], None]

# A collision of ten random digits is rare, and eight in a row a broken generator.
_NUMBER_TRIES = 8
_CHANNELS = {
    Identifier.Kind.PHONE.value: Channel.SMS,
    Identifier.Kind.EMAIL.value: Channel.EMAIL,
}

_hooks: list[Hook] = []


def register_hook(hook: Hook) -> None:
    """Have `hook(member, now)` called before the rows go; in `AppConfig.ready()`.

    The member still has name, number and address then, and is locked.
    """
    _hooks.append(hook)


@again_after_deadlock
def erase_member(
    *, member: Member, now: datetime, reason: str = Erasure.Reason.REQUEST
) -> None:
    """Erase everything that tells who a member is; twice changes nothing.

    A membership that was merged into this one is the same person and goes with it.
    What is left names nobody: the books, the proof of what was agreed to, that there
    was an erasure, and a keyed hash of each address, so that no list brings it back.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member.pk)
        if member.status == Member.Status.ERASED:
            return
        for merged in Member.objects.filter(merged_into=member).order_by("pk"):
            erase_member(member=merged, now=now, reason=reason)
        _list_addresses(member, now)
        for hook in _hooks:
            hook(member, now)
        # From the upper rooms down, as they were registered: rows go before what
        # they point to.
        for model, fields in registry.registered().items():
            if model is not Member:
                _erase_rows(model, fields, member)
        _erase_self(member)
        _note(member, reason, now)


def addresses_of(member: Member) -> list[tuple[Channel, str]]:
    """Return the numbers and addresses that are a member's now, each once."""
    found = {
        (Channel.SMS, member.phone): None,
        (Channel.EMAIL, member.email.lower()): None,
    }
    known = Identifier.objects.filter(
        member=member, kind__in=_CHANNELS, ended_at=None
    ).order_by("pk")
    found |= {(_CHANNELS[each.kind], each.value): None for each in known}
    return [(channel, address) for channel, address in found if address]


def _list_addresses(member: Member, now: datetime) -> None:
    """Let no list that is imported later bring a member back into a mailing."""
    for channel, address in addresses_of(member):
        contact.suppress(
            programme=member.programme,
            channel=channel,
            address=address,
            reach=Suppression.Reach.MARKETING,
            reason=Suppression.Reason.ERASED,
            now=now,
        )


def _note(member: Member, reason: str, now: datetime) -> None:
    """Write down that it was done, for whoever restores a backup from before."""
    erasure, is_new = Erasure.objects.get_or_create(
        member_id=member.public_id,
        defaults={"programme": member.programme, "at": now, "reason": reason},
    )
    if is_new:
        journal.note(erasure)


def _erase_rows(
    model: type[models.Model], fields: dict[str, Field], member: Member
) -> None:
    theirs = condition(model)
    if theirs is None:
        return
    rows = model._base_manager.filter(theirs(member))
    if any(field.erase is Erase.DELETE for field in fields.values()):
        # By their keys: a condition over a join cannot be deleted by.
        model._base_manager.filter(pk__in=rows.values("pk")).delete()
        return
    empty = {name: empty_value(model, name) for name in blanked(model, fields)}
    if empty:
        model._base_manager.filter(pk__in=rows.values("pk")).update(**empty)


def _erase_self(member: Member) -> None:
    fields = registry.registered()[Member]
    empty = {
        name: empty_value(Member, name)
        for name in blanked(Member, fields)
        if name != "number"
    }
    row = Member.objects.filter(pk=member.pk)
    row.update(**empty, status=Member.Status.ERASED, held_until=None, merged_into=None)
    # A column that is never empty: a number that stands on nobody's card.
    for last in (False,) * (_NUMBER_TRIES - 1) + (True,):
        try:
            with transaction.atomic():
                row.update(number=cards.new_number())
        except IntegrityError:
            if last:
                raise
        else:
            break

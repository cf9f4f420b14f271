"""Permissions of two members who are compared, and which hold when they are merged."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from consent import selectors
from consent.models import Channel, ConsentEntry, Purpose
from consent.services import YES
from members import comparison
from members.comparison import Fact
from members.models import Member


def register() -> None:
    """Register the aspect; called once, when the room is ready."""
    comparison.register(key="consent", order=30, tell=_tell, foretell=_foretell)


def _tell(members: Sequence[Member], _now: datetime) -> list[Fact]:
    said = [selectors.permissions_of(member) for member in members]
    return [
        Fact(
            _label(purpose, channel),
            tuple(_answer(each.get((purpose, channel))) for each in said),
        )
        for purpose in Purpose
        for channel in Channel
        if any((purpose, channel) in each for each in said)
    ]


def _foretell(kept: Member, merged: Member, _now: datetime) -> list[str]:
    both = [selectors.permissions_of(member) for member in (kept, merged)]
    sentences = []
    for purpose in Purpose:
        for channel in Channel:
            said = [
                each[purpose, channel] for each in both if (purpose, channel) in each
            ]
            if said:
                sentences.append(
                    _("%(what)s: %(answer)s")
                    % {"what": _label(purpose, channel), "answer": _what_holds(said)}
                )
    return sentences


def _what_holds(said: Sequence[ConsentEntry]) -> str:
    """Say it as `consent.merging` decides it: a no wins."""
    if any(entry.action == ConsentEntry.Action.OBJECTED for entry in said):
        return _("no, because of an objection")
    refusals = sum(entry.action not in YES for entry in said)
    if refusals == len(said):
        return _("no")
    if refusals:
        return _("no, because one of them said no")
    return _("yes")


def _label(purpose: Purpose, channel: Channel) -> str:
    return _("%(purpose)s (%(channel)s)") % {
        "purpose": purpose.label,
        "channel": channel.label,
    }


def _answer(entry: ConsentEntry | None) -> str:
    if entry is None:
        return _("Not asked")
    if entry.action in {ConsentEntry.Action.OBJECTED, ConsentEntry.Action.LIFTED}:
        return str(entry.get_action_display())
    return _("Yes") if entry.action in YES else _("No")

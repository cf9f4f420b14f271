"""The message that the programme becomes worse: what changes, in the member's words."""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.formats import date_format

from members.models import Event, Member
from messaging import notices, templates
from points import kinds
from points.models import EarningRule
from points.programme import telling, versions
from points.selectors import value_of

TEMPLATE = "programme_changed"


def register() -> None:
    """Register the message and what it is sent for; called once, at the start."""
    templates.register(TEMPLATE, fields={"day"})
    notices.register(kinds.PROGRAMME_CHANGED, TEMPLATE, context=_context)


def _context(event: Event, member: Member) -> dict[str, Any]:
    language = templates.language_for(member.language)
    with translation.override(language):
        day = date_format(date.fromisoformat(event.data["from"]), "DATE_FORMAT")
    changes = _changes(event.subject_id, language) if event.subject_id else ()
    return {"day": day, "changes": changes}


# The same for everybody who reads a language, and a version never changes.
@lru_cache(maxsize=32)
def _changes(public_id: UUID, language: str) -> tuple[str, ...]:
    """Return the sentences that are new or gone, each as a line of the message."""
    row = EarningRule.objects.select_related("programme").get(public_id=public_id)
    before = versions.find_before(row)
    with translation.override(language):
        found = telling.changes_between(
            row.programme, value_of(before) if before else None, value_of(row)
        )
        return tuple(
            _line(each) for each in found if each.sort is not telling.Sort.SAME
        )


def _line(change: telling.Change) -> str:
    if change.old and change.new:
        return f"{change.old} → {change.new}"
    return f"+ {change.new}" if change.new else f"- {change.old}"

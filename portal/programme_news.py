"""The messages that the programme becomes worse, and that it does not after all.

With what changes and what holds for a while longer, in the member's words.
"""

from dataclasses import dataclass
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
from points.programme import running_down, telling, versions
from points.selectors import value_of

TEMPLATE = "programme_changed"
OFF = "programme_stays"


def register() -> None:
    """Register the messages and what they are sent for; called once, at the start."""
    templates.register(TEMPLATE, fields={"day"})
    templates.register(OFF, fields={"day"})
    notices.register(kinds.PROGRAMME_CHANGED, TEMPLATE, context=_context)
    notices.register(kinds.PROGRAMME_STAYS, OFF, context=_day)


@dataclass(frozen=True, slots=True)
class _News:
    """What changes, and what holds longer and until when; each a line."""

    changes: tuple[str, ...]
    until: str
    held: tuple[str, ...]


def _day(event: Event, member: Member) -> dict[str, Any]:
    with translation.override(templates.language_for(member.language)):
        day = date_format(date.fromisoformat(event.data["from"]), "DATE_FORMAT")
    return {"day": day}


def _context(event: Event, member: Member) -> dict[str, Any]:
    context = _day(event, member)
    if event.subject_id:
        news = _news(event.subject_id, templates.language_for(member.language))
        context |= {"changes": news.changes, "until": news.until, "held": news.held}
    return context


# The same for everybody who reads a language, and a version never changes.
@lru_cache(maxsize=32)
def _news(public_id: UUID, language: str) -> _News:
    row = EarningRule.objects.select_related("programme").get(public_id=public_id)
    before = versions.find_before(row)
    last = row.runs_down_until
    with translation.override(language):
        found = telling.changes_between(
            row.programme, value_of(before) if before else None, value_of(row)
        )
        return _News(
            changes=tuple(
                _line(each) for each in found if each.sort is not telling.Sort.SAME
            ),
            until=date_format(last, "DATE_FORMAT") if last else "",
            held=tuple(running_down.held_by(row, before)) if last else (),
        )


def _line(change: telling.Change) -> str:
    if change.old and change.new:
        return f"{change.old} → {change.new}"
    return f"+ {change.new}" if change.new else f"- {change.old}"

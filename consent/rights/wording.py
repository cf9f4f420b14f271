"""Words for answers: the club's own templates, and those that are shipped.

A template names what is filled in with {name} and the like; nothing else in it is
special, so that nobody can break a page with one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.formats import date_format

from common import plaintext
from consent.models import AnswerTemplate, RightsRequest
from consent.record.authorities import authority_of
from consent.rights import kinds, selectors
from stores import audit
from stores.models import Programme, Staff

PLACEHOLDERS = (
    "name",
    "club",
    "company",
    "asked_on",
    "due_on",
    "authority",
    "authority_site",
)
SHIPPED = "shipped"
_PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")


class NameTaken(ValueError):
    """Raised when a template for the same has the same name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Words that can be taken for an answer."""

    key: str
    title: str
    body: str


def unknown_placeholders(body: str) -> list[str]:
    """Name what a text would have filled in and nothing fills in."""
    return sorted(
        {f"{{{name}}}" for name in _PLACEHOLDER.findall(body)}
        - {f"{{{name}}}" for name in PLACEHOLDERS}
    )


def choices_for(request: RightsRequest) -> list[Choice]:
    """Return the words for an answer in the member's language, filled in."""
    language = request.member.language
    own = selectors.list_templates(
        request.programme, kind=request.kind, language=language
    )
    shipped = shipped_text(request.kind, language)
    found = [Choice(str(each.public_id), each.title, each.body) for each in own]
    found.append(Choice(SHIPPED, shipped.title, shipped.body))
    return [Choice(each.key, each.title, fill(each.body, request)) for each in found]


def shipped_text(kind: str, language: str) -> Choice:
    """Return our own words for a kind: the first line is their name."""
    text = plaintext.render(f"consent/rights/answers/{language}/{kind.lower()}.txt", {})
    title, _blank, body = text.partition("\n")
    return Choice(SHIPPED, title.strip(), body.strip())


def fill(body: str, request: RightsRequest) -> str:
    """Put what is known of a request into a text; an unknown name stays as it is."""
    programme, member = request.programme, request.member
    authority = authority_of(programme.country)
    with translation.override(member.language):
        values = {
            "name": member.first_name,
            "club": programme.name,
            "company": programme.company_name,
            "asked_on": _day(request.received_at, programme),
            "due_on": _day(request.due_at, programme),
            "authority": authority.name if authority else "",
            "authority_site": authority.site if authority else "",
        }
    filled = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), body)
    # Without a name the greeting has a gap before its comma.
    return filled.replace(" ,", ",").replace(" !", "!")


def save_template(
    *,
    programme: Programme,
    template: AnswerTemplate | None,
    kind: str,
    language: str,
    title: str,
    body: str,
    staff: Staff,
    now: datetime,
) -> AnswerTemplate:
    """Write a template, or change one.

    Raises:
        NameTaken: there is another for the same with this name.
    """
    row = template or AnswerTemplate(programme=programme)
    row.kind, row.language, row.title, row.body = kind, language, title, body
    row.changed_at, row.changed_by = now, staff
    try:
        with transaction.atomic():
            row.save()
            _record(row, staff, now)
    except IntegrityError as error:
        raise NameTaken(title) from error
    return row


def delete_template(*, template: AnswerTemplate, staff: Staff, now: datetime) -> None:
    """Delete a template; answers that were written with it stay as they are."""
    with transaction.atomic():
        _record(template, staff, now, deleted=True)
        AnswerTemplate.objects.filter(pk=template.pk).delete()


def find_template(programme: Programme, public_id: UUID) -> AnswerTemplate | None:
    """Return a template of the club, or None."""
    return AnswerTemplate.objects.filter(
        programme=programme, public_id=public_id
    ).first()


def _record(
    template: AnswerTemplate, staff: Staff, now: datetime, *, deleted: bool = False
) -> None:
    audit.record(
        programme=template.programme,
        actor=staff,
        action=kinds.TEMPLATE_CHANGED,
        now=now,
        subject=str(template.public_id),
        data={
            "kind": template.kind,
            "language": template.language,
            "title": template.title,
            "deleted": deleted,
        },
    )


def _day(at: datetime, programme: Programme) -> str:
    return date_format(timezone.localtime(at, programme.zone), "DATE_FORMAT")

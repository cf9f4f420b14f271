"""All we hold of a member, as files they can read and take along (GDPR art. 15, 20).

Driven by the register of personal data: what it says is given out is in the export,
and nothing else is. As JSON for machines, CSV for spreadsheets, HTML for people.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from common.ui.csv import csv_lines
from consent import erasure, registry
from consent.registry import Export, Field
from members.models import Member
from stores.models import Programme, Staff

# Rows are read a few at a time: a member may have thousands of receipt lines.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Column:
    """One field as it is given out."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one kind, and why we hold them."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    why: tuple[str, ...]
    basis: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def text_rows(self) -> Iterator[list[str]]:
        """Return the rows as people read them."""
        for row in self.rows:
            yield [_as_text(value) for value in row]


def collect(member: Member) -> list[Section]:
    """Return everything that is given out of a member, by kind, empty kinds left out.

    A membership that was merged into this one is the same person and comes along.
    """
    who = [member, *Member.objects.filter(merged_into=member).order_by("pk")]
    found = []
    for model, fields in registry.registered().items():
        given = [name for name, field in fields.items() if field.export is Export.YES]
        rows = _rows_of(model, who)
        if given and rows is not None:
            section = _section(model, fields, given, rows)
            if section.rows:
                found.append(section)
    return sorted(found, key=lambda section: section.name != "members.Member")


def write(member: Member, *, file: IO[bytes], now: datetime) -> None:
    """Write the export of a member as a zip, in the language that is active.

    Times are in the active zone and say which; amounts are written with a point.
    """
    sections = collect(member)
    programme = member.programme
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", _json(programme, sections, now))
        for section in sections:
            lines = csv_lines(
                [[column.label for column in section.columns], *section.text_rows]
            )
            archive.writestr(f"csv/{section.name}.csv", "".join(lines))
        page = render_to_string(
            "consent/export.html",
            {"programme": programme, "sections": sections, "now": now},
        )
        archive.writestr("read-me.html", page)


def _rows_of(
    model: type[models.Model], who: list[Member]
) -> models.QuerySet[Any] | None:
    """Return the rows of some members; None if the model holds none of members."""
    everything = model._base_manager.all()
    if model is Member:
        return everything.filter(pk__in=[member.pk for member in who])
    theirs = erasure.condition(model)
    if theirs is None:
        return None
    found = Q()
    for member in who:
        found |= theirs(member)
    # By their keys, so that a row that is found in two ways comes once.
    return everything.filter(pk__in=everything.filter(found).values("pk"))


def _section(
    model: type[models.Model],
    fields: dict[str, Field],
    given: list[str],
    rows: models.QuerySet[Any],
) -> Section:
    related = [
        name for name in given if isinstance(_field(model, name), models.ForeignKey)
    ]
    rows = rows.select_related(*related).order_by("pk")
    said = [fields[name] for name in given]
    return Section(
        name=model._meta.label,
        title=registry.title_of(model),
        columns=tuple(Column(name, _label(model, name)) for name in given),
        rows=[
            tuple(_value(row, name) for name in given)
            for row in rows.iterator(chunk_size=_CHUNK)
        ],
        why=_labels(field.purpose for field in said),
        basis=_labels(field.basis for field in said),
        kept=_labels(field.retention for field in said),
    )


def _labels(choices: Iterator[models.TextChoices]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(choice.label) for choice in choices))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _label(model: type[models.Model], name: str) -> str:
    field = _field(model, name)
    return str(capfirst(getattr(field, "verbose_name", name)))


def _value(row: models.Model, name: str) -> Any:
    field = _field(type(row), name)
    value = getattr(row, name)
    if isinstance(value, Staff):
        # Another person's name is not the member's data.
        return _("Staff")
    if isinstance(value, models.Model):
        return str(value)
    if field.choices and value:
        return str(getattr(row, f"get_{name}_display")())
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


def _json(programme: Programme, sections: list[Section], now: datetime) -> str:
    content = {
        "club": programme.name,
        "company": programme.company_name,
        "written": now.isoformat(),
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "why": section.why,
                "basis": section.basis,
                "kept": section.kept,
                "rows": [
                    {
                        column.name: _as_json(value)
                        for column, value in zip(section.columns, row, strict=True)
                    }
                    for row in section.rows
                ],
            }
            for section in sections
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


def _as_text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M}"
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)

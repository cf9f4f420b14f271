"""All we hold of a member, as files they can read and take along (GDPR art. 15, 20).

Driven by the register of personal data: what it says is given out is in the export,
and nothing else is. As JSON for machines, CSV for spreadsheets, HTML for people.
"""

import io
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
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _

from common.ui.csv import csv_lines
from consent import record, registry, rows
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
        theirs = _rows_of(model, who)
        if given and theirs is not None:
            section = _section(model, fields, given, theirs)
            if section.rows:
                found.append(section)
    return sorted(found, key=lambda section: section.name != "members.Member")


def stream(member: Member, *, language: str, now: datetime) -> Iterator[bytes]:
    """Yield the export of a member as a zip, piece by piece; it is kept nowhere.

    Times are in the club's zone and say which; amounts are written with a point.
    """
    pieces = _pieces(member, now)
    while True:
        # Set for each piece: they are asked for long after the caller has ended.
        with translation.override(language), timezone.override(member.programme.zone):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def write(member: Member, *, file: IO[bytes], now: datetime) -> None:
    """Write the export of a member as a zip, in the language that is active."""
    language = translation.get_language() or member.language
    for piece in stream(member, language=language, now=now):
        file.write(piece)


def file_name(member: Member, *, now: datetime) -> str:
    """Return what the file is called: of which club and from which day, not whose."""
    day = timezone.localtime(now, member.programme.zone).date()
    return f"{slugify(member.programme.name) or 'club'}-{day.isoformat()}.zip"


class _Pieces(io.RawIOBase):
    """A file that is read off as it is written, and cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        held = bytes(self._held)
        self._held.clear()
        return held


def _pieces(member: Member, now: datetime) -> Iterator[bytes]:
    buffer = _Pieces()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(member, now):
            archive.writestr(name, content)
            yield buffer.taken()
    yield buffer.taken()


def _files(member: Member, now: datetime) -> Iterator[tuple[str, str]]:
    sections = collect(member)
    programme = member.programme
    yield "data.json", _json(programme, sections, now)
    for section in sections:
        heads = [column.label for column in section.columns]
        lines = csv_lines([heads, *section.text_rows])
        yield f"csv/{section.name}.csv", "".join(lines)
    context = {
        "programme": programme,
        "sections": sections,
        "withheld": withheld(),
        "receivers": record.receivers(),
        "authority": record.authority_of(programme.country),
        "now": now,
    }
    yield "read-me.html", render_to_string("consent/export.html", context)


def withheld() -> list[str]:
    """Say what is not given out, and why: each reason once."""
    reasons = {
        registry.why_withheld(field)
        for model, fields in registry.registered().items()
        if model is Member or rows.condition(model) is not None
        for field in fields.values()
        if field.export is Export.NO
    }
    return sorted(reasons)


def _rows_of(
    model: type[models.Model], who: list[Member]
) -> models.QuerySet[Any] | None:
    """Return the rows of some members; None if the model holds none of members."""
    everything = model._base_manager.all()
    if model is Member:
        return everything.filter(pk__in=[member.pk for member in who])
    theirs = rows.condition(model)
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
    theirs: models.QuerySet[Any],
) -> Section:
    related = [
        name for name in given if isinstance(_field(model, name), models.ForeignKey)
    ]
    theirs = theirs.select_related(*related).order_by("pk")
    said = [fields[name] for name in given]
    return Section(
        name=model._meta.label,
        title=registry.title_of(model),
        columns=tuple(Column(name, _label(model, name)) for name in given),
        rows=[
            tuple(_value(row, name) for name in given)
            for row in theirs.iterator(chunk_size=_CHUNK)
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
        "receivers": [str(each) for each in record.receivers()],
        "withheld": withheld(),
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

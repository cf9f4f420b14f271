"""Find the rows of a member in any model, and know what an empty field holds.

What erases a member and what deletes only a part of what is known share this.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import Q

from consent.registry import Erase, Field
from members.models import Member


class NotErasable(TypeError):
    """Raised when a field is to be emptied and its column takes nothing empty."""


def blanked(model: type[models.Model], fields: dict[str, Field]) -> list[str]:
    """Name the fields of a model that erasure empties; computed ones follow others."""
    return [
        name
        for name, field in fields.items()
        if field.erase is Erase.BLANK
        and not isinstance(model._meta.get_field(name), models.GeneratedField)
    ]


def condition(model: type[models.Model]) -> Callable[[Member], Q] | None:
    """Return what finds a member's rows in a model; None if it has none."""
    paths = _paths(model)
    if not paths:
        return None

    def theirs(member: Member) -> Q:
        found = Q()
        for path in paths:
            found |= Q(**{path: member.pk})
        return found

    return theirs


def _paths(model: type[models.Model]) -> list[str]:
    """Return the shortest ways from a model to a member, as lookups."""
    ahead: list[tuple[str, type[models.Model]]] = [("", model)]
    seen = {model}
    while ahead:
        steps = [
            (f"{path}{field.name}", field.related_model)
            for path, here in ahead
            for field in here._meta.concrete_fields
            if isinstance(field.related_model, type)
        ]
        found = [path for path, target in steps if target is Member]
        if found:
            return found
        ahead = [(f"{path}__", target) for path, target in steps if target not in seen]
        seen.update(target for _path, target in ahead)
    return []


def empty_value(model: type[models.Model], name: str) -> Any:
    """Return what a field holds when it holds nothing.

    Raises:
        NotErasable: its column takes nothing empty.
    """
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise NotErasable(f"{model._meta.label}.{name}")
    if field.null:
        return None
    if isinstance(field, models.CharField | models.TextField):
        return ""
    if isinstance(field, models.JSONField):
        return field.get_default() if field.has_default() else {}
    raise NotErasable(f"{model._meta.label}.{name}")

"""Erase a member: what the register of personal data says, and what rooms do besides.

A row with a field to delete is deleted; fields to blank are emptied; the rest stays,
tied to a row that names nobody and has a new membership number. Rooms that must do more
than that (a ledger to balance, receipts to cut loose) register a hook.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from consent import registry
from consent.registry import Erase, Field
from members import cards
from members.models import Member

Hook = Callable[[Member, datetime], None]

# A collision of ten random digits is rare, and eight in a row a broken generator.
_NUMBER_TRIES = 8

_hooks: list[Hook] = []


class NotErasable(TypeError):
    """Raised when a field is to be emptied and its column takes nothing empty."""


def register_hook(hook: Hook) -> None:
    """Have `hook(member, now)` called before the rows go; in `AppConfig.ready()`.

    The member still has name, number and address then, and is locked.
    """
    _hooks.append(hook)


def erase_member(*, member: Member, now: datetime) -> None:
    """Erase everything that tells who a member is; twice changes nothing.

    A membership that was merged into this one is the same person and goes with it.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member.pk)
        if member.status == Member.Status.ERASED:
            return
        for merged in Member.objects.filter(merged_into=member).order_by("pk"):
            erase_member(member=merged, now=now)
        for hook in _hooks:
            hook(member, now)
        # From the upper rooms down, as they were registered: rows go before what
        # they point to.
        for model, fields in registry.registered().items():
            if model is not Member:
                _erase_rows(model, fields, member)
        _erase_self(member)


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
    empty = {name: _empty(model, name) for name in blanked(model, fields)}
    if empty:
        model._base_manager.filter(pk__in=rows.values("pk")).update(**empty)


def _erase_self(member: Member) -> None:
    fields = registry.registered()[Member]
    empty = {
        name: _empty(Member, name)
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


def _empty(model: type[models.Model], name: str) -> Any:
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

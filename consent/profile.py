"""What was worked out about a member, for offers chosen for them: forgotten at a word.

Rooms register such values with `DataClass.PROFILE`; nobody else needs to know of them.
"""

from django.db import models

from consent import registry
from consent.registry import DataClass, Erase, Field
from consent.rows import condition, empty_value
from members.models import Member


def forget(member: Member) -> int:
    """Delete what is held of a member in fields of a profile; return how many rows.

    A row with a field to delete goes; other fields are emptied, whatever their
    registration says of erasure: nothing of a profile is kept.
    """
    return sum(
        _forget_rows(model, _of_profile(fields), member)
        for model, fields in registry.registered().items()
    )


def _of_profile(fields: dict[str, Field]) -> dict[str, Field]:
    return {
        name: field
        for name, field in fields.items()
        if field.data_class is DataClass.PROFILE
    }


def _forget_rows(
    model: type[models.Model], fields: dict[str, Field], member: Member
) -> int:
    if not fields:
        return 0
    rows: models.QuerySet[models.Model]
    if model is Member:
        rows = model._base_manager.filter(pk=member.pk)
    else:
        theirs = condition(model)
        if theirs is None:
            return 0
        found = model._base_manager.filter(theirs(member))
        # By their keys: a condition over a join cannot be deleted by.
        rows = model._base_manager.filter(pk__in=found.values("pk"))
    if any(field.erase is Erase.DELETE for field in fields.values()):
        return rows.delete()[0]
    return rows.update(
        **{
            name: empty_value(model, name)
            for name in fields
            if not isinstance(model._meta.get_field(name), models.GeneratedField)
        }
    )

"""How each room's rows follow when two memberships become one.

A room registers every model with a link to a member, in `AppConfig.ready()`: rows that
are handed on as they are, rows with a merging of their own, and rows that stay where
they are. A test fails for a model that nobody speaks for.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models
from psycopg import sql

from members.models import Member, Merge


@dataclass(slots=True)
class Merging:
    """A merge that is being done or undone, as its handlers see it.

    Both members are locked. `merge.moved` and `merge.notes` are saved afterwards.
    """

    merge: Merge
    kept: Member
    merged: Member
    now: datetime


Step = Callable[[Merging], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """What happens to the rows of some models.

    `merge` may be called again for what was written beside the merge.
    """

    models: tuple[type[models.Model], ...]
    merge: Step
    undo: Step


_handlers: list[Handler] = []
_stays: dict[type[models.Model], str] = {}


def register(*of: type[models.Model], merge: Step, undo: Step) -> None:
    """Let a room merge rows in its own way.

    Raises:
        ValueError: one of the models is registered already.
    """
    _refuse_known(of)
    _handlers.append(Handler(of, merge, undo))


def register_handed_on(model: type[models.Model]) -> None:
    """Give rows to the member who is kept, and back when the merge is undone.

    For models with a `member` and no rule that two rows could break.

    Raises:
        ValueError: the model is registered already.
    """

    def merge(merging: Merging) -> None:
        hand_on(model, merging)

    def undo(merging: Merging) -> None:
        give_back(model, merging)

    register(model, merge=merge, undo=undo)


def register_stays(model: type[models.Model], why: str) -> None:
    """Leave rows with the member they were written for; `why` is for the reader.

    Raises:
        ValueError: the model is registered already.
    """
    _refuse_known((model,))
    _stays[model] = why


def handlers() -> list[Handler]:
    """Return the handlers from the lowest room up: apps get ready from the top."""
    return _handlers[::-1]


def unspoken_for(candidates: Iterable[type[models.Model]]) -> list[str]:
    """Name the models that link to a member and are not registered."""
    known = _known()
    return [
        model._meta.label
        for model in candidates
        if model not in known and _links_to_member(model)
    ]


def hand_on(
    model: type[models.Model],
    merging: Merging,
    *,
    only: Collection[int] | None = None,
) -> list[int]:
    """Give rows of the merged member to the kept one; remember and return which.

    All of them, or only those with the keys in `only`.
    """
    ids = _reassign(model, merging.merged, merging.kept, only)
    moved = merging.merge.moved.get(model._meta.label, [])
    merging.merge.moved[model._meta.label] = sorted({*moved, *ids})
    return ids


def give_back(
    model: type[models.Model], merging: Merging, *, but: Collection[int] = ()
) -> list[int]:
    """Give back what `hand_on` gave, as far as it is still there; return which.

    Rows with the keys in `but` stay with the kept member.
    """
    moved = merging.merge.moved.get(model._meta.label, [])
    ids = [key for key in moved if key not in set(but)]
    if not ids:
        return []
    return _reassign(model, merging.kept, merging.merged, ids)


def _reassign(
    model: type[models.Model], giver: Member, taker: Member, ids: Collection[int] | None
) -> list[int]:
    statement = sql.SQL(
        "UPDATE {table} SET member_id = %(taker)s WHERE member_id = %(giver)s"
        " AND (%(ids)s::bigint[] IS NULL OR {key} = ANY (%(ids)s::bigint[]))"
        " RETURNING {key}"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        key=sql.Identifier(model._meta.pk.column),
    )
    values = {
        "taker": taker.pk,
        "giver": giver.pk,
        "ids": None if ids is None else list(ids),
    }
    with connection.cursor() as cursor:
        # For the append-only tables; ends with the transaction.
        cursor.execute("SET LOCAL stamkund.merging = 'on'")
        cursor.execute(statement, values)
        moved = sorted(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL stamkund.merging = 'off'")
    return moved


def _known() -> set[type[models.Model]]:
    return {model for each in _handlers for model in each.models} | set(_stays)


def _refuse_known(of: Iterable[type[models.Model]]) -> None:
    known = _known()
    for model in of:
        if model in known:
            message = f"{model._meta.label} is registered twice for merging"
            raise ValueError(message)


def _links_to_member(model: type[models.Model]) -> bool:
    return any(
        field.attname == "member_id" or field.related_model is Member
        for field in model._meta.concrete_fields
    )

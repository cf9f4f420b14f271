"""What owners and marketers decide about goodwill: its reasons, and how much."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from points.goodwill import kinds
from points.models import GoodwillAllowance, GoodwillReason
from stores import audit
from stores.models import Programme, Staff, Store

AMOUNTS = (
    "staff_one_grant",
    "staff_per_day",
    "staff_per_month",
    "manager_one_grant",
    "manager_per_day",
    "manager_per_month",
    "store_per_day",
    "store_per_month",
)
_LONGEST_KEY = 40
_STEP = 10


class NameTaken(Exception):
    """Raised when another reason of the club has a name; `language` says in which."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.language = language


def add_reason(
    *, programme: Programme, names: Mapping[str, str], staff: Staff, now: datetime
) -> GoodwillReason:
    """Add a reason behind the others.

    Raises:
        NameTaken: another one has the name in some language.
    """
    with transaction.atomic():
        _lock(programme)
        _refuse_taken(programme, names, None)
        last = GoodwillReason.objects.filter(programme=programme).aggregate(
            last=Max("order")
        )["last"]
        reason = GoodwillReason.objects.create(
            programme=programme,
            key=_free_key(programme, names["en"]),
            **{f"name_{language}": name for language, name in names.items()},
            order=(last or 0) + _STEP,
        )
        _note(reason, staff, now, "added")
    return reason


def change_reason(
    *,
    reason: GoodwillReason,
    names: Mapping[str, str],
    is_active: bool,
    staff: Staff,
    now: datetime,
) -> GoodwillReason:
    """Rename a reason, or put it out of use; what was given for it stays.

    Raises:
        NameTaken: another one has the name in some language.
    """
    with transaction.atomic():
        _lock(reason.programme)
        _refuse_taken(reason.programme, names, reason)
        reason.name_sv, reason.name_da, reason.name_en = (
            names["sv"],
            names["da"],
            names["en"],
        )
        reason.is_active = is_active
        reason.save(update_fields=["name_sv", "name_da", "name_en", "is_active"])
        _note(reason, staff, now, "changed")
    return reason


def move_reason(
    *, reason: GoodwillReason, is_up: bool, staff: Staff, now: datetime
) -> None:
    """Move a reason one place up or down; at the end nothing happens."""
    with transaction.atomic():
        _lock(reason.programme)
        ordered = list(
            GoodwillReason.objects.filter(programme=reason.programme).order_by(
                "order", "pk"
            )
        )
        here = next(place for place, each in enumerate(ordered) if each.pk == reason.pk)
        there = here - 1 if is_up else here + 1
        if not 0 <= there < len(ordered):
            return
        ordered[here], ordered[there] = ordered[there], ordered[here]
        for place, each in enumerate(ordered, 1):
            each.order = place * _STEP
        GoodwillReason.objects.bulk_update(ordered, ["order"])
        _note(reason, staff, now, "moved")


def set_allowance(
    *,
    programme: Programme,
    store: Store | None,
    amounts: Mapping[str, Decimal],
    staff: Staff,
    now: datetime,
) -> GoodwillAllowance:
    """Say how much may be given in the club, or in one store of it."""
    with transaction.atomic():
        row, _is_new = GoodwillAllowance.objects.update_or_create(
            programme=programme,
            store=store,
            defaults={name: amounts[name] for name in AMOUNTS},
        )
        audit.record(
            programme=programme,
            actor=staff,
            action=kinds.ALLOWANCE_CHANGED,
            now=now,
            subject=f"store:{store.public_id}" if store else "",
            data={name: amounts[name] for name in AMOUNTS},
        )
    return row


def drop_allowance(
    *, programme: Programme, store: Store, staff: Staff, now: datetime
) -> None:
    """Let the club's allowance hold in a store again; asking twice changes nothing."""
    with transaction.atomic():
        gone, _per_model = GoodwillAllowance.objects.filter(
            programme=programme, store=store
        ).delete()
        if gone:
            audit.record(
                programme=programme,
                actor=staff,
                action=kinds.ALLOWANCE_CHANGED,
                now=now,
                subject=f"store:{store.public_id}",
                data={"dropped": True},
            )


def _lock(programme: Programme) -> None:
    # Two people who edit at once wait for each other, so that names stay apart.
    Programme.objects.select_for_update().get(pk=programme.pk)


def _refuse_taken(
    programme: Programme, names: Mapping[str, str], but: GoodwillReason | None
) -> None:
    others = GoodwillReason.objects.filter(programme=programme)
    if but is not None:
        others = others.exclude(pk=but.pk)
    for language, name in names.items():
        if others.filter(**{f"name_{language}__iexact": name}).exists():
            raise NameTaken(language)


def _free_key(programme: Programme, name: str) -> str:
    """Return a key that no reason of the club has had, made of a name."""
    start = slugify(name)[: _LONGEST_KEY - 4].strip("-") or "reason"
    taken = set(
        GoodwillReason.objects.filter(programme=programme).values_list("key", flat=True)
    )
    if start not in taken:
        return start
    return next(
        key
        for number in range(2, len(taken) + 3)
        if (key := f"{start}-{number}") not in taken
    )


def _note(reason: GoodwillReason, staff: Staff, now: datetime, what: str) -> None:
    audit.record(
        programme=reason.programme,
        actor=staff,
        action=kinds.REASON_CHANGED,
        now=now,
        subject=f"reason:{reason.public_id}",
        data={"reason": reason.key, "what": what, "in_use": reason.is_active},
    )

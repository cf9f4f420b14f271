"""PINs by which staff identify on an enrolled till device."""

from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from stores import audit, rules
from stores.models import Staff


class PinNotUsable(ValueError):
    """Raised for what is no PIN, or one that anybody would guess (`code`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@transaction.atomic
def set_pin(*, staff: Staff, pin: str, actor: Staff, now: datetime) -> Staff:
    """Give a person a PIN.

    Raises:
        PinNotUsable: not four to six digits (`form`), or too easy (`trivial`).
    """
    if not rules.is_pin(pin):
        raise PinNotUsable("form")
    if rules.is_trivial(pin):
        raise PinNotUsable("trivial")
    staff.pin_hash = make_password(pin)
    staff.save(update_fields=["pin_hash"])
    _record(staff, actor, "pin.set", now)
    return staff


@transaction.atomic
def clear_pin(*, staff: Staff, actor: Staff, now: datetime) -> Staff:
    """Take a person's PIN away."""
    staff.pin_hash = ""
    staff.save(update_fields=["pin_hash"])
    _record(staff, actor, "pin.cleared", now)
    return staff


def check_pin(*, staff: Staff, pin: str) -> bool:
    """Tell whether a PIN is right.

    Counts nothing: whoever asks limits the tries first. Takes as long for a person
    without a PIN.
    """
    is_right = check_password(pin, staff.pin_hash or make_password(None))
    return is_right and staff.is_active and bool(staff.pin_hash)


def _record(staff: Staff, actor: Staff, action: str, now: datetime) -> None:
    audit.record(
        programme=staff.programme,
        actor=actor,
        action=action,
        now=now,
        subject=f"staff:{staff.public_id}",
    )

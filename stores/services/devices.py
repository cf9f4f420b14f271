"""Till devices: enrolled by a code that is good once, revoked when lost."""

from datetime import datetime, timedelta

from django.db import transaction

from stores import audit, credentials, rules
from stores.models import Staff, Store, Till, TillDevice

# `last_seen_at` answers "is it in use?": a minute's grain spares a write per request.
_SEEN_GRAIN = timedelta(minutes=1)


class DeviceCodeRefused(Exception):
    """Raised for a code that is wrong, used, too old, or of a revoked device."""


@transaction.atomic
def add_device(
    *, store: Store, name: str, till: Till | None, actor: Staff, now: datetime
) -> tuple[TillDevice, str]:
    """Prepare a device for a store; return it with the code that enrols it."""
    device = TillDevice.objects.create(
        store=store, till=till, name=name, enrolled_by=actor
    )
    code = _give_code(device, now)
    _record(device, actor, "device.added", now)
    return device, code


@transaction.atomic
def renew_device_code(*, device: TillDevice, actor: Staff, now: datetime) -> str:
    """Return a new code; the device keeps working until it is used.

    Raises:
        DeviceCodeRefused: the device is revoked.
    """
    if device.revoked_at is not None:
        raise DeviceCodeRefused
    device.enrolled_by = actor
    code = _give_code(device, now)
    _record(device, actor, "device.code_renewed", now)
    return code


@transaction.atomic
def redeem_device_code(*, code: str, now: datetime) -> tuple[TillDevice, str]:
    """Enrol the device a code is for; return it with the key that it keeps.

    Counts nothing: whoever asks limits the tries first.

    Raises:
        DeviceCodeRefused: wrong, used or expired; one answer for all.
    """
    device = (
        TillDevice.objects.select_for_update(of=("self",))
        .select_related("store__programme")
        .filter(
            code_hash=credentials.code_hash(code),
            code_expires_at__gt=now,
            revoked_at__isnull=True,
            store__is_active=True,
        )
        .first()
    )
    if device is None:
        raise DeviceCodeRefused
    key = credentials.new_device_key()
    device.key_hash = credentials.digest(key)
    device.code_hash = None
    device.code_expires_at = None
    device.enrolled_at = now
    device.last_seen_at = now
    device.save(
        update_fields=[
            "key_hash",
            "code_hash",
            "code_expires_at",
            "enrolled_at",
            "last_seen_at",
        ]
    )
    _record(device, device, "device.enrolled", now)
    return device, key


@transaction.atomic
def revoke_device(*, device: TillDevice, actor: Staff, now: datetime) -> TillDevice:
    """Shut a device out, at once and for good."""
    if device.revoked_at is None:
        device.revoked_at = now
        device.key_hash = None
        device.code_hash = None
        device.code_expires_at = None
        device.save(
            update_fields=["revoked_at", "key_hash", "code_hash", "code_expires_at"]
        )
        _record(device, actor, "device.revoked", now)
    return device


def mark_seen(*, device: TillDevice, now: datetime) -> None:
    """Note that a device is in use, at most once a minute."""
    seen = device.last_seen_at
    if seen is None or now - seen >= _SEEN_GRAIN:
        device.last_seen_at = now
        TillDevice.objects.filter(pk=device.pk).update(last_seen_at=now)


def _give_code(device: TillDevice, now: datetime) -> str:
    code = credentials.new_code()
    device.code_hash = credentials.code_hash(code)
    device.code_expires_at = now + rules.CODE_LIFE
    device.save(update_fields=["code_hash", "code_expires_at", "enrolled_by"])
    return code


def _record(
    device: TillDevice, actor: Staff | TillDevice, action: str, now: datetime
) -> None:
    audit.record(
        programme=device.store.programme,
        actor=actor,
        action=action,
        now=now,
        subject=f"device:{device.public_id}",
        data={"store": str(device.store.public_id)},
    )

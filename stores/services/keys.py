"""API keys: issued, rotated, revoked. The secret is known here only once."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from stores import audit, credentials, rules
from stores.models import ApiKey, Programme, Staff, Store


class KeyLivesTooLong(ValueError):
    """Raised when a key would expire in the past, or later than keys may live."""


class KeyNotUsable(Exception):
    """Raised when a key that has expired or was revoked is to be rotated."""


@transaction.atomic
def issue_key(
    *,
    programme: Programme,
    name: str,
    scopes: Collection[str],
    stores: Collection[Store],
    expires_at: datetime,
    actor: Staff,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Return a new key with its secret, which is shown once and not kept.

    No stores means every store of the programme.

    Raises:
        KeyLivesTooLong: more than 400 days, or already over.
    """
    key, plain = _make(programme, name, scopes, stores, expires_at, actor, now)
    _record(key, actor, "key.issued", now)
    return key, plain


@transaction.atomic
def rotate_key(
    *,
    key: ApiKey,
    expires_at: datetime,
    old_until: datetime,
    actor: Staff,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Return a key with the same rights that takes over; the old one lives until then.

    Raises:
        KeyNotUsable: the old key is over.
        KeyLivesTooLong: the new one would live too long.
    """
    old = ApiKey.objects.select_for_update().get(pk=key.pk)
    if old.revoked_at is not None or old.expires_at <= now:
        raise KeyNotUsable
    new, plain = _make(
        old.programme,
        old.name,
        old.scopes,
        list(old.stores.all()),
        expires_at,
        actor,
        now,
    )
    new.replaces = old
    new.save(update_fields=["replaces"])
    # Never later than it would have ended anyway.
    old.expires_at = min(old.expires_at, old_until)
    old.save(update_fields=["expires_at"])
    _record(old, actor, "key.rotated", now, {"replaced_by": str(new.public_id)})
    return new, plain


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: Staff, now: datetime) -> ApiKey:
    """Shut a key out, at once and for good."""
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        _record(key, actor, "key.revoked", now)
    return key


def _make(
    programme: Programme,
    name: str,
    scopes: Collection[str],
    stores: Collection[Store],
    expires_at: datetime,
    actor: Staff,
    now: datetime,
) -> tuple[ApiKey, str]:
    if not now < expires_at <= now + rules.LONGEST_KEY_LIFE:
        raise KeyLivesTooLong
    fresh = credentials.new_api_key()
    key = ApiKey.objects.create(
        programme=programme,
        name=name,
        prefix=fresh.prefix,
        secret_hash=fresh.secret_hash,
        scopes=sorted(set(scopes)),
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
    )
    key.stores.set(stores)
    return key, fresh.plain


def _record(
    key: ApiKey,
    actor: Staff,
    action: str,
    now: datetime,
    data: dict[str, object] | None = None,
) -> None:
    audit.record(
        programme=key.programme,
        actor=actor,
        action=action,
        now=now,
        subject=f"key:{key.public_id}",
        data={"scopes": list(key.scopes), **(data or {})},
    )

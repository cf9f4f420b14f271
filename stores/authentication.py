"""API keys: `Authorization: Bearer sk_live_<id>_<secret>`."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.prepared import first_row

_SHAPE = re.compile(r"\A(sk_(?:live|test)_[a-z0-9]{12})_([A-Za-z0-9_-]{43})\Z")


@dataclass(frozen=True, slots=True)
class Caller:
    """The system behind a request: its key, what it may do, and for which stores.

    `stores` is None when the key serves every store of the programme.
    """

    key_id: int
    public_id: str
    programme_id: int
    scopes: frozenset[str]
    stores: frozenset[int] | None
    # The programme's, so that what a caller sends is read without another statement.
    currency: str = ""
    country: str = ""
    time_zone: str = ""

    @property
    def is_authenticated(self) -> bool:
        """Say yes, as the framework asks of whoever it found."""
        return True

    @property
    def idempotency_scope(self) -> str:
        """Return the space in which this caller's idempotency keys are unique.

        The programme's and not the key's, so that a till may rotate its key between
        a call and its repeat.
        """
        return f"api:{self.programme_id}"


# One statement: the till's path is measured in statements.
_FIND = """
SELECT k.id, k.public_id::text, k.programme_id, k.secret_hash, k.scopes, k.last_used_on,
       k.revoked_at IS NULL AND k.expires_at > %s,
       ARRAY(SELECT s.store_id FROM stores_apikey_stores s WHERE s.apikey_id = k.id),
       p.currency, p.country, p.time_zone
FROM stores_apikey k JOIN stores_programme p ON p.id = k.programme_id
WHERE k.prefix = %s
"""


class ApiKeyAuthentication(BaseAuthentication):
    """Find the caller by the key in the Authorization header."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Return the caller, or None when no key was sent.

        Raises:
            AuthenticationFailed: unknown, expired or revoked key; one answer for all.
        """
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _space, key = header.partition(" ")
        shape = _SHAPE.match(key.strip())
        if scheme.lower() != "bearer" or shape is None:
            raise _refused()
        now = timezone.now()
        row = first_row(_FIND, [now, shape[1]])
        digest = hashlib.sha256(shape[2].encode()).digest()
        if row is None or not hmac.compare_digest(bytes(row[3]), digest) or not row[6]:
            raise _refused()
        if row[5] != now.date():
            _mark_used(row[0], now.date())
        return (
            Caller(
                key_id=row[0],
                public_id=row[1],
                programme_id=row[2],
                scopes=frozenset(row[4]),
                stores=frozenset(row[7]) or None,
                currency=row[8],
                country=row[9],
                time_zone=row[10],
            ),
            None,
        )

    def authenticate_header(self, request: Request) -> str:
        """Return what the 401 answer asks for."""
        return "Bearer"


class HasScope(BasePermission):
    """The key must hold the scope that the view names in `scopes[method]`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may make this call; no scope named means no."""
        if not isinstance(request.user, Caller):
            raise exceptions.NotAuthenticated
        needed = getattr(view, "scopes", {}).get(request.method)
        return needed is not None and needed in request.user.scopes


def _mark_used(key_id: int, day: date) -> None:
    # Once a day and key, so that the till's path hardly ever pays for it.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE stores_apikey SET last_used_on = %s WHERE id = %s", [day, key_id]
        )


def _refused() -> exceptions.AuthenticationFailed:
    return exceptions.AuthenticationFailed(_("The key is unknown, expired or revoked."))

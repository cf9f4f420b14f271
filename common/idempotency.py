"""One answer per idempotency key.

A client sends `Idempotency-Key` with every change. The answer is stored in the
transaction of its effect; a repeat with the same body gets the same answer, with
another body it is refused (422). Keys live at least 30 days, since a till can be
offline for days.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.models import IdempotencyRecord
from common.problems import Problem

KEEP = timedelta(days=31)
HEADER = "Idempotency-Key"
_USABLE = re.compile(r"\A[\x21-\x7e]{8,128}\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; `replayed` when it was given before."""

    status: int
    body: Any
    replayed: bool = False


def key_of(request: HttpRequest) -> str:
    """Return the request's idempotency key.

    Raises:
        Problem: 400 when it is missing or not 8 to 128 visible ASCII characters.
    """
    key = request.headers.get(HEADER, "")
    if not _USABLE.match(key):
        raise Problem(
            status=400,
            code="idempotency_key_missing",
            title=_("An Idempotency-Key header is needed."),
            detail=_("Send 8 to 128 visible ASCII characters, new for each change."),
        )
    return key


def hash_body(body: Any) -> bytes:
    """Return the hash of a JSON value, the same whatever the order of its keys.

    Raises:
        Problem: 400 for a value nested so deeply that it cannot be written again.
    """
    try:
        text = json.dumps(
            body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
        )
    except RecursionError:
        raise Problem(
            status=400, code="malformed", title=_("The body is nested too deeply.")
        ) from None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def reused(key: str) -> Problem:
    """Return the problem of a key that was used with another body."""
    return Problem(
        status=422,
        code="idempotency_key_reused",
        title=_("This Idempotency-Key was used for another request."),
        detail=_("Use a new key, or send exactly what was sent the first time."),
        extra={"idempotency_key": key},
    )


# Waits for a concurrent holder of the key to commit or roll back, then tells who won.
_CLAIM = """
INSERT INTO common_idempotencyrecord
    (scope, key, operation, body_hash, status, answer, recorded_at)
VALUES (%s, %s, %s, %s, 0, 'null'::jsonb, %s)
ON CONFLICT (scope, key) DO NOTHING
RETURNING id
"""


def once(
    *,
    scope: str,
    key: str,
    operation: str,
    body: Any,
    now: datetime,
    act: Callable[[], Answer],
) -> Answer:
    """Run `act` once for a key and store its answer with its effect.

    The key is looked up before anything else, so that a repeat of a successful spend
    is not refused for a balance that the first one used up.

    Raises:
        Problem: the key was used with another body or for another operation.
    """
    digest = hash_body(body)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [scope, key, operation, digest, now])
            claimed = cursor.fetchone()
        if claimed is None:
            record = IdempotencyRecord.objects.get(scope=scope, key=key)
            if bytes(record.body_hash) != digest or record.operation != operation:
                raise reused(key)
            return Answer(record.status, record.answer, replayed=True)
        answer = act()
        IdempotencyRecord.objects.filter(pk=claimed[0]).update(
            status=answer.status, answer=answer.body
        )
        return answer


def prune(*, now: datetime, limit: int = 5000) -> int:
    """Delete one batch of answers older than 31 days; return how many."""
    old = IdempotencyRecord.objects.filter(recorded_at__lt=now - KEEP)
    deleted, _per_model = IdempotencyRecord.objects.filter(
        pk__in=old.order_by("recorded_at").values("pk")[:limit]
    ).delete()
    return deleted

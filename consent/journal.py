"""Erasures outside the database: a restored backup has back whom it had forgotten.

Every erasure is a line of JSON in a file that no restore touches: the member's public
id, when, and why; nothing that names anybody. After a restore `manage.py
replay_erasures` erases again whom the file names.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from consent.models import Erasure


@dataclass(frozen=True, slots=True)
class Journal:
    """What a file holds: who was erased when, and how many lines say nothing."""

    erased: dict[UUID, datetime]
    unreadable: int


def note(erasure: Erasure) -> None:
    """Write an erasure to the journal as soon as its transaction is committed.

    A journal that cannot be written does not undo an erasure: the row stays marked,
    and `append_left_out` tries again.
    """

    def append() -> None:
        _append([erasure.pk])

    # A function and not a partial: Django names what failed, and a partial has no name.
    transaction.on_commit(append, robust=True)


def append_left_out(*, limit: int = 1000) -> int:
    """Write what a crash or a full disk left out; return how many."""
    ids = list(
        Erasure.objects.filter(journaled_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    return _append(ids)


def read(path: Path) -> Journal:
    """Read a journal; a line that a crash cut off is counted, not trusted.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    erased: dict[UUID, datetime] = {}
    unreadable = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in filter(str.strip, lines):
            try:
                said = json.loads(line)
                erased[UUID(said["member"])] = datetime.fromisoformat(said["at"])
            except (ValueError, KeyError, TypeError):
                unreadable += 1
    return Journal(erased, unreadable)


def _append(ids: Iterable[int]) -> int:
    rows = list(Erasure.objects.filter(pk__in=ids, journaled_at=None).order_by("pk"))
    if not rows:
        return 0
    # On the disk first: a line twice does no harm, a line too few brings somebody back.
    _write([_line(row) for row in rows])
    Erasure.objects.filter(pk__in=[row.pk for row in rows]).update(journaled_at=Now())
    return len(rows)


def _line(erasure: Erasure) -> str:
    return json.dumps(
        {
            "member": str(erasure.member_id),
            "at": erasure.at.isoformat(),
            "reason": erasure.reason,
        }
    )


def _write(lines: list[str]) -> None:
    path = Path(settings.ERASURE_JOURNAL)
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    handle = os.open(path, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # What a crash cut off must not swallow the next line.
        size = os.fstat(handle).st_size
        starts = b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""
        rest = starts + "".join(f"{line}\n" for line in lines).encode()
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        # The name of a new file is on the disk when its folder is.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

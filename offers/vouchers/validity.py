"""Whether a voucher can be used, by the one function that every channel asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

from django.db import DatabaseError, connection

from offers.models import Voucher

_HOLD = "SELECT (offers_hold(%s, %s)).id"
_WHY_NOT = "SELECT offers_why_not(v, %s, %s) FROM offers_voucher v WHERE v.id = %s"


class Why(StrEnum):
    """Why a voucher cannot be used; the SQLSTATE that the database says it by."""

    UNKNOWN = "SKV01"
    USED = "SKV02"
    EXPIRED = "SKV03"
    ANOTHERS = "SKV04"
    NEEDS_PURCHASE = "SKV05"
    RESERVED = "SKV06"
    WITHDRAWN = "SKV07"
    GOODS_MISSING = "SKV08"
    NOT_YET = "SKV09"
    HELD = "SKV10"
    NOT_A_MEMBER = "SKV11"
    OTHER_CURRENCY = "SKV12"


class CannotUse(Exception):
    """Raised when a voucher cannot be used; `why` says why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.name)
        self.why = why


def why_not(voucher: Voucher, *, at: datetime, now: datetime) -> Why | None:
    """Return why a voucher cannot be used, by the function that every channel asks."""
    with connection.cursor() as cursor:
        cursor.execute(_WHY_NOT, [at, now, voucher.pk])
        (why,) = cursor.fetchone()
    return None if why is None else Why(why)


def hold(*, programme_id: int, code: str) -> Voucher | None:
    """Lock a voucher by its code, after its member: as merges and erasures lock.

    In a transaction. None when nobody has such a code.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [programme_id, code])
        (voucher_id,) = cursor.fetchone()
    return Voucher.objects.filter(pk=voucher_id).first()


@contextmanager
def refusing() -> Iterator[None]:
    """Raise the database's refusal of a voucher as `CannotUse`."""
    try:
        yield
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", "") or ""
        if state not in set(Why):
            raise
        raise CannotUse(Why(state)) from error

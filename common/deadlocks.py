"""Work that is done once more when the database ended it to let another through."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

# A deadlock, and two transactions that cannot be put one after the other.
_AGAIN = {"40P01", "40001"}
# Each loss means that another transaction came through.
_ATTEMPTS = 5


def again_after_deadlock(work: Callable[P, R]) -> Callable[P, R]:
    """Do the work again where it was the victim of a deadlock; nothing of it is left.

    The work opens its own transaction and reads what it changes inside of it. Within a
    caller's transaction the error is the caller's: all that the caller did is gone too.
    """

    @wraps(work)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                if (
                    connection.in_atomic_block
                    or attempt == _ATTEMPTS
                    or getattr(error.__cause__, "sqlstate", None) not in _AGAIN
                ):
                    raise
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    return tried

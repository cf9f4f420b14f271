"""Have an iterable's items made in a process of their own, beside this one."""

import copyreg
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any, TypeVar

from common.ahead import ahead

T = TypeVar("T")
_ITEM, _ERROR, _END = "item", "error", "end"


class ApartError(Exception):
    """Raised when the process that makes the items has died."""


def apart(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, which a process makes ahead on another core.

    Worth it where making them keeps Python as busy as using them: two threads would
    take turns. Items are pickled on the way (see `pickle_quickly`). The iterable must
    not use a database connection or anything else it shares with this process; an
    error in it is raised here, in its place. Where processes do not fork (macOS) or may
    have none of their own (daemons), a thread makes the items.
    """
    if sys.platform != "linux" or current_process().daemon:
        yield from ahead(items)
        return
    context = get_context("fork")
    near, far = context.Pipe(duplex=False)
    process = context.Process(target=_make, args=(items, near, far), daemon=True)
    process.start()
    far.close()
    try:
        # A thread takes them from the pipe, or the process would wait for us.
        yield from ahead(_received(near))
    finally:
        near.close()
        process.terminate()
        process.join()


def pickle_quickly(*shapes: type) -> None:
    """Have dataclasses of two fields or more pickled by their values.

    Frozen ones with slots are otherwise taken apart and put together field by field,
    which takes several times as long.
    """
    for shape in shapes:
        copyreg.pickle(shape, _by_values(shape))


def _by_values(shape: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    values = attrgetter(*(each.name for each in fields(shape)))
    return lambda item: (shape, values(item))


def _make(items: Iterable[T], near: Connection, far: Connection) -> None:
    near.close()
    # Nobody is there any more, or somebody pressed Ctrl-C: we are not asked.
    with suppress(BrokenPipeError, KeyboardInterrupt):
        try:
            for item in items:
                far.send_bytes(pickle.dumps((_ITEM, item), pickle.HIGHEST_PROTOCOL))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            far.send_bytes(pickle.dumps((_ERROR, error)))
        else:
            far.send_bytes(pickle.dumps((_END, None)))


def _received(near: Connection) -> Iterator[Any]:
    while True:
        try:
            # Our own process wrote it.
            kind, item = pickle.loads(near.recv_bytes())  # noqa: S301
        except EOFError:
            message = "The process that prepared the next items has died."
            raise ApartError(message) from None
        if kind == _ERROR:
            raise item
        if kind == _END:
            return
        yield item

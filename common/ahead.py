"""Have the next items of an iterable made while the last ones are being used."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from queue import Full, Queue
from threading import Event, Thread
from typing import NoReturn, TypeVar

T = TypeVar("T")
_WAIT = 0.1


def ahead(items: Iterable[T], *, most: int = 2) -> Iterator[T]:
    """Yield the items, which a thread makes up to `most` items ahead.

    Worth it where the one who uses them mostly waits, for the database for instance.
    What the iterable does, it does in another thread: it must not use the database
    connection of this one. An error in it is raised here, in its place.
    """
    queue: Queue[Callable[[], T] | None] = Queue(most)
    stopped = Event()

    def put(item: Callable[[], T] | None) -> bool:
        while not stopped.is_set():
            try:
                queue.put(item, timeout=_WAIT)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(lambda item=item: item):  # type: ignore[misc]
                    return
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            put(_raising(error))
        finally:
            put(None)

    with closing(_Maker(Thread(target=make, daemon=True), stopped)):
        while (item := queue.get()) is not None:
            yield item()


class _Maker:
    """A thread that has ended when it is closed."""

    def __init__(self, thread: Thread, stopped: Event) -> None:
        self.thread = thread
        self.stopped = stopped
        thread.start()

    def close(self) -> None:
        self.stopped.set()
        self.thread.join()


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def throw() -> NoReturn:
        raise error

    return throw

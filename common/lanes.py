"""Work done side by side, each lane of it on a database connection of its own."""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import Generic, TypeVar

from django.db import connection

T = TypeVar("T")
# One statement keeps one core of the database busy.
LANES = 2


def side_by_side(
    calls: Iterable[Callable[[], T]], *, lanes: int | None = None
) -> list[T]:
    """Make the calls, some at the same time, and return what they gave, in order.

    A lane that is free takes the next one: the longest come first best. After an error
    nothing more is begun; it is raised here when the others have ended.

    Inside a transaction they are made one after the other on its connection: another
    one would not see what it has not committed.
    """
    waiting = list(calls)
    lanes = min(LANES if lanes is None else lanes, len(waiting))
    if lanes <= 1 or connection.in_atomic_block:
        return [call() for call in waiting]
    work = _Work(waiting)
    threads = [Thread(target=work.lane) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if work.error is not None:
        raise work.error
    return [work.done[place] for place in range(len(waiting))]


class _Work(Generic[T]):
    """Calls that lanes take one by one, and what came of them."""

    def __init__(self, calls: list[Callable[[], T]]) -> None:
        self.done: dict[int, T] = {}
        self.error: BaseException | None = None
        # Taking the last of a list is one step, which no other thread can divide.
        self._waiting = list(enumerate(calls))[::-1]

    def lane(self) -> None:
        """Make calls until there are none or one has failed."""
        try:
            while self._waiting and self.error is None:
                try:
                    place, call = self._waiting.pop()
                except IndexError:
                    return
                self.done[place] = call()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self.error = self.error or error
        finally:
            connection.close()

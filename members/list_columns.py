"""What rooms know of the members in a list: each hands in a column, and fills it.

A column is filled for a whole page at once, so that a list asks the database as often
for a hundred members as for one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from stores.models import Programme

Text = str | Promise
# What stands in a column, by the member's key; "—" for whoever has nothing.
Cells = Mapping[int, str | SafeString]
# None where the club has no such thing, and the list no such column.
Fill = Callable[[Programme, Collection[int], datetime], Cells | None]


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column that some room fills. `css` holds classes of its cells."""

    key: str
    title: Text
    fill: Fill
    order: int
    css: str


_columns: dict[str, ListColumn] = {}


def register(
    key: str, *, title: Text, fill: Fill, order: int = 50, css: str = ""
) -> None:
    """Add a column to the list of members; call it in `AppConfig.ready()`."""
    _columns[key] = ListColumn(key, title, fill, order, css)


def columns() -> list[ListColumn]:
    """Return what rooms have handed in, in their order."""
    return sorted(_columns.values(), key=lambda each: each.order)

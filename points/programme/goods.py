"""The goods that a version can name; the room that knows the range hands them in.

Products stand above this room, so it asks through a registry. Without a room that
knows any, nothing is found and nothing is doubted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from points.terms import Goods

# How many of each kind a search shows.
FEW = 12


class Kind(StrEnum):
    """What a name of goods is a name of; in the order in which they are offered."""

    CATEGORY = "categories"
    GROUP = "groups"
    BRAND = "brands"
    SKU = "skus"


@dataclass(frozen=True, slots=True)
class Named:
    """Goods that can be named: `Kaffe` of the categories."""

    kind: Kind
    name: str
    # What an article is called, for an SKU.
    label: str = ""

    @property
    def value(self) -> str:
        """Return it as one word of a form."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the range."""

    sku: str
    name: str
    group: str = ""
    category: str = ""
    brand: str = ""


class Range(Protocol):
    """What the room with the products answers, always for one programme."""

    def search(self, programme_id: int, words: str, limit: int) -> Sequence[Named]:
        """Return goods whose name holds the words; without words the best known."""

    def articles(self, programme_id: int, words: str, limit: int) -> Sequence[Article]:
        """Return articles by their SKU or a part of their name."""

    def find(self, programme_id: int, sku: str) -> Article | None:
        """Return the article with exactly this SKU."""

    def labels(self, programme_id: int, skus: Sequence[str]) -> dict[str, str]:
        """Return what articles are called, by SKU."""

    def unknown(self, programme_id: int, goods: Goods) -> list[Named]:
        """Return the goods of which the range has none."""


class _Empty:
    """A range without articles."""

    def search(self, _programme_id: int, _words: str, _limit: int) -> Sequence[Named]:
        return []

    def articles(
        self, _programme_id: int, _words: str, _limit: int
    ) -> Sequence[Article]:
        return []

    def find(self, _programme_id: int, _sku: str) -> Article | None:
        return None

    def labels(self, _programme_id: int, _skus: Sequence[str]) -> dict[str, str]:
        return {}

    def unknown(self, _programme_id: int, _goods: Goods) -> list[Named]:
        return []


_range: list[Range] = []


def register(found: Range) -> None:
    """Hand in the range; call it in `AppConfig.ready()`. The last one counts."""
    _range[:] = [found]


def registered() -> Range:
    """Return the range that was handed in, or one without articles."""
    return _range[0] if _range else _Empty()


def named_in(goods: Goods, labels: dict[str, str] | None = None) -> list[Named]:
    """Return the names of goods one by one, kind by kind."""
    known = labels or {}
    return [
        Named(kind, name, known.get(name, "") if kind is Kind.SKU else "")
        for kind in Kind
        for name in getattr(goods, kind.value)
    ]


def chosen(programme_id: int, goods: Goods) -> list[Named]:
    """Return goods that were chosen one by one, articles with what they are called."""
    skus = goods.skus
    labels = registered().labels(programme_id, skus) if skus else {}
    return named_in(goods, labels)


def search(programme_id: int, words: str, goods: Goods) -> list[Named]:
    """Return goods that fit the words and are not chosen yet; none without words."""
    if not words:
        return []
    known = {each.value for each in named_in(goods)}
    found = registered().search(programme_id, words, FEW)
    return [each for each in found if each.value not in known]


def words_of(text: str) -> str:
    """Return what was typed to look for goods, without what no database can hold."""
    return text.replace("\0", "").strip()


def read(values: Sequence[str]) -> Goods:
    """Return goods from the words of a form; what has another form is left out."""
    found: dict[str, list[str]] = {kind.value: [] for kind in Kind}
    for value in values:
        kind, _colon, name = value.partition(":")
        name = name.strip()
        if "\0" in name:
            continue
        if kind in found and name and name not in found[kind]:
            found[kind].append(name)
    return Goods(**{kind: tuple(names) for kind, names in found.items()})

"""What may be looked for by name: enough letters that few people fit."""

from dataclasses import dataclass

FEWEST_LAST, FEWEST_FIRST = 3, 1
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class NameBegins:
    """The beginnings of a first and a last name."""

    first: str
    last: str


def read(*, first: str, last: str) -> NameBegins | None:
    """Return what to look for, or None when it is too little to be one person."""
    begins = NameBegins(first=_clean(first), last=_clean(last))
    if _letters(begins.first) < FEWEST_FIRST or _letters(begins.last) < FEWEST_LAST:
        return None
    return begins


def _clean(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())[:_LONGEST]


def _letters(text: str) -> int:
    return sum(sign.isalpha() for sign in text)

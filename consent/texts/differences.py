"""What changed between two wordings: paragraph by paragraph, and word by word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from consent.texts.wording import Wording, blocks

_HEADING = "## "
# Two paragraphs that share less than this are not one that was changed.
_ALIKE = 0.5


class Kind(StrEnum):
    """What happened to a passage."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand in both, only in the old, or only in the new.

    Between two pieces there is a space.
    """

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A title, heading or paragraph, and what became of it."""

    kind: Kind
    is_heading: bool
    pieces: tuple[Piece, ...]

    @property
    def old(self) -> list[Piece]:
        """Return what stood there before."""
        return [piece for piece in self.pieces if piece.kind != Kind.ADDED]

    @property
    def new(self) -> list[Piece]:
        """Return what stands there now."""
        return [piece for piece in self.pieces if piece.kind != Kind.REMOVED]


def diff(old: Wording, new: Wording) -> list[Passage]:
    """Return every passage of both wordings in order, and what happened to it."""
    before = [f"{_HEADING}{old.title}", *blocks(old.body)]
    after = [f"{_HEADING}{new.title}", *blocks(new.body)]
    found: list[Passage] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            found += [_whole(Kind.SAME, text) for text in before[start:end]]
        else:
            found += _pair(before[start:end], after[new_start:new_end])
    return found


def is_changed(passages: Sequence[Passage]) -> bool:
    """Tell whether anything differs."""
    return any(passage.kind != Kind.SAME for passage in passages)


def changed_only(passages: Sequence[Passage]) -> list[Passage]:
    """Return what changed, each with the heading that it stands under."""
    found: list[Passage] = []
    heading: Passage | None = None
    for passage in passages:
        if passage.kind != Kind.SAME:
            if heading is not None:
                found.append(heading)
            found.append(passage)
            heading = None
        elif passage.is_heading:
            heading = passage
    return found


def _pair(before: Sequence[str], after: Sequence[str]) -> Iterator[Passage]:
    """Put passages that were rewritten beside each other, in the order of the new."""
    at = 0
    for text in after:
        match = next(
            (n for n in range(at, len(before)) if _is_rewritten(before[n], text)), None
        )
        if match is None:
            yield _whole(Kind.ADDED, text)
            continue
        for gone in before[at:match]:
            yield _whole(Kind.REMOVED, gone)
        yield _rewritten(before[match], text)
        at = match + 1
    for gone in before[at:]:
        yield _whole(Kind.REMOVED, gone)


def _is_rewritten(old: str, new: str) -> bool:
    if old.startswith(_HEADING) != new.startswith(_HEADING):
        return False
    words = SequenceMatcher(None, old.split(), new.split(), autojunk=False)
    return words.ratio() >= _ALIKE


def _rewritten(old: str, new: str) -> Passage:
    before, after = _plain(old).split(), _plain(new).split()
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Kind.SAME, " ".join(before[start:end])))
            continue
        if end > start:
            pieces.append(Piece(Kind.REMOVED, " ".join(before[start:end])))
        if new_end > new_start:
            pieces.append(Piece(Kind.ADDED, " ".join(after[new_start:new_end])))
    return Passage(Kind.CHANGED, old.startswith(_HEADING), tuple(pieces))


def _whole(kind: Kind, text: str) -> Passage:
    piece = Piece(kind, _plain(text))
    return Passage(kind, text.startswith(_HEADING), (piece,))


def _plain(text: str) -> str:
    return text.removeprefix(_HEADING)

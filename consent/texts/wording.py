"""What a text says in one language, and its parts."""

import hashlib
from dataclasses import dataclass

_HEADING = "## "


@dataclass(frozen=True, slots=True)
class Wording:
    """What one language says."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (or none) and the paragraphs below it."""

    heading: str
    paragraphs: tuple[str, ...]


def digest(wording: Wording) -> bytes:
    """Return the hash that proves which words were shown."""
    text = f"{wording.title}\n\n{wording.body}"
    return hashlib.sha256(text.encode()).digest()


def sections(body: str) -> list[Section]:
    """Cut a text into its sections: a line that starts with `## ` is a heading."""
    found: list[tuple[str, list[str]]] = []
    for paragraph in blocks(body):
        if paragraph.startswith(_HEADING):
            found.append((paragraph.removeprefix(_HEADING), []))
        else:
            if not found:
                found.append(("", []))
            found[-1][1].append(paragraph)
    return [Section(heading, tuple(paragraphs)) for heading, paragraphs in found]


def blocks(body: str) -> list[str]:
    """Return the headings and paragraphs of a text, each on one line."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    parts = (" ".join(block.split()) for block in lines.split("\n\n"))
    return [part for part in parts if part]


def tidy(title: str, body: str) -> Wording:
    """Return what was typed as it is kept: a line for each paragraph."""
    return Wording(" ".join(title.split()), "\n\n".join(blocks(body)))

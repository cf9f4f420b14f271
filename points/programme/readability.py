"""How hard a text is to read: LIX, the Swedish readability index.

C. H. Björnsson, Läsbarhet (Liber, Stockholm 1968): words per sentence, plus the share
of long words in percent. Below 30 is very easy (children's books), 30 to 40 easy
(fiction), 40 to 50 like newspapers; what everybody is to understand stays at 40.
"""

import re
from collections.abc import Collection

LONG = 6
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*|\d[\d.,:\u00a0–]*")
_END = re.compile(r"[.!?:](?=\s|$)")


def lix(text: str, *, names: Collection[str] = ()) -> float:
    """Return the index of a text; 0 for one without words.

    `names` of goods, shops and levels are read, but never count as long: who shops
    there knows them, and no other wording would make them shorter.
    """
    known = {word.casefold() for name in names for word in _WORD.findall(name)}
    found = _WORD.findall(text)
    if not found:
        return 0.0
    long = [word for word in found if len(word) > LONG and word.casefold() not in known]
    return len(found) / sentences_in(text) + 100 * len(long) / len(found)


def sentences_in(text: str) -> int:
    """Count the sentences of a text; a text without an end is one."""
    return max(len(_END.findall(text)), 1)

"""How long an SMS is, in the parts that are paid for (3GPP TS 23.038 and 23.040)."""

from dataclasses import dataclass

# The basic table, less the escape that leads to the extension table.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written as escape + character, so each takes two places.
_EXTENDED = frozenset("\f^{}\\[~]|€")
# Signs that a text is better without: one of them makes every part hold 70 signs
# instead of 160. Letters stay as they are: a name is written as its owner writes it.
_PLAIN = str.maketrans(
    {
        "\u00a0": " ",  # no-break spaces, which our numbers and prices contain
        "\u202f": " ",
        "\u2009": " ",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2022": "-",
        "\u2026": "...",
        "\t": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of an SMS a text fills."""

    encoding: str
    # Places taken: septets in GSM-7, 16-bit units in UCS-2.
    units: int
    segments: int


def size_of(text: str) -> Size:
    """Count a text's places and parts."""
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        costs = [2 if sign in _EXTENDED else 1 for sign in text]
        return Size("GSM-7", sum(costs), _segments(costs, alone=160, joined=153))
    # A sign outside the basic plane (most emoji) is two units and stays in one part.
    costs = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
    return Size("UCS-2", sum(costs), _segments(costs, alone=70, joined=67))


def plain(text: str) -> str:
    """Replace typographic signs that would shorten every part of the SMS."""
    return text.replace("\r\n", "\n").translate(_PLAIN)


def _segments(costs: list[int], *, alone: int, joined: int) -> int:
    if sum(costs) <= alone:
        return 1
    # What takes two places is never cut in two, so a part may end one place early.
    segments, free = 1, joined
    for cost in costs:
        if cost > free:
            segments, free = segments + 1, joined
        free -= cost
    return segments

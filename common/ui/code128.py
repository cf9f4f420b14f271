"""Code 128 as SVG, the bar code that every scanner at a till reads.

Pairs of digits take one symbol (code set C), all else one symbol a sign (code set B).
See ISO/IEC 15417.
"""

import re
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

# Widths of bars and spaces in turn, by the symbol's value; the last is the stop.
_WIDTHS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212
112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131
311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321
112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114
122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112
""".split()
_START_B, _START_C, _TO_B, _TO_C, _STOP = 104, 105, 100, 99, 106
# Scanners need as much white beside the bars as ten of their narrowest.
_QUIET = 10
_DIGITS = re.compile("[0-9]+")
# Fewer digits than this between other signs are not worth the change of code sets.
_WORTHWHILE = 4


def symbols(data: str) -> list[int]:
    """Return the values of the symbols: start, data, check, stop.

    Raises:
        ValueError: it is empty, or has signs that no bar code of ours has.
    """
    if not re.fullmatch("[ -~]+", data):
        message = "a bar code holds printable ASCII only"
        raise ValueError(message)
    values: list[int] = []
    is_digits = False
    for part, part_is_digits in _parts(data):
        if not values:
            values.append(_START_C if part_is_digits else _START_B)
        elif part_is_digits != is_digits:
            values.append(_TO_C if part_is_digits else _TO_B)
        is_digits = part_is_digits
        if is_digits:
            values += [int(part[at : at + 2]) for at in range(0, len(part), 2)]
        else:
            values += [ord(sign) - 32 for sign in part]
    weighed = values[0] + sum(place * value for place, value in enumerate(values))
    return [*values, weighed % 103, _STOP]


def code128_svg(data: str, label: str = "") -> SafeString:
    """Draw a bar code with its quiet zones, dark on white in both themes.

    Raises:
        ValueError: as `symbols` does.
    """
    widths = [int(width) for value in symbols(data) for width in _WIDTHS[value]]
    edges = [0]
    for width in widths:
        edges.append(edges[-1] + width)
    bars = "".join(
        f"M{start + _QUIET} 0h{end - start}v1h-{end - start}z"
        for start, end in list(pairwise(edges))[::2]
    )
    total = edges[-1] + 2 * _QUIET
    return format_html(
        '<svg class="code128" role="img" aria-label="{}" viewBox="0 0 {} 1"'
        ' preserveAspectRatio="none" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{}v1H0z"/><path fill="#111" d="{}"/></svg>',
        label or gettext("Bar code"),
        total,
        total,
        bars,
    )


def _parts(data: str) -> list[tuple[str, bool]]:
    """Split into runs for the code sets C (an even number of digits) and B."""
    parts: list[tuple[str, bool]] = []
    rest = 0
    for run in _DIGITS.finditer(data):
        start, end = run.span()
        even = (end - start) // 2 * 2
        is_all = even == len(data)
        if not is_all and even < _WORTHWHILE:
            continue
        # An odd digit goes before, with the signs there.
        start = end - even
        if start > rest:
            parts.append((data[rest:start], False))
        parts.append((data[start:end], True))
        rest = end
    if rest < len(data):
        parts.append((data[rest:], False))
    return parts

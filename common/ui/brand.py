"""The merchant's colour as a style sheet, with text that can be read on it.

The policy forbids inline styles, so the colour comes as a file of its own. A merchant
may choose any colour; what stands on it and what is written in it is computed here.
"""

import colorsys
import re

DEFAULT = "#1d4a44"
# WCAG 2.2, 1.4.3: normal text.
READABLE = 4.5
# More at night, where thin coloured text swims.
READABLE_AT_NIGHT = 7.0
_WHITE = (1.0, 1.0, 1.0)
_BLACK = (0.0, 0.0, 0.0)
# The surfaces that brand-coloured text stands on, as in tokens.css.
_LIGHT_GROUND = (0.961, 0.965, 0.953)
_DARK_GROUND = (0.082, 0.098, 0.094)
_HEX = re.compile(r"\A#[0-9a-fA-F]{6}\Z")

Rgb = tuple[float, float, float]


def style_sheet(color: str) -> str:
    """Return CSS that sets --brand, --on-brand, --brand-tint and --brand-ink."""
    brand = read(color if _HEX.match(color) else DEFAULT)
    dark = _lift(brand)
    tint, dark_tint = _mix(brand, _WHITE, 0.1), _mix(brand, _DARK_GROUND, 0.3)
    pairs = {
        "--brand": (write(brand), write(dark)),
        "--on-brand": (write(text_on(brand)), write(text_on(dark))),
        "--brand-tint": (
            write(tint),
            write(dark_tint),
        ),
        "--brand-ink": (
            write(_readable(brand, tint, darker=True)),
            write(_readable(brand, dark_tint, darker=False)),
        ),
    }
    lines = "".join(
        f"{name}:light-dark({light},{dark})" + ";"
        for name, (light, dark) in pairs.items()
    )
    return f":root{{{lines}}}\n"


def text_on(ground: Rgb) -> Rgb:
    """Return white where it can be read, else black, which then always can."""
    return _WHITE if contrast(_WHITE, ground) >= READABLE else _BLACK


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the WCAG contrast ratio of two colours, from 1 to 21."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def read(color: str) -> Rgb:
    """Read `#rrggbb`."""
    red, green, blue = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return red, green, blue


def write(color: Rgb) -> str:
    """Write `#rrggbb`."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in color)


def _as_written(color: Rgb) -> Rgb:
    # Rounded to what a screen gets, or a contrast of 4.501 is written as one of 4.495.
    return read(write(color))


def _luminance(color: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(color: Rgb, ground: Rgb, share: float) -> Rgb:
    red, green, blue = (
        part * share + under * (1 - share)
        for part, under in zip(color, ground, strict=True)
    )
    return _as_written((red, green, blue))


def _lift(color: Rgb) -> Rgb:
    """Lighten a dark colour a little, so that a card stands out at night."""
    hue, light, saturation = colorsys.rgb_to_hls(*color)
    return _as_written(colorsys.hls_to_rgb(hue, max(light, 0.29), saturation * 0.95))


def _readable(color: Rgb, tint: Rgb, *, darker: bool) -> Rgb:
    """Move a colour's lightness until it can be read on its tint and on the page."""
    page = _LIGHT_GROUND if darker else _DARK_GROUND
    wanted = READABLE if darker else READABLE_AT_NIGHT
    hue, light, saturation = colorsys.rgb_to_hls(*color)
    for step in range(101):
        moved = light * (1 - step / 100) if darker else light + (1 - light) * step / 100
        candidate = _as_written(colorsys.hls_to_rgb(hue, moved, saturation))
        if min(contrast(candidate, tint), contrast(candidate, page)) >= wanted:
            return candidate
    return _BLACK if darker else _WHITE

"""How a poster looks: shapes and lines of text on an A4, in millimetres from the top.

Smaller papers of the A series have the same proportions, so one layout serves all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import segno
from reportlab.pdfbase.pdfmetrics import stringWidth

from common.ui import brand
from enrolment.posters.content import Poster

WIDTH, HEIGHT = 210.0, 297.0
_MARGIN = 18.0
_BAND = 134.0
_INK, _SOFT, _LINE, _WHITE = "#141a17", "#5b655f", "#d9dedb", "#ffffff"
FONT, BOLD = "Helvetica", "Helvetica-Bold"
_POINTS_PER_MM = 72 / 25.4


class Paper(StrEnum):
    """The papers that a poster is printed on."""

    A4 = "a4"
    A6 = "a6"

    @property
    def scale(self) -> float:
        """Return how large it is beside the A4 that is drawn."""
        return {Paper.A4: 1.0, Paper.A6: 0.5}[self]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, its corners perhaps round."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle around a point."""

    x: float
    y: float
    radius: float
    fill: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text on its base line."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    is_bold: bool = False
    is_centered: bool = False

    @property
    def font(self) -> str:
        """Return its font, one of those that every printer has."""
        return BOLD if self.is_bold else FONT


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: runs of dark modules (x, y, width) in modules, and its place."""

    x: float
    y: float
    side: float
    modules: int
    runs: tuple[tuple[int, int, int], ...]
    fill: str = "#000000"


Shape = Box | Dot | Line | Code


def draw(poster: Poster) -> list[Shape]:
    """Return the shapes of a poster, from the ground up."""
    return [*_top(poster), *_card(poster), *_steps(poster), *_foot(poster)]


def _top(poster: Poster) -> Iterator[Shape]:
    ground = poster.color
    ink = brand.write(brand.text_on(brand.read(ground)))
    inner = WIDTH - 2 * _MARGIN
    yield Box(0, 0, WIDTH, _BAND, ground)
    yield Line(_MARGIN, 26, _cut(poster.club, 8, inner, bold=True), 8, ink, True)
    size = _fitting(poster.headline, 27, inner, bold=True)
    yield Line(_MARGIN, 54, poster.headline, size, ink, True)
    y = 68.0
    for gain in poster.gains:
        for text in wrapped(f"{gain}.", 7.4, inner):
            yield Line(_MARGIN, y, text, 7.4, ink)
            y += 9.6


def _card(poster: Poster) -> Iterator[Shape]:
    side = 104.0
    left, top = (WIDTH - side) / 2, 92.0
    # The shade of a sheet that lies on top; prints as a thin frame.
    yield Box(left - 0.4, top - 0.4, side + 0.8, side + 22.8, _LINE, 6.4)
    yield Box(left, top, side, side + 22, _WHITE, 6)
    # The white around the code is its quiet zone: four modules at least.
    matrix = [bytes(row) for row in segno.make_qr(poster.url, error="m").matrix]
    quiet = 4
    module = side / (len(matrix) + 2 * quiet)
    yield Code(
        left + quiet * module,
        top + quiet * module,
        module * len(matrix),
        len(matrix),
        tuple(_runs(matrix)),
    )
    middle = WIDTH / 2
    yield Line(middle, top + side + 3.5, poster.scan, 6.4, _INK, True, True)
    text = f"{poster.or_go_to} {poster.address}"
    size = _fitting(text, 4.6, side - 8)
    yield Line(middle, top + side + 13, text, size, _SOFT, False, True)


def _steps(poster: Poster) -> Iterator[Shape]:
    ink = brand.write(brand.text_on(brand.read(poster.color)))
    column = (WIDTH - 2 * _MARGIN) / len(poster.steps)
    for place, step in enumerate(poster.steps):
        middle = _MARGIN + column * (place + 0.5)
        yield Dot(middle, 233, 6.4, poster.color)
        yield Line(middle, 235.6, str(place + 1), 7.4, ink, True, True)
        for row, text in enumerate(wrapped(step, 5.4, column - 6)):
            yield Line(middle, 248 + row * 6.8, text, 5.4, _INK, False, True)


def _foot(poster: Poster) -> Iterator[Shape]:
    inner = WIDTH - 2 * _MARGIN
    asks = _fitting(poster.asks, 5.4, inner, bold=True)
    yield Line(WIDTH / 2, 269, poster.asks, asks, _INK, True, True)
    yield Box(_MARGIN, 277, inner, 0.3, _LINE)
    company = _cut(poster.company, 3.6, inner * 0.48)
    yield Line(_MARGIN, 284, company, 3.6, _SOFT)
    place = _cut(poster.place, 3.6, inner * 0.48)
    right = WIDTH - _MARGIN - width_of(place, 3.6)
    yield Line(right, 284, place, 3.6, _SOFT)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is, in millimetres."""
    points = stringWidth(text, BOLD if bold else FONT, size * _POINTS_PER_MM)
    return float(points) / _POINTS_PER_MM


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text into lines that fit."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitting(text: str, size: float, width: float, *, bold: bool = False) -> float:
    """Return the size at which a text fits into a width, at most the wanted one."""
    wide = width_of(text, size, bold=bold)
    return size if wide <= width else size * width / wide


def _cut(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Shorten a text that does not fit, with an ellipsis."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(f"{text}…", size, bold=bold) > width:
        text = text[:-1].rstrip()
    return f"{text}…"


def _runs(matrix: list[bytes]) -> Iterator[tuple[int, int, int]]:
    """Join dark modules that lie side by side, or thin white lines are printed."""
    for y, row in enumerate(matrix):
        start = None
        for x, is_dark in enumerate([*row, 0]):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                yield start, y, x - start
                start = None

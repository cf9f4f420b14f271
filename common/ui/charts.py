"""Charts drawn on the server: SVG paths in a stretched 1000 by 100 field.

A path is text made here, so that no template writes a number into an attribute (where
the page's language would give it a comma). The figures a reader needs stand in a table
beside the drawing; the crosshair of `lp-chart` reads them from there.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.formats import number_format

Number = int | float | Decimal
Writer = Callable[[Number], str]

WIDTH = 1000
HEIGHT = 100
_NICE = (1, 1.5, 2, 2.5, 4, 5, 7.5, 10)


@dataclass(frozen=True, slots=True)
class Spark:
    """A line without axes: where something is heading."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid and what it stands for."""

    y: str
    label: str
    is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One point in words: its label, its values as written, and its place."""

    label: str
    now: str
    then: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Column:
    """One upright bar."""

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line or column chart, ready for `<c-linechart>`."""

    ticks: list[Tick]
    captions: list[str]
    rows: list[Row]
    now_name: str
    then_name: str = ""
    now: str = ""
    then: str = ""
    area: str = ""
    columns: list[Column] = field(default_factory=list)

    @property
    def last(self) -> Row:
        """Return the newest point, where the dot rests."""
        return self.rows[-1]


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar list."""

    label: str
    value: str
    share: str
    width: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of a heat table: what it says and how dark it is, from 0 to 5."""

    text: str
    step: int


def spark(values: Sequence[Number]) -> Spark | None:
    """Draw a spark line; None when there are fewer than two values to connect."""
    if len(values) < 2:
        return None
    points = [float(value) for value in values]
    low, high = min(points), max(points)
    pad = (high - low) * 0.18 or 1
    # More room below than above: the line then floats over its own shade.
    path = _path(_scale(points, low=low - pad * 2.2, high=high + pad))
    return Spark(line=path, area=_closed(path))


def line_chart(
    *,
    labels: Sequence[str],
    now: Sequence[Number],
    now_name: str,
    then: Sequence[Number] = (),
    then_name: str = "",
    write: Writer | None = None,
    write_tick: Writer | None = None,
    captions: int = 6,
) -> Chart | None:
    """Draw a line over a shade, and the period before as a dashed line.

    `labels` name the points and must be as many as the values; `write` turns a value
    into text for the read-out, `write_tick` for the axis. None when there are fewer
    than two points: the page then shows its empty state.
    """
    if len(now) < 2:
        return None
    low, high, ticks = _grid([*now, *then], write_tick or write or _plain)
    points = _scale([float(value) for value in now], low=low, high=high)
    path = _path(points)
    earlier = _scale([float(value) for value in then], low=low, high=high)
    return Chart(
        ticks=ticks,
        captions=_captions(labels, captions),
        rows=_rows(labels, now, then, points, write or _plain),
        now_name=now_name,
        then_name=then_name,
        now=path,
        then=_path(earlier) if len(earlier) > 1 else "",
        area=_closed(path, foot=_height(0, low=low, high=high)),
    )


def columns(
    *,
    labels: Sequence[str],
    values: Sequence[Number],
    name: str,
    write: Writer | None = None,
    write_tick: Writer | None = None,
    captions: int = 6,
) -> Chart | None:
    """Draw upright bars from zero: counts per day, week or month."""
    if not values:
        return None
    low, high, ticks = _grid(values, write_tick or write or _plain)
    slot = WIDTH / len(values)
    zero = _height(0, low=low, high=high)
    drawn, points = [], []
    for index, value in enumerate(values):
        y = _height(float(value), low=low, high=high)
        points.append(((index + 0.5) * slot, y))
        drawn.append(
            Column(
                x=_text(index * slot + slot * 0.14),
                y=_text(min(y, zero)),
                width=_text(slot * 0.72),
                height=_text(abs(zero - y)),
            )
        )
    return Chart(
        ticks=ticks,
        captions=_captions(labels, captions),
        rows=_rows(labels, values, (), points, write or _plain),
        now_name=name,
        columns=drawn,
    )


def bars(
    items: Iterable[tuple[str, Number] | tuple[str, Number, str]],
    *,
    write: Writer | None = None,
    of_largest: bool = False,
) -> list[Bar]:
    """Turn (label, value) or (label, value, url) into rows of a bar list.

    A bar is as long as its share of the sum, or of the largest value when the parts do
    not add up to a whole.
    """
    given = [(item[0], item[1], item[2] if len(item) > 2 else "") for item in items]
    values = [float(value) for _, value, _ in given]
    whole = (max(values, default=0) if of_largest else sum(values)) or 1
    return [
        Bar(
            label=label,
            value=(write or _plain)(value),
            share="" if of_largest else percent(float(value) / whole),
            width=_text(max(0.0, min(1.0, float(value) / whole)) * 100),
            url=url,
        )
        for label, value, url in given
    ]


def heat(
    values: Sequence[Number | None], *, low: float, high: float, write: Writer
) -> list[HeatCell | None]:
    """Give each value of a row its text and its darkness between `low` and `high`."""
    span = (high - low) or 1
    return [
        None
        if value is None
        else HeatCell(
            text=write(value),
            step=max(0, min(5, math.floor((float(value) - low) / span * 6))),
        )
        for value in values
    ]


def percent(share: float) -> str:
    """Write a share of one as whole per cent, with a fixed space: `61 %`."""
    return f"{number_format(round(share * 100), 0)}\u00a0%"


def as_decimal(value: Number) -> Decimal:
    """Return a value as money wants it, a float as it is written."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def meter_width(done: Number, total: Number) -> str:
    """Return how far a meter of width 100 is filled, as an SVG attribute wants it."""
    if not total:
        return "0"
    return _text(max(0.0, min(1.0, float(done) / float(total))) * 100)


def _plain(value: Number) -> str:
    whole = float(value).is_integer()
    return number_format(value, 0 if whole else 1, force_grouping=True)


def _grid(values: Sequence[Number], write: Writer) -> tuple[float, float, list[Tick]]:
    """Choose round lines that hold all values, counted from zero."""
    numbers = [float(value) for value in values]
    top, foot = max(0.0, *numbers), min(0.0, *numbers)
    whole = all(number.is_integer() for number in numbers)
    step = _nice_step((top - foot) / 4, whole=whole)
    low = math.floor(foot / step) * step
    high = max(math.ceil(top / step) * step, low + step)
    lines = round((high - low) / step)
    if whole and lines < 2:
        lines, step = 1, high - low
    stops = [high - index * step for index in range(lines + 1)]
    ticks = [
        Tick(
            y=_text(_height(stop, low=low, high=high)),
            label=write(_tidy(stop)),
            is_zero=_tidy(stop) == 0,
        )
        for stop in stops
    ]
    return low, high, ticks


def _nice_step(raw: float, *, whole: bool) -> float:
    if raw <= 0:
        return 1
    size: float = 10 ** math.floor(math.log10(raw))
    step = next(nice * size for nice in _NICE if nice * size >= raw * (1 - 1e-9))
    # Half a member cannot join: the lines of a count stand on whole numbers.
    return max(1, math.ceil(step)) if whole else step


def _tidy(value: float) -> Number:
    return int(value) if float(value).is_integer() else round(value, 6)


def _height(value: float, *, low: float, high: float) -> float:
    return HEIGHT - (value - low) / ((high - low) or 1) * HEIGHT


def _scale(
    values: Sequence[float], *, low: float, high: float
) -> list[tuple[float, float]]:
    last = max(1, len(values) - 1)
    return [
        (index / last * WIDTH, _height(value, low=low, high=high))
        for index, value in enumerate(values)
    ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_text(x)} {_text(y)}" for x, y in points)


def _closed(path: str, *, foot: float = HEIGHT) -> str:
    return f"{path}L{WIDTH} {_text(foot)}L0 {_text(foot)}Z"


def _text(number: float) -> str:
    """Write a number for SVG: a point, at most two decimals, no exponent."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _captions(labels: Sequence[str], wanted: int) -> list[str]:
    """Pick evenly spread labels, always with the first and the last."""
    if len(labels) <= wanted:
        return list(labels)
    last = len(labels) - 1
    picked = [round(index * last / (wanted - 1)) for index in range(wanted)]
    return [labels[index] for index in picked]


def _rows(
    labels: Sequence[str],
    now: Sequence[Number],
    then: Sequence[Number],
    points: Sequence[tuple[float, float]],
    write: Writer,
) -> list[Row]:
    return [
        Row(
            label=label,
            now=write(value),
            then=write(then[index]) if index < len(then) else "",
            x=_text(points[index][0]),
            y=_text(points[index][1]),
        )
        for index, (label, value) in enumerate(zip(labels, now, strict=True))
    ]

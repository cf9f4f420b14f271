"""What of a purchase has come back, and what is kept: pure decisions, no database.

Worked out from everything that has come back so far and not step by step, so that any
split and any order of returns ends the same. See decision 0014.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from points.programme import engine

_NOTHING = Decimal(0)
_OERE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of a purchase: what was paid, what of it counts, and at what rate."""

    number: int
    sku: str
    paid: Decimal
    quantity: Decimal
    # The money that earned, by the base of the purchase's version; zero for none.
    amount: Decimal
    rate: Decimal

    @property
    def whole(self) -> Decimal:
        """Return the line's size: its money, or the number of what was free."""
        return self.paid or self.quantity


@dataclass(frozen=True, slots=True)
class Back:
    """A line that came back: which one it was, if the till says so, and how much."""

    original_number: int | None
    sku: str
    quantity: Decimal
    # None where another currency was given back: then pieces count.
    paid: Decimal | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a purchase: its money that counts, and its points."""

    eligible: Decimal
    exact: Decimal
    # Nothing that was paid for is left; where nothing was paid, no goods are.
    is_nothing: bool


def kept(bought: Sequence[Bought], back: Iterable[Back]) -> Kept:
    """Return what is kept of a purchase when all this has come back.

    What names its line is taken from that line; what does not, from the lines of the
    same article; what fits none, from all lines: always first from what gave least.
    More than was bought counts as all of it.
    """
    left = {line.number: line.whole for line in bought}
    poorest_first = sorted(bought, key=lambda line: (line.rate, line.number))
    # Who names a line goes first, whenever it came; then who names an article.
    for _place, lines, each in sorted(
        (_candidates(poorest_first, each) for each in back), key=lambda found: found[0]
    ):
        _take(left, lines, each)
    eligible, exact, is_nothing = _NOTHING, _NOTHING, True
    was_paid = any(line.paid for line in bought)
    for line in bought:
        rest = left[line.number]
        if rest and (line.paid or not was_paid):
            is_nothing = False
        if not rest or not line.amount:
            continue
        amount = line.amount
        if rest != line.whole:
            amount = line.amount * rest / line.whole
        eligible += amount
        exact += amount * line.rate
    return Kept(
        eligible=eligible.quantize(_OERE),
        exact=engine.in_millionths(exact),
        is_nothing=is_nothing,
    )


_Found = tuple[tuple[int, bool], Sequence[Bought], Back]


def _candidates(bought: Sequence[Bought], back: Back) -> _Found:
    """Return the lines that it may be, and how sure that is; money before pieces."""
    is_counted = back.paid is None
    named = [line for line in bought if line.number == back.original_number]
    if named:
        return (0, is_counted), named, back
    same = [line for line in bought if line.sku == back.sku]
    if same:
        return (1, is_counted), same, back
    return (2, is_counted), bought, back


def _take(left: dict[int, Decimal], lines: Sequence[Bought], back: Back) -> None:
    money, pieces = back.paid, back.quantity
    for line in lines:
        rest = left[line.number]
        if line.paid and money is not None:
            taken = min(rest, money)
            money -= taken
        elif line.paid:
            share = line.quantity * rest / line.paid
            taken = rest if pieces >= share else line.paid * pieces / line.quantity
            pieces = max(pieces - share, _NOTHING)
        elif money:
            # It was paid for: not what was free.
            continue
        else:
            taken = min(rest, pieces)
            pieces -= taken
        left[line.number] = rest - taken

"""The structured form of a version of the programme: values without behaviour.

Everything that members, staff and terms are told is said from this form, and nothing
that the engine does is anywhere else. What every version has in columns of its own
(points per unit, groups without points, months until expiry, worth of a point, points
of the first voucher) is in `points.rules.EarningRule`; this is the rest. The defaults
are those of a programme without any of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

LANGUAGES = ("sv", "da", "en")


class Tax(StrEnum):
    """Whether the money that earns is counted with VAT."""

    WITH = "with"
    WITHOUT = "without"


class Discounts(StrEnum):
    """Whether the money that earns is what was paid, or the price before discounts."""

    AFTER = "after"
    BEFORE = "before"


class Rounding(StrEnum):
    """How a receipt's points become whole ones; halves of NEAREST go up."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


class Stacking(StrEnum):
    """What happens to a line that several multipliers fit.

    BEST: the largest factor. ADD: factors 2 and 3 make 4, for each adds its surplus.
    MULTIPLY: they make 6.
    """

    BEST = "best"
    ADD = "add"
    MULTIPLY = "multiply"


class Birthday(StrEnum):
    """How near a member's birthday a purchase must be; the week is Monday to Sunday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ExpiryKind(StrEnum):
    """How points lapse.

    ROLLING: each lot when the month so many months after its purchase ends.
    FIXED: all on one day of the year, the first that is at least `years` years on.
    INACTIVITY: all when no purchase was made for so many months.
    """

    ROLLING = "rolling"
    FIXED = "fixed"
    INACTIVITY = "inactivity"


class ReturnPolicy(StrEnum):
    """How much a return may take when the points of the purchase were used since.

    NEGATIVE: all; the balance goes below zero. BALANCE: what there is, the rest is
    let go. PENDING: only while the purchase's points wait; afterwards nothing.
    """

    NEGATIVE = "negative"
    BALANCE = "balance"
    PENDING = "pending"


class Per(StrEnum):
    """How often an action may give points."""

    ONCE = "once"
    EACH = "each"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class VoucherMode(StrEnum):
    """Who turns points into vouchers: nobody asks, or the member does."""

    AUTOMATIC = "automatic"
    CHOICE = "choice"


class Measure(StrEnum):
    """What a tier is reached by."""

    SPEND = "spend"
    POINTS = "points"
    VISITS = "visits"
    ACTIONS = "actions"


class Window(StrEnum):
    """In which time it is counted; a membership year begins on the day of joining."""

    ROLLING = "rolling"
    CALENDAR = "calendar"
    MEMBERSHIP = "membership"


@dataclass(frozen=True, slots=True)
class Goods:
    """Some goods: a line fits when any of its names is here. Empty means all goods.

    `categories` and `brands` are the catalogue's, `groups` what the till reports.
    """

    groups: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether any goods are named."""
        return bool(self.groups or self.categories or self.brands or self.skus)


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a multiplier; all that are set must hold.

    Days and hours are those of the programme's zone. `weekdays` are ISO's (Monday is
    1); `hours` begin at the first and end before the second; `ends_on` is the last day,
    whole. `least_total` is what the receipt's goods must cost together.
    """

    goods: Goods = field(default_factory=Goods)
    stores: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[time, time] | None = None
    tiers: tuple[str, ...] = ()
    first_purchase: bool = False
    birthday: Birthday | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    least_total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Multiplier:
    """So many times the points, on the goods and at the times that fit.

    `key` names it for ever: lines keep it as their reason.
    """

    key: str
    factor: Decimal
    when: When = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class Action:
    """Fixed points for something a member does.

    `event` is the timeline's kind, or `custom.<name>` for one that comes by API.
    `times` is how often within `per`; ONCE and EACH have none.
    """

    key: str
    event: str
    points: int
    per: Per = Per.ONCE
    times: int = 1


@dataclass(frozen=True, slots=True)
class VoucherStep:
    """So many points become a voucher of this value, in the programme's currency.

    `needs_purchase` says that it only lowers the price of something that is bought:
    VAT treats that otherwise than a voucher for which goods are given free (Court of
    Justice, C-436/24, Lyko).
    """

    points: int
    value: Decimal
    needs_purchase: bool = True


@dataclass(frozen=True, slots=True)
class Vouchers:
    """How points become vouchers. Without steps the version's own reward is the one.

    A voucher is valid to the end of the day `valid_days` after it was issued and is
    accepted `grace_days` longer without being said so. `reactivations` is how often
    customer service may make one valid again.
    """

    mode: VoucherMode = VoucherMode.CHOICE
    steps: tuple[VoucherStep, ...] = ()
    valid_days: int = 90
    grace_days: int = 14
    reactivations: int = 1


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of the ladder: its names and benefits by language, and what it needs.

    `keeps` is what must be reached again to stay; None means as much as `needs`.
    """

    key: str
    names: Mapping[str, str]
    needs: Decimal
    keeps: Decimal | None = None
    benefits: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers, lowest first; the first needs nothing and everybody has it.

    A level that is reached holds for the rest of the window and the next one. When it
    was not earned again it goes `grace_days` after, by one step with `soft_landing`,
    else to the level that was earned.
    """

    measure: Measure = Measure.SPEND
    window: Window = Window.ROLLING
    tiers: tuple[Tier, ...] = ()
    grace_days: int = 30
    soft_landing: bool = True


@dataclass(frozen=True, slots=True)
class Money:
    """What a further currency earns, and what a point is worth in it."""

    points_per_unit: Decimal
    point_value: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a version says beside its columns."""

    tax: Tax = Tax.WITH
    discounts: Discounts = Discounts.AFTER
    excluded: Goods = field(default_factory=Goods)
    rounding: Rounding = Rounding.DOWN
    stacking: Stacking = Stacking.BEST
    multipliers: tuple[Multiplier, ...] = ()
    actions: tuple[Action, ...] = ()
    pending_days: int = 0
    expiry: ExpiryKind = ExpiryKind.ROLLING
    # The day of FIXED, as month and day, and after how many years at the least.
    expiry_day: tuple[int, int] = (12, 31)
    expiry_years: int = 1
    returns: ReturnPolicy = ReturnPolicy.NEGATIVE
    vouchers: Vouchers = field(default_factory=Vouchers)
    ladder: Ladder | None = None
    currencies: Mapping[str, Money] = field(default_factory=dict)

    @property
    def asks_about_member(self) -> bool:
        """Tell whether the points of a line can hang on who buys."""
        return any(
            each.when.tiers or each.when.first_purchase or each.when.birthday
            for each in self.multipliers
        )

    @property
    def asks_for_catalogue(self) -> bool:
        """Tell whether a line's category or brand must be looked up."""
        goods = [self.excluded, *(each.when.goods for each in self.multipliers)]
        return any(each.categories or each.brands for each in goods)

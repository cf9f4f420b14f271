"""What a receipt is decided by, and what is decided: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from points.rules import EarningRule
from points.terms import ReturnPolicy
from purchases.rules.returns import Back, Bought


class NoPoints(StrEnum):
    """Why a receipt gave no points; part of the answer to the till."""

    NO_CONTACT = "no_contact"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_LEFT = "member_left"
    MEMBER_BLOCKED = "member_blocked"
    NO_RULE = "no_rule"
    OTHER_CURRENCY = "other_currency"
    NOTHING_EARNS = "nothing_earns"


@dataclass(frozen=True, slots=True)
class Buyer:
    """The member a receipt belongs to, as far as points are concerned.

    What follows the status is known only where the rule asks about the member.
    """

    id: int
    status: str
    tier: str | None = None
    is_first: bool = False
    born_on: date | None = None

    @property
    def earns(self) -> bool:
        """Tell whether purchases give this member points; waiting members' do too."""
        return self.status in {"ACTIVE", "PENDING"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is known of the store, and of the articles where somebody asks about them.

    `articles` gives the category and the brand of an article by its SKU.
    """

    channel: str = "SHOP"
    articles: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Original:
    """The purchase that a return undoes, and what has come back of it before."""

    id: int
    public_id: str
    member_id: int | None
    member_status: str
    rule: EarningRule | None
    entry_id: int | None
    currency: str
    purchased_at: datetime
    eligible: Decimal
    exact: Decimal
    points: int
    returned_eligible: Decimal
    returned_exact: Decimal
    # What returns asked back, also where the policy let some of it go.
    returned_points: int
    expired: int
    lines: tuple[Bought, ...]
    came_back: tuple[Back, ...]
    # How many receipts that was.
    returns: int
    # Whether the purchase counts for the member's tier.
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Reversal:
    """Points that a return asks back: from whom, by which rule, how insistently."""

    member_id: int
    points: int
    rule_id: int | None
    entry_id: int | None
    policy: ReturnPolicy


@dataclass(frozen=True, slots=True)
class Count:
    """What a member's day gains or loses by a receipt, for the tiers.

    Money is in the programme's own currency.
    """

    member_id: int
    at: datetime
    spend: Decimal
    visits: int
    points: int


# Not frozen, for a load makes millions of them.
@dataclass(slots=True)
class Earned:
    """What one line gives, or takes when it is a return."""

    # Whether the line counts after the rule was asked.
    is_eligible: bool
    # The money of it that counts.
    amount: Decimal
    # Points for a unit of that money.
    rate: Decimal
    # Before rounding.
    exact: Decimal
    # The keys of the multipliers that made the rate.
    multipliers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt gives and takes, and why."""

    member_id: int | None
    reason: NoPoints | None
    rule_id: int | None
    eligible: Decimal
    exact: Decimal
    points: int
    return_eligible: Decimal
    reversal: Reversal | None
    # How much of the original has come back in all; None when there is no original.
    returned_eligible: Decimal | None
    returned_exact: Decimal | None
    counts: tuple[Count, ...]
    lines: tuple[Earned, ...]
    # The lines' shares of the points; they add up.
    line_points: tuple[int, ...]
    # What vouchers paid of each line.
    by_voucher: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a receipt's returns come to, beside what it buys."""

    lines: list[Earned]
    eligible: Decimal
    reversal: Reversal | None = None
    returned_eligible: Decimal | None = None
    returned_exact: Decimal | None = None
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What an anonymous receipt gives to the one who shows that it is theirs."""

    eligible: Decimal
    exact: Decimal
    returned_eligible: Decimal
    returned_exact: Decimal
    points: int
    # Of what was kept, in the programme's currency.
    spend: Decimal
    visits: int
    lines: tuple[Earned, ...]
    line_points: tuple[int, ...]
    by_voucher: tuple[Decimal, ...]

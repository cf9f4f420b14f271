"""Points of two members who are compared, and where they go when they are merged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from members import cards, comparison
from members.comparison import Fact
from members.models import Member
from points import selectors, words


def register() -> None:
    """Register the aspect; called once, when the room is ready."""
    comparison.register(key="points", order=10, tell=_tell, foretell=_foretell)


def _tell(members: Sequence[Member], now: datetime) -> list[Fact]:
    balances = [selectors.balance_of(member, now) for member in members]
    return [Fact(_("Points"), tuple(words.with_worth(each) for each in balances))]


def _foretell(kept: Member, merged: Member, now: datetime) -> list[str]:
    own = selectors.balance_of(kept, now)
    theirs = selectors.balance_of(merged, now)
    if theirs.points == 0:
        return []
    together = replace(
        own, points=own.points + theirs.points, worth=own.worth + theirs.worth
    )
    return [
        _("%(points)s move to %(number)s, which then has %(total)s.")
        % {
            "points": words.with_worth(theirs),
            "number": cards.display_number(kept.number),
            "total": words.with_worth(together),
        }
    ]

"""Purchases of two members who are compared, and where they go when they are merged."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from members import cards, comparison
from members.comparison import Fact
from members.models import Member
from purchases import selectors
from purchases.selectors import Purchases


def register() -> None:
    """Register the aspect; called once, when the room is ready."""
    comparison.register(key="purchases", order=20, tell=_tell, foretell=_foretell)


def _tell(members: Sequence[Member], _now: datetime) -> list[Fact]:
    found = [(selectors.summarize_purchases(each), each) for each in members]
    return [
        Fact(_("Purchases"), tuple(_in_words(each) for each, _member in found)),
        Fact(
            _("Last purchase"),
            tuple(
                date_format(each.last_at.astimezone(member.programme.zone))
                if each.last_at
                else "–"
                for each, member in found
            ),
        ),
    ]


def _foretell(kept: Member, merged: Member, _now: datetime) -> list[str]:
    theirs = selectors.summarize_purchases(merged)
    if theirs.receipts == 0:
        return []
    return [
        _("Moves along: %(purchases)s. All are then with %(number)s.")
        % {
            "purchases": _in_words(theirs),
            "number": cards.display_number(kept.number),
        }
    ]


def _in_words(purchases: Purchases) -> str:
    return ngettext(
        "%(count)s receipt, %(sum)s", "%(count)s receipts, %(sum)s", purchases.receipts
    ) % {
        "count": number_format(purchases.receipts, force_grouping=True),
        "sum": display(purchases.amount, purchases.currency),
    }

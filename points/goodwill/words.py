"""What is said at the till about goodwill: what is left, and who can help."""

from decimal import Decimal

from django.utils.translation import gettext as _

from common.money import display
from points.goodwill.rules import Bound

_LEFT = {
    Bound.ONE_GRANT: lambda: _("You can give at most %(money)s at once."),
    Bound.PERSON_DAY: lambda: _("You have %(money)s left today."),
    Bound.PERSON_MONTH: lambda: _("You have %(money)s left this month."),
    Bound.STORE_DAY: lambda: _("The store has %(money)s left today."),
    Bound.STORE_MONTH: lambda: _("The store has %(money)s left this month."),
}
_LEFT_OF_OTHER = {
    Bound.ONE_GRANT: lambda: _("%(name)s can give at most %(money)s at once."),
    Bound.PERSON_DAY: lambda: _("%(name)s has %(money)s left today."),
    Bound.PERSON_MONTH: lambda: _("%(name)s has %(money)s left this month."),
    Bound.STORE_DAY: lambda: _("The store has %(money)s left today."),
    Bound.STORE_MONTH: lambda: _("The store has %(money)s left this month."),
}


def left(bound: Bound, amount: Decimal, currency: str) -> str:
    """Say what is left: `You have 120 kr left today`."""
    return _LEFT[bound]() % {"money": display(amount, currency)}


def left_of(name: str, bound: Bound, amount: Decimal, currency: str) -> str:
    """Say what somebody else has left: `Karin has 120 kr left today`."""
    return _LEFT_OF_OTHER[bound]() % {
        "name": name,
        "money": display(amount, currency),
    }

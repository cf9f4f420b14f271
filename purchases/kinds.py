"""What the timeline says about receipts."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from members import events
from members.models import Event
from points import words

ACCEPTED = "receipt.accepted"
RETURNED = "receipt.returned"
CLAIMED = "receipt.claimed"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(ACCEPTED, icon="receipt", describe=_accepted)
    events.register_kind(RETURNED, icon="receipt-refund", describe=_returned)
    events.register_kind(CLAIMED, icon="receipt", describe=_claimed)


def _accepted(event: Event) -> str:
    return " ".join([_bought(event), *_points(event)])


def _claimed(event: Event) -> str:
    return " ".join([_bought(event), *_points(event), _("Added when you joined.")])


def _returned(event: Event) -> str:
    money = _money(event)
    store = event.data.get("store_name")
    text = (
        _("Returned goods for %(money)s in %(store)s.")
        if store
        else _("Returned goods for %(money)s.")
    )
    return " ".join([text % {"money": money, "store": store}, *_points(event)])


def _bought(event: Event) -> str:
    store = event.data.get("store_name")
    text = (
        _("Bought for %(money)s in %(store)s.") if store else _("Bought for %(money)s.")
    )
    return text % {"money": _money(event), "store": store}


def _money(event: Event) -> str:
    amount = abs(Decimal(event.data.get("total", "0")))
    return display(amount, event.data.get("currency", ""))


def _points(event: Event) -> list[str]:
    earned = int(event.data.get("points", 0))
    taken = int(event.data.get("reversed", 0))
    said = []
    if earned:
        text = ngettext("%(n)s point earned.", "%(n)s points earned.", earned)
        said.append(text % {"n": words.number(earned)})
    if taken:
        text = ngettext("%(n)s point taken back.", "%(n)s points taken back.", taken)
        said.append(text % {"n": words.number(taken)})
    return said

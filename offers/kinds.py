"""What the timeline says about vouchers and stamp cards."""

from datetime import timedelta
from decimal import Decimal

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from members import events
from members.events import Describe
from members.models import Event
from offers.texts import in_language
from offers.vouchers.words import what

_VOUCHER: dict[str, tuple[str, str | Promise]] = {
    "issued": ("ticket", gettext_lazy("Got a voucher: %(what)s.")),
    "used": ("f-ticket", gettext_lazy("Used a voucher: %(what)s.")),
    "given_back": (
        "arrow-back-up",
        gettext_lazy("A voucher is valid again after a return: %(what)s."),
    ),
    "withdrawn": (
        "receipt-refund",
        gettext_lazy("A voucher was taken back after a return: %(what)s."),
    ),
    "voided": ("ban", gettext_lazy("A voucher was withdrawn by the club: %(what)s.")),
    "lapsed": (
        "hourglass-low",
        gettext_lazy("A voucher was not used in time: %(what)s."),
    ),
    "reactivated": (
        "refresh",
        gettext_lazy("A voucher was made valid again by the club: %(what)s."),
    ),
}
EXPIRES_SOON = "offers.voucher_expires_soon"
STAMPED = "offers.stamped"
STAMPS_TAKEN_BACK = "offers.stamps_taken_back"
STAMPS_LAPSED = "offers.stamps_lapsed"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    for name, (icon, text) in _VOUCHER.items():
        events.register_kind(
            f"offers.voucher_{name}", icon=icon, describe=_telling(text)
        )
    events.register_kind(EXPIRES_SOON, icon="hourglass", describe=_expires_soon)
    events.register_kind(STAMPED, icon="circle-check", describe=_stamped)
    events.register_kind(STAMPS_TAKEN_BACK, icon="receipt-refund", describe=_taken_back)
    events.register_kind(STAMPS_LAPSED, icon="hourglass-low", describe=_lapsed)


def _telling(text: str | Promise) -> Describe:
    def describe(event: Event) -> str:
        return str(text) % {"what": _what(event)}

    return describe


def _what(event: Event) -> str:
    return what(
        kind=str(event.data.get("kind", "")),
        value=Decimal(event.data.get("value", "0")),
        currency=str(event.data.get("currency", "")),
        texts=event.data.get("texts") or {},
    )


def _expires_soon(event: Event) -> str:
    until = parse_datetime(str(event.data.get("expires_at", "")))
    if until is None:
        return _("A voucher is valid a few days more: %(what)s.") % {
            "what": _what(event)
        }
    last = localtime(until - timedelta(microseconds=1))
    return _("A voucher is valid until %(day)s: %(what)s.") % {
        "day": date_format(last, "DATE_FORMAT"),
        "what": _what(event),
    }


def _card(event: Event) -> dict[str, str | int]:
    return {
        "n": abs(int(event.data.get("number", 0))),
        "card": in_language(event.data.get("names") or {}),
        "collected": int(event.data.get("collected", 0)),
        "needed": int(event.data.get("needed", 0)),
    }


def _stamped(event: Event) -> str:
    values = _card(event)
    return (
        ngettext(
            "%(n)s stamp on %(card)s: %(collected)s of %(needed)s.",
            "%(n)s stamps on %(card)s: %(collected)s of %(needed)s.",
            int(values["n"]),
        )
        % values
    )


def _taken_back(event: Event) -> str:
    values = _card(event)
    return (
        ngettext(
            "%(n)s stamp on %(card)s taken back after a return.",
            "%(n)s stamps on %(card)s taken back after a return.",
            int(values["n"]),
        )
        % values
    )


def _lapsed(event: Event) -> str:
    values = _card(event)
    return (
        ngettext(
            "%(n)s stamp on %(card)s lapsed.",
            "%(n)s stamps on %(card)s lapsed.",
            int(values["n"]),
        )
        % values
    )

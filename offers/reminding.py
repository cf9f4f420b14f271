"""The message that a voucher ends soon: once for each last day."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from members.models import Event, Member
from messaging import notices, templates
from offers import kinds
from offers.vouchers.words import what

TEMPLATE = "voucher_ends"


def register() -> None:
    """Register the message and what it is sent for; called once, at the start."""
    templates.register(TEMPLATE, fields={"what", "day"})
    notices.register(kinds.EXPIRES_SOON, TEMPLATE, context=_context)


def _context(event: Event, member: Member) -> dict[str, Any]:
    data = event.data
    with translation.override(templates.language_for(member.language)):
        return {
            "what": what(
                kind=str(data["kind"]),
                value=Decimal(data["value"]),
                currency=str(data["currency"]),
                texts=data.get("texts") or {},
            ),
            "number": int(data.get("number", 1)),
            "day": date_format(_last_day(data["expires_at"], member), "DATE_FORMAT"),
        }


def _last_day(expires_at: str, member: Member) -> datetime:
    until = parse_datetime(expires_at)
    # It was written by the database.
    assert until is not None  # noqa: S101
    return (until - timedelta(microseconds=1)).astimezone(member.programme.zone)

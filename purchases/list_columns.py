"""What the list of members shows of their purchases."""

from collections.abc import Collection
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from common.periods import local_day
from members import list_columns
from members.list_columns import Cells
from purchases.selectors import last_purchases
from stores.models import Programme


def register() -> None:
    """Add a column with the day of the last purchase, in the club's time zone."""
    list_columns.register(
        "last_purchase",
        title=_("Last purchase"),
        fill=_fill,
        order=30,
        css="roomy",
    )


def _fill(programme: Programme, members: Collection[int], _now: datetime) -> Cells:
    return {
        member: date_format(local_day(at, programme.zone), "DATE_FORMAT")
        for member, at in last_purchases(members).items()
    }

"""What the list of members shows of their tiers."""

from collections.abc import Collection
from datetime import datetime

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from members import list_columns
from members.list_columns import Cells
from points.tiers.selectors import tiers_of
from stores.models import Programme


def register() -> None:
    """Add a column with the tier that members have, in a club with a ladder."""
    list_columns.register("tier", title=_("Tier"), fill=_fill, order=10)


def _fill(
    programme: Programme, members: Collection[int], now: datetime
) -> Cells | None:
    found = tiers_of(programme, members, now)
    if found is None:
        return None
    return {
        member: format_html(
            '<span class="level level--{}">{}</span>', tier.medal, tier.name
        )
        for member, tier in found.items()
    }

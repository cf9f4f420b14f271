"""What the list of members shows of their points."""

from collections.abc import Collection
from datetime import datetime

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.money import display
from members import list_columns
from members.list_columns import Cells
from points import rules
from points.selectors import find_rule, usable_of
from stores.models import Programme


def register() -> None:
    """Add a column with the points that can be used, over what they are worth."""
    list_columns.register("points", title=_("Points"), fill=_fill, order=20, css="r")


def _fill(
    programme: Programme, members: Collection[int], now: datetime
) -> Cells | None:
    rule = find_rule(programme_id=programme.pk, at=now)
    if rule is None:
        return None
    return {
        member: format_html(
            '<span class="two-line">{}<small>{}</small></span>',
            number_format(points, force_grouping=True),
            display(rules.worth(points, rule), programme.currency),
        )
        if points
        else number_format(0)
        for member, points in usable_of(members, now).items()
    }

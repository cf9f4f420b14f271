"""What this room hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from members import panels
from members.panels import Column
from purchases import comparison, faults, kinds, merging


def register() -> None:
    """Register codes, kinds of events, merging, and the panel of a member's page."""
    faults.register()
    kinds.register()
    merging.register()
    comparison.register()
    panels.register(
        title=_("Purchases"),
        url_name="purchases:member-panel",
        order=10,
        column=Column.MAIN,
    )

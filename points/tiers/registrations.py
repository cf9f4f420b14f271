"""What tiers hand to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from members import panels
from members.panels import Column
from points.tiers import kinds, list_columns, merging, privacy, retention
from stores.roles import Role

SEE_LADDER = frozenset({Role.OWNER, Role.ANALYST, Role.MARKETER})


def register() -> None:
    """Register kinds, merging, personal data, the page and the member's panel."""
    kinds.register()
    merging.register()
    privacy.register_all()
    retention.register_all()
    list_columns.register()
    navigation.register(
        group="loyalty",
        label=_("Tiers"),
        url_name="tiers:ladder",
        icon="crown",
        roles=SEE_LADDER,
        order=30,
        keywords=_("ladder levels gold silver"),
    )
    panels.register(
        title=_("Tier"),
        url_name="tiers:member-panel",
        order=12,
        column=Column.SIDE,
    )

"""What this room hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from members import panels
from members.panels import Column
from points import comparison, faults, kinds, list_columns, merging
from points.actions import registrations as actions
from points.books import closing
from points.goodwill import registrations as goodwill
from points.programme import drafts, notices, withdrawing
from points.tiers import registrations as tiers
from stores import audit
from stores.roles import Role

# Who sees what is owed, and whether the books add up.
SEE_BOOKS = frozenset({Role.OWNER, Role.ANALYST, Role.MARKETER})


def register() -> None:
    """Register codes, kinds of events, merging, and the panel of a member's page."""
    faults.register()
    kinds.register()
    merging.register()
    comparison.register()
    actions.register()
    goodwill.register()
    tiers.register()
    list_columns.register()
    audit.register_action(kinds.ADJUSTED, _("Adjusted a member's points"))
    audit.register_action(closing.MONTH_CLOSED, _("Closed a month of the points"))
    audit.register_action(
        closing.ASSUMPTION_WRITTEN, _("Wrote down how much of the points will be used")
    )
    audit.register_action(drafts.DRAFTED, _("Began a draft of the programme"))
    audit.register_action(drafts.DISCARDED, _("Discarded a draft of the programme"))
    audit.register_action(drafts.PUBLISHED, _("Published a version of the programme"))
    audit.register_action(
        withdrawing.WITHDRAWN, _("Withdrew a version of the programme")
    )
    audit.register_action(notices.TOLD, _("Told members that the programme changes"))
    audit.register_action(
        notices.TOLD_OFF, _("Told members that the programme does not change")
    )
    navigation.register(
        group="loyalty",
        label=_("Programme"),
        url_name="points:programme",
        icon="rosette",
        roles=SEE_BOOKS,
        order=10,
        keywords=_("rules earning multipliers vouchers tiers versions drafts"),
    )
    navigation.register(
        group="loyalty",
        label=_("What we owe in points"),
        url_name="points:liability",
        icon="scale",
        roles=SEE_BOOKS,
        order=60,
        keywords=_("liability outstanding month close"),
    )
    navigation.register(
        group="loyalty",
        label=_("Proof of the ledger"),
        url_name="points:proof",
        icon="shield-check",
        roles=SEE_BOOKS,
        order=70,
        keywords=_("ledger check books"),
    )
    panels.register(
        title=_("Points"),
        url_name="points:member-panel",
        order=10,
        column=Column.SIDE,
    )

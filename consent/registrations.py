"""What this room hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from consent import comparison, faults, kinds, merging
from consent.desk import registrations as desk
from consent.policy import registrations as policy
from consent.retention import registrations as retention
from consent.rights import registrations as rights
from consent.texts import registrations as texts
from consent.topics import registrations as topics
from members import panels
from members.panels import Column
from stores import audit


def register() -> None:
    """Register kinds of events, merging, the panel of a member's page, audit words."""
    faults.register()
    kinds.register()
    merging.register()
    comparison.register()
    desk.register()
    policy.register()
    rights.register()
    texts.register()
    topics.register()
    retention.register()
    panels.register(
        title=_("Consents"),
        url_name="consent:permissions-panel",
        order=20,
        column=Column.SIDE,
    )
    audit.register_action(
        kinds.POLICY_CHANGED, _("Changed how often members are written to")
    )
    audit.register_action(
        kinds.RECORDED, _("Reported a permission from another system")
    )
    audit.register_action(kinds.WITHDRAWN, _("Took a permission back for a member"))

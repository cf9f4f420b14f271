"""What retention hands to others: its kinds, the side bar, words of the audit trail."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.desk import panels
from consent.desk.roles import OFFICERS
from consent.retention import own, periods, runs
from stores import audit


def register() -> None:
    """Register everything; called once, when the room is ready."""
    own.register_all()
    audit.register_action(
        periods.PERIOD_CHANGED, _("Changed how long something is kept")
    )
    audit.register_action(runs.STARTED, _("Started a count of what is past its time"))
    audit.register_action(
        runs.CONFIRMED, _("Confirmed that much more than usual is let go")
    )
    panels.register(_("Retention"), "privacy:retention-panel", 60)
    navigation.register(
        group="privacy",
        label=_("Retention"),
        url_name="privacy:retention",
        icon="hourglass",
        roles=OFFICERS,
        order=60,
        keywords=_("how long data is kept deleted inactive members"),
    )

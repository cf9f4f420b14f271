"""What the subjects hand to the side bar and to the audit trail."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.topics import services
from consent.topics.views import READERS
from stores import audit

_ACTIONS = {
    services.ADDED: _("Added a subject that members choose about"),
    services.RENAMED: _("Renamed a subject that members choose about"),
    services.MOVED: _("Moved a subject that members choose about"),
    services.RETIRED: _("Retired a subject that members choose about"),
    services.RETURNED: _("Offered a retired subject again"),
}


def register() -> None:
    """Register the page and the actions; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("Subjects"),
        url_name="privacy:topic-list",
        icon="adjustments-horizontal",
        roles=READERS,
        order=60,
        keywords=_("topics interests diets allergies preferences"),
    )
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)

"""What the audit trail calls the steps of an import."""

from django.utils.translation import gettext_lazy as _

from stores import audit

STARTED = "import.started"
CANCELLED = "import.cancelled"
DOWNLOADED = "import.refused_downloaded"
_ACTIONS = {
    STARTED: _("Imported members from a file"),
    CANCELLED: _("Cancelled an import"),
    DOWNLOADED: _("Downloaded the refused rows of an import"),
}


def register() -> None:
    """Register the actions; called once, when the room is ready."""
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)

"""What the privacy desk hands to the side bar and to the audit trail."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.desk.roles import OFFICERS


def register() -> None:
    """Register the pages; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("Privacy overview"),
        url_name="privacy:overview",
        icon="shield-lock",
        roles=OFFICERS,
        order=10,
        keywords=_("data protection GDPR officer"),
    )

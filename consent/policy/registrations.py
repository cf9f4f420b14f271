"""What the bounds on messages hand to the side bar."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.policy.views import READERS


def register() -> None:
    """Register the page; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("How often we write"),
        url_name="privacy:contact-policy",
        icon="clock-hour-4",
        roles=READERS,
        order=65,
        keywords=_("quiet hours limits frequency budget age contact policy"),
    )

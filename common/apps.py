"""App configuration of the ground."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.ui import navigation


class CommonConfig(AppConfig):
    """The ground floor; everything leans on it."""

    name = "common"
    verbose_name = "Common"

    def ready(self) -> None:
        """Put the style guide into the side bar."""
        navigation.register(
            group="settings",
            label=_("Style guide"),
            url_name="common:styleguide",
            icon="palette",
            order=90,
        )

"""App configuration of the roof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.ui import navigation


class LoyaltyConfig(AppConfig):
    """The roof: knows every room."""

    name = "loyalty"
    verbose_name = "Stamkund"

    def ready(self) -> None:
        """Put the home page into the side bar."""
        navigation.register(
            group="overview",
            label=_("Overview"),
            url_name="home",
            icon="layout-dashboard",
            order=10,
            keywords=_("home start figures"),
        )

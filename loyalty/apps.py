"""App configuration of the roof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.ui import navigation


class LoyaltyConfig(AppConfig):
    """The roof: knows every room."""

    name = "loyalty"
    verbose_name = "Stamkund"

    def ready(self) -> None:
        """Put the home page into the side bar, and name what the trail tells of."""
        # Imported here because models can only be loaded when the apps are.
        from stores import audit  # noqa: PLC0415

        audit.register_action("demo.started", _("Loading demo data began"))
        audit.register_action("demo.loaded", _("Demo data loaded"))
        navigation.register(
            group="overview",
            label=_("Overview"),
            url_name="home",
            icon="layout-dashboard",
            order=10,
            keywords=_("home start figures"),
        )

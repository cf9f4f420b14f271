"""App configuration of the portal room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The member's pages."""

    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Make this room's events known to the timeline."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from portal import kinds, privacy  # noqa: PLC0415

        kinds.register()
        privacy.register_all()

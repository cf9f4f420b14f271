"""App configuration of the portal room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The member's pages."""

    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from portal import kinds, merging, privacy, texts  # noqa: PLC0415

        kinds.register()
        privacy.register_all()
        merging.register_all()
        texts.register_all()

"""App configuration of the portal room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The member's pages."""

    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from consent.rights import outlet as rights_outlet  # noqa: PLC0415
        from portal import (  # noqa: PLC0415
            keeping,
            kinds,
            merging,
            outlet,
            privacy,
            programme_news,
            retention,
            texts,
        )

        rights_outlet.register(outlet)
        kinds.register()
        privacy.register_all()
        retention.register_all()
        keeping.register()
        programme_news.register()
        merging.register_all()
        texts.register_all()

"""App configuration of the consent room."""

from importlib import import_module

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """May we."""

    name = "consent"
    verbose_name = "Consent"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        import_module("consent.registrations").register()
        import_module("consent.privacy").register_all()

"""App configuration of the messaging room."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register


class MessagingConfig(AppConfig):
    """The only way out."""

    name = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        """Register what this room hands to others, and its check of the settings."""
        # Not at the top: models cannot be imported before the apps are loaded.
        import_module("messaging.notices").register("member.activated", "welcome")
        import_module("messaging.privacy").register_all()
        import_module("messaging.retention").register_all()
        import_module("consent.record").register_receivers(
            import_module("messaging.receivers").find
        )
        import_module("messaging.merging").register()
        import_module("messaging.desk.registrations").register()
        register(import_module("messaging.checks").transports_are_set)

"""App configuration of the conversation room."""

from importlib import import_module

from django.apps import AppConfig


class ConversationConfig(AppConfig):
    """What members write to us, and what we answer."""

    name = "conversation"
    verbose_name = "Conversation"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        import_module("conversation.registrations").register()

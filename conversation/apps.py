"""App configuration of the conversation room."""

from django.apps import AppConfig


class ConversationConfig(AppConfig):
    """What members write to us, and what we answer."""

    name = "conversation"
    verbose_name = "Conversation"

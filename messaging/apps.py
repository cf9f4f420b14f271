"""App configuration of the messaging room."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """The only way out."""

    name = "messaging"
    verbose_name = "Messaging"

"""App configuration of the consent room."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """May we."""

    name = "consent"
    verbose_name = "Consent"

"""App configuration of the roof."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    """The roof: knows every room."""

    name = "loyalty"
    verbose_name = "Stamkund"

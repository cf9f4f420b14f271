"""App configuration of the offers room."""

from django.apps import AppConfig


class OffersConfig(AppConfig):
    """What they get."""

    name = "offers"
    verbose_name = "Offers"

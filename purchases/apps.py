"""App configuration of the purchases room."""

from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    """What they did."""

    name = "purchases"
    verbose_name = "Purchases"

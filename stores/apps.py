"""App configuration of the stores room."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    """Where and by whom."""

    name = "stores"
    verbose_name = "Stores"

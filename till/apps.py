"""App configuration of the till room."""

from django.apps import AppConfig


class TillConfig(AppConfig):
    """The store's screens."""

    name = "till"
    verbose_name = "Till"

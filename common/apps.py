"""App configuration of the ground."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """The ground floor; everything leans on it."""

    name = "common"
    verbose_name = "Common"

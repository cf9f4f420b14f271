"""App configuration of the points room."""

from django.apps import AppConfig


class PointsConfig(AppConfig):
    """What they have earned."""

    name = "points"
    verbose_name = "Points"

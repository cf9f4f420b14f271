"""App configuration of the points room."""

from django.apps import AppConfig


class PointsConfig(AppConfig):
    """What they have earned."""

    name = "points"
    verbose_name = "Points"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from points import privacy, registrations, retention  # noqa: PLC0415

        registrations.register()
        privacy.register_all()
        retention.register_all()

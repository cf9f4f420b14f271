"""App configuration of the till room."""

from django.apps import AppConfig


class TillConfig(AppConfig):
    """The store's screens."""

    name = "till"
    verbose_name = "Till"

    def ready(self) -> None:
        """Give the audit trail this room's words."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from till import actions  # noqa: PLC0415

        actions.register()

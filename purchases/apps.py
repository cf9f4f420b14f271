"""App configuration of the purchases room."""

from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    """What they did."""

    name = "purchases"
    verbose_name = "Purchases"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from purchases import faults, kinds, privacy  # noqa: F401, PLC0415

        kinds.register()
        privacy.register_all()

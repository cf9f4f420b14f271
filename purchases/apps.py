"""App configuration of the purchases room."""

from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    """What they did."""

    name = "purchases"
    verbose_name = "Purchases"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from purchases import privacy, registrations, retention  # noqa: PLC0415
        from purchases.replay import registrations as replay  # noqa: PLC0415

        registrations.register()
        replay.register()
        privacy.register_all()
        retention.register_all()

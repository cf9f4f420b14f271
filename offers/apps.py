"""App configuration of the offers room."""

from django.apps import AppConfig


class OffersConfig(AppConfig):
    """What they get."""

    name = "offers"
    verbose_name = "Offers"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from offers import privacy, registrations, retention  # noqa: PLC0415

        registrations.register()
        privacy.register_all()
        retention.register_all()

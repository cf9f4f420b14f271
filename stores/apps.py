"""App configuration of the stores room."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    """Where and by whom."""

    name = "stores"
    verbose_name = "Stores"

    def ready(self) -> None:
        """Hand our pages and words to the kit, and listen to who signs in."""
        # Imported here because models can only be loaded when the apps are.
        from stores import registrations  # noqa: PLC0415

        registrations.register()

"""App configuration of the members room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Who they are."""

    name = "members"
    verbose_name = "Members"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from members import registrations  # noqa: PLC0415

        registrations.register()

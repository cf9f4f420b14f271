"""App configuration of the enrolment room."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """The ways in."""

    name = "enrolment"
    verbose_name = "Enrolment"

    def ready(self) -> None:
        """Register what this room hands to others."""
        # Not at the top: models cannot be imported before the apps are loaded.
        from enrolment import privacy, registrations, retention  # noqa: PLC0415
        from enrolment.importing import registrations as importing  # noqa: PLC0415

        registrations.register()
        privacy.register_all()
        retention.register_all()
        importing.register()

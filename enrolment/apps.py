"""App configuration of the enrolment room."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """The ways in."""

    name = "enrolment"
    verbose_name = "Enrolment"

"""App configuration of the members room."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Who they are."""

    name = "members"
    verbose_name = "Members"

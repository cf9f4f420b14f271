"""App configuration of the portal room."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The member's pages."""

    name = "portal"
    verbose_name = "Portal"

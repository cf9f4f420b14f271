"""App configuration of the campaigns room."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """What we say and when."""

    name = "campaigns"
    verbose_name = "Campaigns"

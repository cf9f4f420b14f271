"""Addresses of the bounds on messages."""

from django.urls import path

from consent.models import MESSAGE_CHANNELS
from consent.policy import views

urlpatterns = [
    path("", views.policy, name="contact-policy"),
    path("edit/", views.policy_edit, name="contact-policy-edit"),
    *(
        path(
            f"{channel.lower()}/",
            views.reach_panel,
            {"channel": channel},
            name=views.panel_id(channel),
        )
        for channel in MESSAGE_CHANNELS
    ),
]

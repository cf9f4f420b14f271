"""Addresses of replays; the room's own urls bring them in."""

from django.urls import path

from purchases.replay import views

urlpatterns = [
    path("version/<uuid:public_id>/", views.panel, name="replay-panel"),
    path("version/<uuid:public_id>/start/", views.replay_start, name="replay-start"),
    path("<uuid:public_id>/", views.replay_detail, name="replay-detail"),
    path("<uuid:public_id>/cancel/", views.replay_cancel, name="replay-cancel"),
]

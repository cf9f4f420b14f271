"""Addresses of what this room adds to the pages of a member and of a version."""

from django.urls import include, path

from purchases import views

app_name = "purchases"

urlpatterns = [
    path(
        "members/<uuid:public_id>/purchases/", views.member_panel, name="member-panel"
    ),
    path(
        "members/<uuid:public_id>/purchases/<uuid:receipt_id>/",
        views.receipt,
        name="receipt",
    ),
    path("points/replays/", include("purchases.replay.urls")),
]

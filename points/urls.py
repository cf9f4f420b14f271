"""Addresses of what this room adds to a member's page."""

from django.urls import path

from points import views

app_name = "points"

urlpatterns = [
    path("<uuid:public_id>/points/", views.member_panel, name="member-panel")
]

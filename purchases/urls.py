"""Addresses of what this room adds to a member's page."""

from django.urls import path

from purchases import views

app_name = "purchases"

urlpatterns = [
    path("<uuid:public_id>/purchases/", views.member_panel, name="member-panel")
]

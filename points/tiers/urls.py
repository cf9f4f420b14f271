"""Addresses of the desk's screens of tiers."""

from django.urls import path

from points.tiers import views

app_name = "tiers"

urlpatterns = [
    path("points/tiers/", views.ladder_page, name="ladder"),
    path("points/tiers/review/", views.review, name="review"),
    path("members/<uuid:public_id>/tier/", views.member_panel, name="member-panel"),
    path("members/<uuid:public_id>/tier/grant/", views.grant, name="grant"),
    path("members/<uuid:public_id>/tier/end/", views.grant_end, name="grant-end"),
]

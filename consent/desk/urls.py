"""Addresses of the overview and of what this package shows."""

from django.urls import path

from consent.desk.views import overview

urlpatterns = [
    path("", overview.show, name="overview"),
]

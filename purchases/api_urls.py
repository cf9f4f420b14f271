"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from purchases import api

app_name = "api-purchases"

urlpatterns = [path("receipts", api.Receipts.as_view(), name="receipts")]

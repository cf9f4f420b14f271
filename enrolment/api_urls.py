"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from enrolment import api

app_name = "api-enrolment"

urlpatterns = [path("members", api.Members.as_view(), name="members")]

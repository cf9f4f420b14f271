"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from points import api

app_name = "api-points"

urlpatterns = [path("members/lookup", api.MemberLookup.as_view(), name="member-lookup")]

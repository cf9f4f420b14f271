"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from points.actions import api as actions
from points.api import ledger, lookup, programme

app_name = "api-points"

urlpatterns = [
    path("events", actions.Events.as_view(), name="events"),
    path("programme", programme.ProgrammeDetail.as_view(), name="programme"),
    path("members/lookup", lookup.MemberLookup.as_view(), name="member-lookup"),
    path(
        "members/<uuid:public_id>/summary",
        ledger.MemberSummary.as_view(),
        name="member-summary",
    ),
    path(
        "members/<uuid:public_id>/ledger",
        ledger.MemberLedger.as_view(),
        name="member-ledger",
    ),
    path(
        "members/<uuid:public_id>/points/adjustments",
        ledger.Adjustments.as_view(),
        name="adjustments",
    ),
]

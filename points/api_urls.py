"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from points.api import ledger, lookup, programme

app_name = "api-points"

urlpatterns = [
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

"""Addresses of the desk's screens of points."""

from django.urls import path

from points.views import books, leaflet, ledger, panel

app_name = "points"

urlpatterns = [
    path("members/<uuid:public_id>/points/", panel.member_panel, name="member-panel"),
    path(
        "members/<uuid:public_id>/points/ledger/",
        ledger.MemberLedger.as_view(),
        name="member-ledger",
    ),
    path("points/programme/leaflet/", leaflet.leaflet, name="leaflet"),
    path("points/programme/leaflet.pdf", leaflet.leaflet_file, name="leaflet-pdf"),
    path("points/liability/", books.liability_page, name="liability"),
    path("points/liability/close/", books.month_close, name="month-close"),
    path("points/liability/assumption/", books.assumption_add, name="assumption-add"),
    path("points/proof/", books.proof_page, name="proof"),
    path("points/proof/run/", books.proof_run, name="proof-run"),
]

"""Addresses of the breach log, below /privacy/breaches/."""

from django.urls import path

from consent.breaches.views import listing, pages

urlpatterns = [
    path("", listing.BreachList.as_view(), name="breach-list"),
    path("panel/", listing.breaches_panel, name="breaches-panel"),
    path("new/", pages.breach_add, name="breach-add"),
    path("<uuid:public_id>/", pages.breach_detail, name="breach-detail"),
    path("<uuid:public_id>/edit/", pages.breach_edit, name="breach-edit"),
    path("<uuid:public_id>/note/", pages.breach_note, name="breach-note"),
    path("<uuid:public_id>/close/", pages.breach_close, name="breach-close"),
    path("<uuid:public_id>/reopen/", pages.breach_reopen, name="breach-reopen"),
    path("<uuid:public_id>/report/", pages.breach_report, name="breach-report"),
]

"""Addresses of retention, below /privacy/retention/."""

from django.urls import path

from consent.retention import views

urlpatterns = [
    path("", views.overview, name="retention"),
    path("panel/", views.panel, name="retention-panel"),
    path("count/", views.start_dry, name="retention-dry"),
    path("count/<uuid:public_id>/", views.progress_of, name="retention-progress"),
    path("runs/", views.RunList.as_view(), name="retention-runs"),
    path("runs/<uuid:public_id>/", views.run_detail, name="retention-run"),
    path("runs/<uuid:public_id>/<slug:kind>/", views.confirm, name="retention-confirm"),
    path("<slug:kind>/", views.kind_edit, name="retention-kind"),
]

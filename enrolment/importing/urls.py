"""Addresses of the pages that import an existing club."""

from django.urls import path

from enrolment.importing.views import control, listing, report, steps, upload

app_name = "importing"

urlpatterns = [
    path("", listing.ImportList.as_view(), name="import-list"),
    path("new/", upload.import_new, name="import-new"),
    path("<uuid:public_id>/", report.import_detail, name="import-detail"),
    path("<uuid:public_id>/file/", steps.import_file, name="import-file"),
    path("<uuid:public_id>/columns/", steps.import_columns, name="import-columns"),
    path("<uuid:public_id>/progress/", report.import_progress, name="import-progress"),
    path("<uuid:public_id>/rows/", listing.ImportRows.as_view(), name="import-rows"),
    path("<uuid:public_id>/refused/", control.import_refused, name="import-refused"),
    path("<uuid:public_id>/start/", control.import_start, name="import-start"),
    path("<uuid:public_id>/pause/", control.import_pause, name="import-pause"),
    path("<uuid:public_id>/resume/", control.import_resume, name="import-resume"),
    path("<uuid:public_id>/cancel/", control.import_cancel, name="import-cancel"),
]

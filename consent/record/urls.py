"""Addresses of the record of processing."""

from django.urls import path

from consent.record import views

urlpatterns = [
    path("record/", views.record, name="record"),
    path("record/file/<slug:kind>/", views.record_file, name="record-file"),
]

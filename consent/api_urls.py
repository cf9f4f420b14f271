"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from consent import api

app_name = "api-consent"

urlpatterns = [
    path(
        "members/<uuid:public_id>/permissions",
        api.Permissions.as_view(),
        name="permissions",
    ),
    path(
        "members/<uuid:public_id>/permissions/as-of",
        api.PermissionsAsOf.as_view(),
        name="permissions-as-of",
    ),
]

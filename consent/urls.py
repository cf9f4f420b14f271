"""Addresses of what this room adds to a member's page."""

from django.urls import path

from consent import views

app_name = "consent"

urlpatterns = [
    path(
        "<uuid:public_id>/permissions/",
        views.permissions_panel,
        name="permissions-panel",
    ),
    path(
        "<uuid:public_id>/permissions/withdraw/",
        views.permission_withdraw,
        name="permission-withdraw",
    ),
]

"""Addresses of what this room adds to a member's page."""

from django.urls import path

from consent import views
from consent.desk.views import looks

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
    path(
        "<uuid:public_id>/permissions/give/",
        views.permission_give,
        name="permission-give",
    ),
    path(
        "<uuid:public_id>/permissions/ask/",
        views.permission_ask,
        name="permission-ask",
    ),
    path("<uuid:public_id>/looks/", looks.looks_panel, name="looks-panel"),
]

"""Addresses of the desk's screens of goodwill."""

from django.urls import path

from points.goodwill.views import grants, upkeep

app_name = "goodwill"

urlpatterns = [
    path("", grants.GrantList.as_view(), name="grant-list"),
    path("settings/", upkeep.settings_page, name="settings"),
    path("settings/reasons/new/", upkeep.reason_add, name="reason-add"),
    path("settings/reasons/<uuid:public_id>/", upkeep.reason_edit, name="reason-edit"),
    path(
        "settings/reasons/<uuid:public_id>/move/",
        upkeep.reason_move,
        name="reason-move",
    ),
    path("settings/allowance/", upkeep.allowance, name="allowance"),
    path(
        "settings/allowance/<uuid:public_id>/",
        upkeep.store_allowance,
        name="store-allowance",
    ),
    path(
        "settings/allowance/<uuid:public_id>/drop/",
        upkeep.store_allowance_drop,
        name="store-allowance-drop",
    ),
]

"""Addresses of the desk's pages about stores, staff, devices, keys and the trail."""

from django.urls import path

from stores.views import account, devices, keys, places, staff, trail

app_name = "stores"

urlpatterns = [
    path("account/me/", account.account, name="account"),
    path("account/me/pin/", account.account_pin, name="account-pin"),
    path(
        "account/invitation/<uuid:public_id>/<str:token>/",
        account.invitation,
        name="invitation",
    ),
    path("settings/staff/", staff.StaffList.as_view(), name="staff-list"),
    path("settings/staff/invite/", staff.staff_invite, name="staff-invite"),
    path("settings/staff/<uuid:public_id>/", staff.staff_detail, name="staff-detail"),
    path("settings/staff/<uuid:public_id>/pin/", staff.staff_pin, name="staff-pin"),
    path(
        "settings/staff/<uuid:public_id>/pin/clear/",
        staff.StaffPinClear.as_view(),
        name="staff-pin-clear",
    ),
    path(
        "settings/staff/<uuid:public_id>/link/",
        staff.StaffLink.as_view(),
        name="staff-link",
    ),
    path(
        "settings/staff/<uuid:public_id>/close/",
        staff.StaffDeactivate.as_view(),
        name="staff-deactivate",
    ),
    path(
        "settings/staff/<uuid:public_id>/open/",
        staff.StaffReactivate.as_view(),
        name="staff-reactivate",
    ),
    path(
        "settings/staff/<uuid:public_id>/second-factor/",
        staff.StaffSecondFactor.as_view(),
        name="staff-second-factor",
    ),
    path("settings/stores/", places.StoreList.as_view(), name="store-list"),
    path("settings/stores/add/", places.store_add, name="store-add"),
    path("settings/stores/<uuid:public_id>/", places.store_detail, name="store-detail"),
    path(
        "settings/stores/<uuid:public_id>/edit/", places.store_edit, name="store-edit"
    ),
    path(
        "settings/stores/<uuid:public_id>/tills/add/", places.till_add, name="till-add"
    ),
    path("settings/tills/<uuid:public_id>/", places.till_edit, name="till-edit"),
    path("settings/devices/", devices.DeviceList.as_view(), name="device-list"),
    path("settings/devices/add/", devices.device_add, name="device-add"),
    path(
        "settings/devices/<uuid:public_id>/code/",
        devices.DeviceCode.as_view(),
        name="device-code",
    ),
    path(
        "settings/devices/<uuid:public_id>/revoke/",
        devices.DeviceRevoke.as_view(),
        name="device-revoke",
    ),
    path("settings/keys/", keys.KeyList.as_view(), name="key-list"),
    path("settings/keys/add/", keys.key_add, name="key-add"),
    path("settings/keys/<uuid:public_id>/rotate/", keys.key_rotate, name="key-rotate"),
    path(
        "settings/keys/<uuid:public_id>/revoke/",
        keys.KeyRevoke.as_view(),
        name="key-revoke",
    ),
    path("settings/audit/", trail.AuditList.as_view(), name="audit-list"),
    path("settings/audit/check/", trail.audit_check, name="audit-check"),
]

"""Addresses of this room's API, below /api/v1/."""

from django.urls import path

from offers.api import members, vouchers

app_name = "api-offers"

urlpatterns = [
    path("vouchers/<str:code>", vouchers.VoucherState.as_view(), name="voucher"),
    path(
        "vouchers/<str:code>/reserve",
        vouchers.Reserve.as_view(),
        name="voucher-reserve",
    ),
    path(
        "vouchers/<str:code>/redeem", vouchers.Redeem.as_view(), name="voucher-redeem"
    ),
    path(
        "vouchers/<str:code>/release",
        vouchers.Release.as_view(),
        name="voucher-release",
    ),
    path(
        "members/<uuid:public_id>/vouchers",
        members.MemberVouchers.as_view(),
        name="member-vouchers",
    ),
    path(
        "members/<uuid:public_id>/stamp-cards",
        members.MemberStampCards.as_view(),
        name="member-stamp-cards",
    ),
]

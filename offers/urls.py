"""Addresses of the desk's screens of vouchers and stamp cards."""

from django.urls import path

from offers.views import cards, panel, vouchers

app_name = "offers"

urlpatterns = [
    path("vouchers/", vouchers.VoucherList.as_view(), name="voucher-list"),
    path("vouchers/figures/", panel.liability_panel, name="liability-panel"),
    path(
        "vouchers/<uuid:public_id>/",
        vouchers.voucher_detail,
        name="voucher-detail",
    ),
    path(
        "vouchers/<uuid:public_id>/withdraw/",
        vouchers.voucher_void,
        name="voucher-void",
    ),
    path(
        "vouchers/<uuid:public_id>/reactivate/",
        vouchers.voucher_reactivate,
        name="voucher-reactivate",
    ),
    path("stamp-cards/", cards.card_list, name="card-list"),
    path("stamp-cards/new/", cards.card_new, name="card-new"),
    path("stamp-cards/<uuid:public_id>/", cards.card_detail, name="card-detail"),
    path("stamp-cards/<uuid:public_id>/edit/", cards.card_edit, name="card-edit"),
    path(
        "stamp-cards/<uuid:public_id>/publish/", cards.card_publish, name="card-publish"
    ),
    path("stamp-cards/<uuid:public_id>/end/", cards.card_end, name="card-end"),
    path("stamp-cards/<uuid:public_id>/copy/", cards.card_copy, name="card-copy"),
    path("members/<uuid:public_id>/vouchers/", panel.member_panel, name="member-panel"),
]

"""Addresses of the member's pages."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.urls import path as plain_path
from django.views.decorators.gzip import gzip_page

from members.models import Identifier
from portal.views import (
    app,
    card,
    choices,
    contact,
    data,
    details,
    devices,
    email,
    explaining,
    home,
    identifiers,
    invite,
    keep,
    leaving,
    receipts,
    renewals,
    second_proof,
    sign_in,
    step_up,
    tier,
    timeline,
    vouchers,
    wishes,
)

app_name = "portal"

_PHONE = {"kind": Identifier.Kind.PHONE}
_EMAIL = {"kind": Identifier.Kind.EMAIL}


def path(
    route: str,
    view: Callable[..., HttpResponseBase],
    kwargs: dict[str, Any] | None = None,
    *,
    name: str,
) -> URLPattern:
    """Send a page compressed: slow phones wait for bytes.

    What could be guessed from the size of a page is kept from it: tokens are masked
    anew each time, sizes are blurred, and no other site can ask with our cookies.
    """
    return plain_path(route, gzip_page(view), kwargs or {}, name=name)


urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-in/second/", second_proof.second_proof, name="second-proof"),
    path("sign-in/second/code/", second_proof.second_code, name="second-code"),
    path("sign-in/new/", second_proof.new_number, name="new-number"),
    path("sign-in/new/done/", second_proof.new_number_done, name="new-number-done"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("confirm/", step_up.step_up, name="step-up"),
    path("confirm/code/", step_up.step_up_code, name="step-up-code"),
    path("card/", card.card, name="card"),
    path("card/qr/", card.card_qr, name="card-qr"),
    path("card/lost/", identifiers.card_lost, name="card-lost"),
    path("card/lost/<uuid:public_id>/", identifiers.card_lost, name="other-card-lost"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<uuid:public_id>/", receipts.receipt, name="receipt"),
    path("vouchers/", vouchers.vouchers, name="vouchers"),
    path("vouchers/<uuid:public_id>/", vouchers.voucher, name="voucher"),
    path(
        "vouchers/choose/<int:points>/",
        vouchers.voucher_choose,
        name="voucher-choose",
    ),
    path("stamp-cards/", vouchers.stamp_cards, name="stamp-cards"),
    path("timeline/", timeline.timeline, name="timeline"),
    path("tier/", tier.tier, name="tier"),
    path("choices/", choices.choices, name="choices"),
    path("profile/", details.me, name="me"),
    path("details/", details.details, name="details"),
    path("details/phone/", contact.contact_change, _PHONE, name="phone-change"),
    path("details/email/", contact.contact_change, _EMAIL, name="email-change"),
    path("details/code/", contact.contact_code, name="contact-code"),
    path("details/email/confirm/", email.email_confirm, name="email-confirm"),
    path("details/email/code/", email.email_code, name="email-code"),
    path("undo/<str:token>/", contact.change_undo, name="change-undo"),
    path("undone/", contact.change_undone, name="change-undone"),
    path("identifiers/", identifiers.identifiers, name="identifiers"),
    path("devices/", devices.devices, name="devices"),
    path("devices/end/", devices.devices_end, name="devices-end"),
    path("devices/<uuid:public_id>/end/", devices.device_end, name="device-end"),
    path("wishes/<str:token>/", wishes.wishes, name="wishes"),
    path("wishes/<str:token>/stop/", wishes.stop, name="wishes-stop"),
    path("data/", data.data, name="data"),
    # Not compressed on the way: the file is already, and is sent as it is written.
    plain_path("data/copy/", data.data_copy, name="data-copy"),
    path("data/ask/<slug:what>/", data.data_ask, name="data-ask"),
    path("data/erase/", data.data_erase, name="data-erase"),
    path("data/keep/", data.data_keep, name="data-keep"),
    path("data/undo/<str:token>/", data.erasure_undo, name="erasure-undo"),
    path("data/kept/", data.erasure_kept, name="erasure-kept"),
    path("renewals/", renewals.renewals_page, name="renewals"),
    path("renewals/<str:token>/", renewals.renewals_link, name="renewals-link"),
    path("invite/", invite.invite, name="invite"),
    path("help/", details.help_page, name="help"),
    path("how-it-works/", explaining.how_it_works, name="how-it-works"),
    path("keep/<str:token>/", keep.keep, name="keep"),
    path("kept/", keep.kept, name="kept"),
    path("leave/", leaving.leave, name="leave"),
    path("left/", leaving.left, name="left"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("icon-<int:size>.png", app.icon, name="icon"),
    path("icon-maskable-<int:size>.png", app.icon_maskable, name="icon-maskable"),
]

"""Addresses of the member's pages."""

from django.urls import path

from portal.views import card, choices, details, email, home, receipts, sign_in

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("card/", card.card, name="card"),
    path("card/qr/", card.card_qr, name="card-qr"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<uuid:public_id>/", receipts.receipt, name="receipt"),
    path("choices/", choices.choices, name="choices"),
    path("profile/", details.me, name="me"),
    path("details/", details.details, name="details"),
    path("details/email/", email.email_confirm, name="email-confirm"),
    path("details/email/code/", email.email_code, name="email-code"),
    path("help/", details.help_page, name="help"),
    path("manifest.webmanifest", home.manifest, name="manifest"),
]

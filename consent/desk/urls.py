"""Addresses of the overview and of what this package shows."""

from django.urls import path

from consent.desk.views import could_have, looks, overview, rates

urlpatterns = [
    path("", overview.show, name="overview"),
    path("consents/", rates.consent_rates, name="consent-rates"),
    path("consents/panel/", rates.rates_panel, name="rates-panel"),
    path("could-we-have/", could_have.could_have, name="could-have"),
    path("looks/", looks.LookList.as_view(), name="look-list"),
]

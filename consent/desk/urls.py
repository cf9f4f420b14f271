"""Addresses of the overview and of what this package shows."""

from django.urls import path

from consent.desk.views import looks, overview, rates

urlpatterns = [
    path("", overview.show, name="overview"),
    path("consents/", rates.consent_rates, name="consent-rates"),
    path("consents/panel/", rates.rates_panel, name="rates-panel"),
    path("looks/", looks.LookList.as_view(), name="look-list"),
]

"""Addresses of the data-protection officer's desk, below /privacy/.

Each package of the room adds its own addresses here with one line, without a namespace
of its own: its pages are called `privacy:<name>`.
"""

from django.urls import URLPattern, URLResolver, include, path

app_name = "privacy"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("consent.desk.urls")),
    path("breaches/", include("consent.breaches.urls")),
    path("retention/", include("consent.retention.urls")),
    path("", include("consent.rights.urls")),
    path("", include("consent.record.urls")),
    path("texts/", include("consent.texts.urls")),
    path("topics/", include("consent.topics.urls")),
    path("contact-policy/", include("consent.policy.urls")),
]

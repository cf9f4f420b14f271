"""Every URL of the house, room by room."""

from django.urls import include, path

from common import views as common_views
from consent.record.views import notice
from loyalty import api_docs
from loyalty.views import home

handler400 = "common.views.bad_request"
handler403 = "common.views.permission_denied"
handler404 = "common.views.not_found"
handler500 = "common.views.server_error"

urlpatterns = [
    # First, because the till waits: addresses are tried from the top.
    path("api/v1/", include("purchases.api_urls")),
    path("api/v1/", include("points.api_urls")),
    path("api/v1/", include("offers.api_urls")),
    path("api/v1/", include("enrolment.api_urls")),
    path("api/v1/", include("consent.api_urls")),
    path("api/schema", api_docs.schema, name="api-schema"),
    path("api/docs/", api_docs.docs, name="api-docs"),
    path("api/docs/problems", api_docs.problems, name="api-problems"),
    path("healthz", common_views.healthz, name="healthz"),
    path("readyz", common_views.readyz, name="readyz"),
    path("", include("common.urls")),
    path("", home, name="home"),
    path("", include("stores.urls")),
    path("account/", include("stores.account_urls")),
    path("members/import/", include("enrolment.importing.urls")),
    path("members/", include("members.urls")),
    path("till/", include("till.urls")),
    path("me/", include("portal.urls")),
    path("", include("enrolment.urls")),
    path("privacy/", include("consent.desk_urls")),
    path("privacy-notice/", notice, name="privacy-notice"),
    path("privacy/", include("messaging.desk.urls")),
    path("dev/", include("messaging.urls")),
    path("", include("conversation.urls")),
    path("members/", include("consent.urls")),
    path("", include("points.urls")),
    path("", include("offers.urls")),
    path("goodwill/", include("points.goodwill.urls")),
    path("", include("points.tiers.urls")),
    path("", include("purchases.urls")),
]

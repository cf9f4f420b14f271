"""Addresses of the desk's screens of points."""

from django.urls import path

from points.views import books, leaflet, ledger, panel
from points.views.programme import (
    basket,
    editor,
    multiplier,
    overview,
    publish,
    withdraw,
)

app_name = "points"

urlpatterns = [
    path("members/<uuid:public_id>/points/", panel.member_panel, name="member-panel"),
    path(
        "members/<uuid:public_id>/points/ledger/",
        ledger.MemberLedger.as_view(),
        name="member-ledger",
    ),
    path("points/liability/", books.liability_page, name="liability"),
    path("points/liability/close/", books.month_close, name="month-close"),
    path("points/liability/assumption/", books.assumption_add, name="assumption-add"),
    path("points/proof/", books.proof_page, name="proof"),
    path("points/proof/run/", books.proof_run, name="proof-run"),
    path("points/programme/", overview.programme_page, name="programme"),
    path("points/programme/leaflet/", leaflet.leaflet, name="leaflet"),
    path("points/programme/leaflet.pdf", leaflet.leaflet_file, name="leaflet-pdf"),
    path(
        "points/programme/figures/",
        overview.figures_panel,
        name="programme-figures-panel",
    ),
    path("points/programme/goods/", editor.goods_panel, name="goods-panel"),
    path("points/programme/articles/", editor.articles_panel, name="articles-panel"),
    path(
        "points/programme/versions/<uuid:public_id>/",
        overview.version_detail,
        name="version-detail",
    ),
    path(
        "points/programme/versions/<uuid:public_id>/withdraw/",
        withdraw.version_withdraw,
        name="version-withdraw",
    ),
    path(
        "points/programme/versions/<uuid:public_id>/basket/",
        basket.basket_page,
        name="basket",
    ),
    path("points/programme/drafts/add/", overview.draft_add, name="draft-add"),
    path(
        "points/programme/drafts/<uuid:public_id>/",
        editor.draft_edit,
        name="draft-edit",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/say/",
        editor.draft_say,
        name="draft-say",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/discard/",
        overview.draft_discard,
        name="draft-discard",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/publish/",
        publish.draft_publish,
        name="draft-publish",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/multipliers/add/",
        multiplier.multiplier_add,
        name="multiplier-add",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/multipliers/say/",
        multiplier.multiplier_say,
        name="multiplier-say",
    ),
    path(
        "points/programme/drafts/<uuid:public_id>/multipliers/change/<slug:key>/",
        multiplier.multiplier_edit,
        name="multiplier-edit",
    ),
]

"""Addresses of the UI kit."""

from django.urls import path

from common import views_styleguide, views_ui

app_name = "common"

urlpatterns = [
    path("search/", views_ui.search, name="search"),
    path("theme/", views_ui.choose_theme, name="theme"),
    path("language/", views_ui.choose_language, name="language"),
    path("brand.css", views_ui.brand_css, name="brand"),
    path("styleguide/", views_styleguide.styleguide, name="styleguide"),
    path(
        "styleguide/progress/",
        views_styleguide.styleguide_progress,
        name="styleguide-progress",
    ),
    path(
        "styleguide/table/",
        views_styleguide.StyleguideTable.as_view(),
        name="styleguide-table",
    ),
    path(
        "styleguide/toast/", views_styleguide.styleguide_toast, name="styleguide-toast"
    ),
]

"""Addresses of the texts that members agree to, below /privacy/texts/."""

from django.urls import path

from consent.texts import views

urlpatterns = [
    path("", views.text_list, name="text-list"),
    path("editions/<uuid:public_id>/", views.edition_detail, name="edition-detail"),
    path(
        "editions/<uuid:public_id>/preview/",
        views.edition_preview,
        name="edition-preview",
    ),
    path(
        "editions/<uuid:public_id>/publish/",
        views.edition_publish,
        name="edition-publish",
    ),
    path(
        "editions/<uuid:public_id>/return/",
        views.edition_return,
        name="edition-return",
    ),
    path(
        "editions/<uuid:public_id>/discard/",
        views.edition_discard,
        name="edition-discard",
    ),
    path("<slug:slug>/", views.text_detail, name="text-detail"),
    path("<slug:slug>/agreed/", views.text_agreed_panel, name="text-agreed-panel"),
    path("<slug:slug>/write/", views.text_write, name="text-write"),
]

"""Addresses of the requests that members make about their data."""

from django.urls import path

from consent.rights.views import actions, detail, listing, receiving, templates

urlpatterns = [
    path("requests/", listing.RequestList.as_view(), name="request-list"),
    path("requests/new/", receiving.receive, name="request-new"),
    path("requests/templates/", templates.template_list, name="answer-list"),
    path("requests/templates/new/", templates.template_edit, name="answer-new"),
    path(
        "requests/templates/<uuid:public_id>/",
        templates.template_edit,
        name="answer-edit",
    ),
    path(
        "requests/templates/<uuid:public_id>/delete/",
        templates.template_delete,
        name="answer-delete",
    ),
    path("requests/<uuid:public_id>/", detail.show, name="request-detail"),
    path("requests/<uuid:public_id>/letter/", detail.letter, name="request-letter"),
    path(
        "requests/<uuid:public_id>/do/<slug:action>/",
        actions.handle,
        name="request-do",
    ),
    path(
        "requests/<uuid:public_id>/carry-out/<slug:action>/",
        actions.carry_out,
        name="request-carry-out",
    ),
]

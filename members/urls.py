"""Addresses of the desk's pages about members."""

from django.urls import path

from members.views import (
    duplicates,
    identifiers,
    listing,
    merges,
    page,
    side_by_side,
)

app_name = "members"

urlpatterns = [
    path("", listing.MemberList.as_view(), name="member-list"),
    path("export/", listing.member_export, name="member-export"),
    path("duplicates/", duplicates.DuplicateList.as_view(), name="duplicate-list"),
    path(
        "duplicates/<uuid:public_id>/",
        side_by_side.duplicate_detail,
        name="duplicate-detail",
    ),
    path(
        "duplicates/<uuid:public_id>/merge/",
        side_by_side.duplicate_merge,
        name="duplicate-merge",
    ),
    path(
        "duplicates/<uuid:public_id>/dismiss/",
        side_by_side.duplicate_dismiss,
        name="duplicate-dismiss",
    ),
    path(
        "duplicates/<uuid:public_id>/reopen/",
        side_by_side.duplicate_reopen,
        name="duplicate-reopen",
    ),
    path(
        "duplicates/<uuid:public_id>/reveal/",
        side_by_side.duplicate_reveal,
        name="duplicate-reveal",
    ),
    path("merges/", merges.MergeList.as_view(), name="merge-list"),
    path("merges/<uuid:public_id>/undo/", merges.merge_undo, name="merge-undo"),
    path("<uuid:public_id>/", page.member_detail, name="member-detail"),
    path("<uuid:public_id>/timeline/", page.timeline_panel, name="timeline-panel"),
    path("<uuid:public_id>/contact/", page.contact_panel, name="contact-panel"),
    path("<uuid:public_id>/reveal/", page.member_reveal, name="member-reveal"),
    path("<uuid:public_id>/edit/", page.member_edit, name="member-edit"),
    path("<uuid:public_id>/merge/", side_by_side.member_merge, name="member-merge"),
    path(
        "<uuid:public_id>/identifiers/",
        identifiers.identifiers_panel,
        name="identifiers-panel",
    ),
    path(
        "<uuid:public_id>/identifiers/<uuid:identifier_id>/end/",
        identifiers.identifier_end,
        name="identifier-end",
    ),
    path("<uuid:public_id>/card/add/", identifiers.card_add, name="card-add"),
    path(
        "<uuid:public_id>/card/replace/", identifiers.card_replace, name="card-replace"
    ),
    path("<uuid:public_id>/card/print/", identifiers.card_print, name="card-print"),
]

"""Addresses of the desk's pages about members."""

from django.urls import path

from members.views import listing, page

app_name = "members"

urlpatterns = [
    path("", listing.MemberList.as_view(), name="member-list"),
    path("export/", listing.member_export, name="member-export"),
    path("<uuid:public_id>/", page.member_detail, name="member-detail"),
    path("<uuid:public_id>/timeline/", page.timeline_panel, name="timeline-panel"),
    path("<uuid:public_id>/contact/", page.contact_panel, name="contact-panel"),
    path("<uuid:public_id>/reveal/", page.member_reveal, name="member-reveal"),
    path("<uuid:public_id>/edit/", page.member_edit, name="member-edit"),
]

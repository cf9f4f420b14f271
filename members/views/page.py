"""One member: the page, its timeline, contact details, and their correction."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.ui.htmx import is_partial
from common.ui.toasts import toast
from members import care, panels, selectors, services
from members.cards import display_number
from members.forms import DetailsForm, RevealForm
from members.merging import UNDO_WITHIN
from members.models import Member, Merge
from members.panels import Column
from members.phones import PhoneInvalid
from members.views.frame import answer, member_of, staff_of
from stores.access import roles_of
from stores.roles import Role

MAY_EDIT = frozenset({Role.OWNER, Role.CUSTOMER_SERVICE})
MAY_REVEAL = MAY_EDIT | {Role.DATA_PROTECTION_OFFICER}
PER_PAGE = 20


@require_GET
def member_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the frame of a member's page; its panels come one by one."""
    member = member_of(request, public_id)
    staff, now = staff_of(request), timezone.now()
    care.note_view(member=member, staff=staff, now=now)
    may_edit = bool(MAY_EDIT & roles_of(staff))
    if member.status == Member.Status.MERGED:
        return _merged(request, member, may_edit=may_edit)
    context = {
        "member": member,
        "title": care.label_of(member),
        "number": display_number(member.number),
        "may_edit": may_edit,
        "merges": [
            (merge, display_number(merge.merged.number))
            for merge in selectors.list_undoable_merges(member, since=now - UNDO_WITHIN)
        ],
        "main_panels": panels.places_for(staff, member, Column.MAIN),
        "side_panels": panels.places_for(staff, member, Column.SIDE),
        **_timeline(member, None),
        **_contact(request, member),
    }
    response = render(request, "members/member_detail.html", context)
    add_never_cache_headers(response)
    return response


def _merged(request: HttpRequest, member: Member, *, may_edit: bool) -> HttpResponse:
    """Say into whom a member was merged, and lead there."""
    merge = (
        Merge.objects.filter(merged=member, undone_at=None)
        .select_related("kept__programme", "staff")
        .first()
    )
    kept = member.merged_into
    context = {
        "member": member,
        "title": care.label_of(member),
        "number": display_number(member.number),
        "merge": merge,
        "kept": kept,
        "kept_label": care.label_of(kept) if kept else "",
        "kept_number": display_number(kept.number) if kept else "",
        "may_undo": may_edit
        and merge is not None
        and selectors.is_undoable(merge, since=timezone.now() - UNDO_WITHIN),
    }
    response = render(request, "members/member_merged.html", context)
    add_never_cache_headers(response)
    return response


@require_GET
def timeline_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with a page of the timeline, older than `before`."""
    member = member_of(request, public_id)
    before = _event_id(request.GET.get("before", ""))
    template = "members/_timeline_panel.html"
    if before and is_partial(request):
        template = "members/_timeline_events.html"
    return answer(
        request, member, template, _timeline(member, before), title=_("Timeline")
    )


@require_GET
def contact_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the contact details, masked."""
    member = member_of(request, public_id)
    return answer(
        request,
        member,
        "members/_contact_panel.html",
        _contact(request, member),
        title=_("Contact"),
    )


@require_POST
def member_reveal(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the contact details in the open to who says why."""
    member = member_of(request, public_id)
    form = RevealForm(request.POST)
    context = _contact(request, member) | {"reveal_form": form}
    if form.is_valid():
        context["contact"] = care.reveal_contact(
            member=member,
            staff=staff_of(request),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
        context["is_revealed"] = True
    return answer(
        request,
        member,
        "members/_contact_panel.html",
        context,
        title=_("Contact"),
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def member_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Correct a member's details."""
    member = member_of(request, public_id)
    form = DetailsForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        changed = _try(form, lambda: _change(request, member, form))
        if changed is not None:
            text = _("Saved.") if changed else _("Nothing was changed.")
            toast(request, text, tone="success" if changed else "info")
            return redirect("members:member-detail", member.public_id)
    context = {
        "form": form,
        "member": member,
        "title": _("Edit details"),
        "label": care.label_of(member),
        "crumbs": [
            (_("Members"), reverse("members:member-list")),
            (
                care.label_of(member),
                reverse("members:member-detail", args=[member.public_id]),
            ),
        ],
    }
    status = 422 if form.errors else 200
    response = render(request, "members/member_edit.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _change(request: HttpRequest, member: Member, form: DetailsForm) -> list[str]:
    return care.change(
        member=member,
        staff=staff_of(request),
        reason=form.cleaned_data["reason"],
        changes=form.changes(),
        now=timezone.now(),
    )


def _try(form: DetailsForm, act: Callable[[], list[str]]) -> list[str] | None:
    """Run a change; when it is refused, put the reason by its field."""
    try:
        return act()
    except PhoneInvalid as error:
        form.add_error("phone", error)
    except services.EmailInvalid as error:
        form.add_error("email", error)
    except services.ContactMissing:
        form.add_error(None, _("Keep a mobile number or an e-mail address."))
    except services.MemberExists as error:
        taken = form.cleaned_data.get("email", "").lower() == error.member.email
        form.add_error(
            "email" if taken and error.member.email else "phone",
            _("Another member has it: %(number)s.")
            % {"number": display_number(error.member.number)},
        )
    return None


def _timeline(member: Member, before: UUID | None) -> dict[str, Any]:
    page = selectors.list_events(member=member, before=before, limit=PER_PAGE)
    if page is None:
        raise Http404
    return {"timeline": page}


def _contact(request: HttpRequest, member: Member) -> dict[str, Any]:
    held = roles_of(staff_of(request))
    return {
        "contact": care.masked(member),
        "is_revealed": False,
        "may_reveal": bool(MAY_REVEAL & held),
        "reveal_form": RevealForm(),
    }


def _event_id(typed: str) -> UUID | None:
    """Read the place in the timeline from the address.

    Raises:
        Http404: it is none.
    """
    if not typed:
        return None
    try:
        return UUID(typed)
    except ValueError:
        raise Http404 from None

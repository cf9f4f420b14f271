"""Two members side by side: what is known of both, and deciding about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.formats import date_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.ui.htmx import is_partial
from common.ui.toasts import toast
from members import care, comparison, duplicates, likeness, merging, selectors
from members.cards import display_number
from members.comparison import Fact
from members.forms import (
    DismissForm,
    MergeForm,
    OtherMemberForm,
    RevealForm,
    is_different,
)
from members.merging import MergeForbidden
from members.models import DuplicatePair, Identifier, Member
from members.views.frame import member_of, staff_of
from stores.access import roles_of
from stores.middleware import programme_of
from stores.roles import Role

MAY_MERGE = frozenset({Role.OWNER, Role.CUSTOMER_SERVICE})
_MERGEABLE = {Member.Status.PENDING, Member.Status.ACTIVE, Member.Status.LEFT}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as the form names it."""

    key: str
    member: Member
    is_kept: bool

    @property
    def number(self) -> str:
        """Return the membership number as it is read out."""
        return display_number(self.member.number)


@dataclass(frozen=True, slots=True)
class Row:
    """One detail of both; `choice` is the name of its field when there is one."""

    name: str
    label: str
    values: tuple[str, str]
    is_different: bool
    choice: str = ""
    chosen: str = ""

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Return the values, each with the name of its side."""
        return list(zip(("first", "second"), self.values, strict=True))


@require_http_methods(["GET", "HEAD"])
def duplicate_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show two members side by side; with `kept`, what merging them so will do."""
    pair = _pair_of(request, public_id)
    form = MergeForm(request.GET or None, pair=pair)
    if is_partial(request):
        context = {"pair": pair, **_outcome(pair, form)}
        response = render(request, "members/_duplicate_outcome.html", context)
        patch_vary_headers(response, ["HX-Request"])
        add_never_cache_headers(response)
        return response
    # What is still missing in a preview is no mistake.
    return _page(request, pair, MergeForm(initial=request.GET.dict(), pair=pair))


@require_POST
def duplicate_merge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make the two one."""
    pair = _pair_of(request, public_id)
    form = MergeForm(request.POST, pair=pair)
    if form.is_valid():
        kept, merged = form.sides()
        try:
            merge = merging.merge_members(
                kept=kept,
                merged=merged,
                choices=form.choices(),
                staff=staff_of(request),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except MergeForbidden as error:
            form.add_error(None, str(error.reason.label))
        else:
            toast(request, _("The two are one member now. It can be undone."))
            return redirect("members:member-detail", merge.kept.public_id)
    return _page(request, pair, form, status=422)


@require_POST
def duplicate_dismiss(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note that they are two people."""
    pair = _pair_of(request, public_id)
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _page(request, pair, MergeForm(pair=pair), dismiss=form, status=422)
    duplicates.dismiss(
        pair=pair,
        staff=staff_of(request),
        reason=form.cleaned_data["reason"],
        now=timezone.now(),
    )
    toast(request, _("Noted: they are two people."))
    return redirect("members:duplicate-list")


@require_POST
def duplicate_reopen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a pair back on the list."""
    pair = _pair_of(request, public_id)
    duplicates.reopen(pair=pair, staff=staff_of(request), now=timezone.now())
    toast(request, _("It is on the list again."))
    return redirect("members:duplicate-detail", pair.public_id)


@require_POST
def duplicate_reveal(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the contact details of both in the open to who says why."""
    pair = _pair_of(request, public_id)
    form = RevealForm(request.POST)
    merge_form = MergeForm(pair=pair)
    if not form.is_valid():
        return _page(request, pair, merge_form, reveal=form, status=422)
    contacts = [
        care.reveal_contact(
            member=member,
            staff=staff_of(request),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
        for member in (pair.first, pair.second)
    ]
    return _page(request, pair, merge_form, contacts=contacts)


@require_http_methods(["GET", "HEAD", "POST"])
def member_merge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask with whom a member is to be merged, and show the two side by side."""
    member = member_of(request, public_id)
    form = OtherMemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        other = selectors.find_by_number(
            programme=member.programme, number=form.cleaned_data["number"]
        )
        if other is None:
            form.add_error("number", _("No member has this number."))
        elif other == member:
            form.add_error("number", _("That is the number of this very member."))
        else:
            pair = duplicates.ensure_pair(one=member, other=other, now=timezone.now())
            return redirect("members:duplicate-detail", pair.public_id)
    context = {
        "title": _("Merge with another member"),
        "form": form,
        "member": member,
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
    response = render(request, "members/member_merge.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _pair_of(request: HttpRequest, public_id: UUID) -> DuplicatePair:
    pair: DuplicatePair = get_object_or_404(
        DuplicatePair.objects.select_related(
            "first__programme",
            "first__home_store",
            "first__registered_store",
            "second__programme",
            "second__home_store",
            "second__registered_store",
            "decided_by",
        ),
        programme=programme_of(request),
        public_id=public_id,
    )
    return pair


def _page(
    request: HttpRequest,
    pair: DuplicatePair,
    form: MergeForm,
    *,
    dismiss: DismissForm | None = None,
    reveal: RevealForm | None = None,
    contacts: list[care.Contact] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    both = (pair.first, pair.second)
    staff = staff_of(request)
    for member in both:
        # Side by side is a way to see a member too.
        care.note_view(member=member, staff=staff, now=now)
    may_decide = bool(MAY_MERGE & roles_of(staff))
    may_merge = may_decide and _can_be_merged(pair)
    context = {
        "title": _("One person or two?"),
        "pair": pair,
        "sides": [
            Side(key, member, is_kept=form["kept"].value() == key)
            for key, member in form.members.items()
        ],
        "has_contacts": any(member.phone or member.email for member in both),
        "reasons": [likeness.words(each) for each in pair.reasons],
        "rows": list(_details(both, contacts, form if may_merge else None)),
        "facts": list(_facts(both, now)),
        "may_merge": may_merge,
        "may_decide": may_decide,
        "is_blocked": any(each.status == Member.Status.BLOCKED for each in both),
        "form": form,
        "dismiss_form": dismiss or DismissForm(),
        "reveal_form": reveal or RevealForm(),
        "is_revealed": contacts is not None,
        **_outcome(pair, form),
    }
    template = "members/duplicate_detail.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response


def _can_be_merged(pair: DuplicatePair) -> bool:
    return {pair.first.status, pair.second.status} <= _MERGEABLE


def _details(
    both: tuple[Member, Member],
    contacts: list[care.Contact] | None,
    form: MergeForm | None,
) -> Iterator[Row]:
    """Give the details, each with the choice between two that differ."""
    shown = contacts or [care.masked(member) for member in both]
    words: dict[str, tuple[str, ...]] = {
        "first_name": tuple(member.first_name for member in both),
        "last_name": tuple(member.last_name for member in both),
        "phone": tuple(contact.phone for contact in shown),
        "email": tuple(contact.email for contact in shown),
        "birthday_on": tuple(
            date_format(member.birthday_on) if member.birthday_on else ""
            for member in both
        ),
        "postcode": tuple(member.postcode for member in both),
        "language": tuple(
            get_language_info(member.language)["name_translated"] for member in both
        ),
        "home_store": tuple(
            member.home_store.name if member.home_store else "" for member in both
        ),
    }
    labels = {
        field.name: str(field.verbose_name) for field in Member._meta.concrete_fields
    }
    for name, (first, second) in words.items():
        is_choice = form is not None and name in form.fields
        yield Row(
            name=name,
            label=labels[name].capitalize(),
            values=(first, second),
            is_different=is_different(*both, name),
            choice=name if is_choice else "",
            chosen=str(form[name].value() or "") if form and is_choice else "",
        )


def _facts(both: tuple[Member, Member], now: Any) -> Iterator[Fact]:
    """Give what cannot be chosen: how they came, and what the rooms know."""
    yield Fact(_("Status"), tuple(each.get_status_display() for each in both))
    yield Fact(_("Registered"), tuple(_came(each) for each in both))
    yield Fact(
        _("Active since"),
        tuple(_day(each.activated_at) for each in both),
    )
    yield Fact(_("Known by"), tuple(_known_by(each) for each in both))
    yield from comparison.facts(both, now=now)


def _came(member: Member) -> str:
    parts = [_day(member.registered_at), member.get_source_display()]
    if member.registered_store:
        parts.append(member.registered_store.name)
    return ", ".join(parts)


def _day(at: Any) -> str:
    return date_format(timezone.localtime(at)) if at else "–"


def _known_by(member: Member) -> str:
    live = [
        care.masked_identifier(each)
        for each in Identifier.objects.filter(member=member, ended_at=None)
        .select_related("programme")
        .order_by("kind", "added_at", "pk")
    ]
    return ", ".join(live) or "–"


def _outcome(pair: DuplicatePair, form: MergeForm) -> dict[str, Any]:
    """Say in sentences what merging will do with the choice as it stands."""
    kept, merged = form.sides()
    if not _can_be_merged(pair):
        return {}
    return {
        "kept": kept,
        "merged": merged,
        "outcome": [
            _(
                "%(number)s stays. %(other)s goes on finding the member, and so do "
                "the numbers and addresses that were proven."
            )
            % {
                "number": display_number(kept.number),
                "other": display_number(merged.number),
            },
            *comparison.outcome(kept=kept, merged=merged, now=timezone.now()),
            _("It can be undone for 30 days."),
        ],
    }

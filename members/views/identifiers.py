"""What a member is known by: the panel, cards given and lost, and the card on paper."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.ui.code128 import code128_svg
from common.ui.toasts import toast
from members import care
from members.cards import display_number
from members.forms import CardForm, EndIdentifierForm, ReplaceCardForm
from members.identity import IdentifierInvalid
from members.models import Identifier, Member
from members.services import MemberExists
from members.views.frame import answer, member_of, staff_of
from stores.access import roles_of
from stores.roles import Role

MAY_CHANGE = frozenset({Role.OWNER, Role.CUSTOMER_SERVICE})
_ICONS = {
    Identifier.Kind.PHONE: "device-mobile",
    Identifier.Kind.EMAIL: "mail",
    Identifier.Kind.CARD: "id",
    Identifier.Kind.EXTERNAL: "plug-connected",
}


@dataclass(frozen=True, slots=True)
class Known:
    """One thing a member is known by, as the panel shows it."""

    label: str
    value: str
    icon: str
    is_current: bool
    added_at: datetime
    proof: str = ""
    proven_at: datetime | None = None
    end: str = ""
    ended_at: datetime | None = None
    # Where to end it, for what is not the current one.
    end_url: str = ""


@require_safe
def identifiers_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what a member is known by, masked, and what was once."""
    member = member_of(request, public_id)
    may_change = bool(MAY_CHANGE & roles_of(staff_of(request))) and (
        member.status != Member.Status.MERGED
    )
    rows = Identifier.objects.filter(member=member).select_related("programme")
    places = list(_ICONS)
    known = [
        _known(member, each, may_change=may_change)
        for each in sorted(
            rows.order_by("-added_at", "-pk"),
            key=lambda row: (
                places.index(Identifier.Kind(row.kind)),
                not _is_current(member, row),
            ),
        )
    ]
    context = {
        "live": [_number_of(member), *(each for each in known if not each.ended_at)],
        "ended": [each for each in known if each.ended_at],
        "may_change": may_change,
    }
    return answer(
        request, member, "members/_identifiers_panel.html", context, title=_("Known by")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def card_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a member a further card."""
    member = _changeable(request, public_id)
    form = CardForm(request.POST or None)

    def act() -> str:
        care.add_card(
            member=member,
            staff=staff_of(request),
            number=form.cleaned_data["number"],
            now=timezone.now(),
        )
        return _("The card is the member's now.")

    return _act(request, member, form, act, title=_("Add a card"), do=_("Add"))


@require_http_methods(["GET", "HEAD", "POST"])
def card_replace(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a member a new membership number for a card that is lost or worn."""
    member = _changeable(request, public_id)
    form = ReplaceCardForm(request.POST or None)

    def act() -> str:
        number = care.replace_card(
            member=member,
            staff=staff_of(request),
            end=form.cleaned_data["end"],
            now=timezone.now(),
        )
        return _("The new number is %(number)s.") % {"number": display_number(number)}

    return _act(
        request,
        member,
        form,
        act,
        title=_("Replace the card"),
        do=_("Give a new number"),
        lead=_(
            "%(number)s will find nobody from now on. The member gets a new number; "
            "points and receipts stay."
        )
        % {"number": display_number(member.number)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def identifier_end(
    request: HttpRequest, public_id: UUID, identifier_id: UUID
) -> HttpResponse:
    """Let a number, an address, a card or an id find the member no more."""
    member = _changeable(request, public_id)
    identifier: Identifier = get_object_or_404(
        Identifier.objects.select_related("programme", "member__programme"),
        member=member,
        public_id=identifier_id,
        ended_at=None,
    )
    if _is_current(member, identifier):
        # What we write to is changed or removed with the details.
        raise Http404
    form = EndIdentifierForm(request.POST or None, identifier=identifier)

    def act() -> str:
        care.end_identifier(
            identifier=identifier,
            staff=staff_of(request),
            end=form.cleaned_data["end"],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
        return _("It finds the member no more.")

    return _act(
        request,
        member,
        form,
        act,
        title=_("End what the member is known by"),
        do=_("End it"),
        lead=f"{_label(identifier)}: {care.masked_identifier(identifier)}",
    )


@require_safe
def card_print(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a member's card as it goes on paper, with both codes."""
    member = _changeable(request, public_id)
    care.note_view(member=member, staff=staff_of(request), now=timezone.now())
    context = {
        "title": _("Membership card"),
        "member": member,
        "label": care.label_of(member),
        "number": display_number(member.number),
        "barcode": code128_svg(member.number, _("Membership number as a bar code")),
        "crumbs": _crumbs(member),
    }
    response = render(request, "members/card_print.html", context)
    add_never_cache_headers(response)
    return response


def _act(
    request: HttpRequest,
    member: Member,
    form: forms.Form,
    act: Callable[[], str],
    *,
    title: str,
    do: str,
    lead: str = "",
) -> HttpResponse:
    """Show a form, and do what it is for; a refusal stands by its field."""
    if request.method == "POST" and form.is_valid():
        try:
            said = act()
        except MemberExists as error:
            form.add_error(
                "number",
                _("The card belongs to a member already: %(number)s.")
                % {"number": display_number(error.member.number)},
            )
        except care.CardLost:
            form.add_error("number", _("This card was reported lost."))
        except IdentifierInvalid:
            form.add_error("number", _("This cannot be a card's number."))
        else:
            toast(request, said)
            return redirect("members:member-detail", member.public_id)
    context: dict[str, Any] = {
        "title": title,
        "form": form,
        "do": do,
        "lead": lead,
        "member": member,
        "label": care.label_of(member),
        "crumbs": _crumbs(member),
    }
    status = 422 if form.errors else 200
    response = render(request, "members/identifier_form.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _changeable(request: HttpRequest, public_id: UUID) -> Member:
    """Return a member who can be changed; a merged one has no card of their own.

    Raises:
        Http404: there is none.
    """
    member = member_of(request, public_id)
    if member.status == Member.Status.MERGED:
        raise Http404
    return member


def _crumbs(member: Member) -> list[tuple[str, str]]:
    return [
        (_("Members"), reverse("members:member-list")),
        (
            care.label_of(member),
            reverse("members:member-detail", args=[member.public_id]),
        ),
    ]


def _number_of(member: Member) -> Known:
    return Known(
        label=_("Membership number"),
        value=display_number(member.number),
        icon="qrcode",
        is_current=True,
        added_at=member.registered_at,
    )


def _known(member: Member, identifier: Identifier, *, may_change: bool) -> Known:
    is_current = _is_current(member, identifier)
    end_url = ""
    if may_change and not is_current and identifier.ended_at is None:
        end_url = reverse(
            "members:identifier-end", args=[member.public_id, identifier.public_id]
        )
    return Known(
        label=_label(identifier),
        value=care.masked_identifier(identifier),
        icon=_ICONS[Identifier.Kind(identifier.kind)],
        is_current=is_current,
        added_at=identifier.added_at,
        proof=identifier.get_proof_display() if identifier.proof else "",
        proven_at=identifier.proven_at,
        end=identifier.get_end_display() if identifier.end else "",
        ended_at=identifier.ended_at,
        end_url=end_url,
    )


def _label(identifier: Identifier) -> str:
    if identifier.kind == Identifier.Kind.EXTERNAL:
        return identifier.system
    return str(identifier.get_kind_display())


def _is_current(member: Member, identifier: Identifier) -> bool:
    if identifier.ended_at is not None:
        return False
    if identifier.kind == Identifier.Kind.PHONE:
        return identifier.value == member.phone
    if identifier.kind == Identifier.Kind.EMAIL:
        return identifier.value == member.email.lower()
    return False

"""The member's own details, and what else belongs to them."""

from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, override
from django.views.decorators.http import require_http_methods, require_safe

from common.ui.toasts import toast
from members import phones
from members.cards import display_number
from members.models import Member
from members.services import update_member
from portal.forms import DetailsForm
from portal.guards import member_of
from portal.overview import rule_sentences
from portal.views.sign_in import remember_language


@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Show who the member is and the ways on from here."""
    member = member_of(request)
    context = {
        "page": "me",
        "member": member,
        "number": display_number(member.number),
    }
    return render(request, "portal/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Show the member's details and let them be put right."""
    member = member_of(request)
    if request.method != "POST":
        home_store = member.home_store
        form = DetailsForm(
            member=member,
            today=_today(member),
            initial={
                "first_name": member.first_name,
                "last_name": member.last_name,
                "birthday_on": member.birthday_on,
                "postcode": member.postcode,
                "language": member.language,
                "home_store": home_store.public_id if home_store else None,
            },
        )
        return _page(request, form)
    form = DetailsForm(request.POST, member=member, today=_today(member))
    if not form.is_valid():
        return _page(request, form, status=422)
    update_member(member=member, now=timezone.now(), **form.cleaned_data)
    language = form.cleaned_data["language"]
    with override(language):
        toast(request, gettext("Your details are saved."))
    response = redirect("portal:details")
    if language != request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
        remember_language(response, language)
    return response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Answer what members ask most."""
    rule = rule_sentences(member_of(request), now=timezone.now())
    return render(request, "portal/help.html", {"page": "me", "rule": rule})


def _today(member: Member) -> date:
    return timezone.now().astimezone(member.programme.zone).date()


def _page(
    request: HttpRequest, form: DetailsForm, *, status: int = 200
) -> HttpResponse:
    member = member_of(request)
    context = {
        "page": "me",
        "member": member,
        "phone": phones.display(member.phone, member.programme.country),
        "form": form,
    }
    return render(request, "portal/details.html", context, status=status)

"""A second proof when a number was silent for long, or a membership of one's own.

Nothing on these pages names the member: whoever has the number now may be another.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.addresses import address_block
from common.limits import LimitReached
from common.ui.toasts import toast
from members.models import Member
from portal import cookies, selectors, services
from portal.cookies import Flow, UnderWay
from portal.devices import device_name
from portal.forms import CodeForm, NumberForm
from portal.services import CodeRefused, OpenedSession, ProofRefused
from portal.views.sign_in import signed_in
from portal.views.wording import display_identifier, refusal_words, too_often
from stores.middleware import programme_of


@require_http_methods(["GET", "HEAD", "POST"])
def second_proof(request: HttpRequest) -> HttpResponse:
    """Ask for the code that came by e-mail, or for the number on the card."""
    under_way = cookies.find(request, Flow.SECOND_PROOF)
    member = _member_of(request, under_way)
    if under_way is None or member is None:
        return redirect("portal:sign-in")
    by_email = selectors.find_proven_email(member) is not None
    form_class: type[CodeForm | NumberForm] = CodeForm if by_email else NumberForm
    if request.method != "POST":
        return _page(request, under_way, form_class(), by_email=by_email)
    form = form_class(request.POST)
    if not form.is_valid():
        return _page(request, under_way, form, by_email=by_email, status=422)
    field = next(iter(form.fields))
    try:
        opened = _open(request, under_way, member, form)
    except LimitReached as error:
        form.add_error(field, too_often(error.retry_after))
        return _page(request, under_way, form, by_email=by_email, status=429)
    except CodeRefused as error:
        form.add_error(field, refusal_words(error.verdict))
        return _page(request, under_way, form, by_email=by_email, status=422)
    except ProofRefused:
        form.add_error(
            field, gettext("That is not the membership number. Check the digits.")
        )
        return _page(request, under_way, form, by_email=by_email, status=422)
    return signed_in(request, opened, under_way)


@require_POST
def second_code(request: HttpRequest) -> HttpResponse:
    """Send the code by e-mail."""
    under_way = cookies.find(request, Flow.SECOND_PROOF)
    member = _member_of(request, under_way)
    if under_way is None or member is None:
        return redirect("portal:sign-in")
    try:
        services.send_second_code(
            member=member,
            browser_key=under_way.browser_key,
            address_block=address_block(request),
            now=timezone.now(),
        )
    except LimitReached as error:
        toast(request, too_often(error.retry_after), tone="error")
        return redirect("portal:second-proof")
    except CodeRefused:
        return redirect("portal:second-proof")
    response = redirect("portal:second-proof")
    response["Location"] += "?sent=1"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def new_number(request: HttpRequest) -> HttpResponse:
    """Let somebody who has got the number begin a membership of their own."""
    under_way = cookies.find(request, Flow.SECOND_PROOF)
    member = _member_of(request, under_way)
    if under_way is None or member is None:
        return redirect("portal:sign-in")
    if request.method != "POST":
        country = programme_of(request).country
        phone = display_identifier(under_way.identifier, country)
        return render(request, "portal/new_number.html", {"phone": phone})
    try:
        services.take_number_over(
            member=member,
            phone=under_way.identifier.value,
            language=get_language() or member.programme.language,
            now=timezone.now(),
        )
    except ProofRefused:
        return redirect("portal:sign-in")
    response = redirect("portal:new-number-done")
    cookies.end(response, Flow.SECOND_PROOF)
    return response


@require_safe
def new_number_done(request: HttpRequest) -> HttpResponse:
    """Say that a link is on its way; names nobody, for anybody can open it."""
    return render(request, "portal/new_number_done.html")


def _member_of(request: HttpRequest, under_way: UnderWay | None) -> Member | None:
    """Return the active member whom the number was found to be of."""
    if under_way is None:
        return None
    return (
        Member.objects.select_related("programme")
        .filter(
            programme=programme_of(request),
            public_id=under_way.about,
            status=Member.Status.ACTIVE,
        )
        .first()
    )


def _open(
    request: HttpRequest,
    under_way: UnderWay,
    member: Member,
    form: CodeForm | NumberForm,
) -> OpenedSession:
    device = device_name(request.headers.get("User-Agent", ""))
    if isinstance(form, CodeForm):
        return services.prove_by_email(
            member=member,
            phone=under_way.identifier.value,
            browser_key=under_way.browser_key,
            code=form.cleaned_data["code"],
            address_block=address_block(request),
            device=device,
            now=timezone.now(),
        )
    return services.prove_by_number(
        member=member,
        phone=under_way.identifier.value,
        number=form.cleaned_data["number"],
        address_block=address_block(request),
        device=device,
        now=timezone.now(),
    )


def _page(
    request: HttpRequest,
    under_way: UnderWay,
    form: CodeForm | NumberForm,
    *,
    by_email: bool,
    status: int = 200,
) -> HttpResponse:
    country = programme_of(request).country
    context = {
        "form": form,
        "by_email": by_email,
        "is_sent": "sent" in request.GET or (by_email and request.method == "POST"),
        "phone": display_identifier(under_way.identifier, country),
    }
    return render(request, "portal/second_proof.html", context, status=status)

"""Proving an e-mail address, so that it can be signed in with."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from common.addresses import address_block
from common.limits import LimitReached
from common.ui.toasts import toast
from portal import cookies, services
from portal.codes import new_key
from portal.cookies import Flow, UnderWay
from portal.forms import CodeForm
from portal.guards import member_of, session_of
from portal.services import CodeRefused
from portal.views.wording import refusal_words, too_often


@require_POST
def email_confirm(request: HttpRequest) -> HttpResponse:
    """Send a code to the member's address."""
    member = member_of(request)
    if not member.email or member.email_verified_at:
        return redirect("portal:details")
    browser_key = new_key()
    try:
        identifier = services.send_email_proof(
            member=member,
            browser_key=browser_key,
            address_block=address_block(request),
            now=timezone.now(),
        )
    except LimitReached as error:
        toast(request, too_often(error.retry_after), tone="error")
        return redirect("portal:details")
    response = redirect("portal:email-code")
    about = str(session_of(request).public_id)
    cookies.begin(
        response, Flow.OWN_EMAIL, UnderWay(identifier, browser_key, about=about)
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def email_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code."""
    member = member_of(request)
    about = session_of(request).public_id
    under_way = cookies.find(request, Flow.OWN_EMAIL, about=about)
    if under_way is None or under_way.identifier.value != member.email.lower():
        return redirect("portal:details")
    if request.method != "POST":
        return _page(request, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        services.prove_email(
            member=member,
            browser_key=under_way.browser_key,
            code=form.cleaned_data["code"],
            address_block=address_block(request),
            now=timezone.now(),
        )
    except LimitReached as error:
        form.add_error("code", too_often(error.retry_after))
        return _page(request, form, status=429)
    except CodeRefused as error:
        form.add_error("code", refusal_words(error.verdict))
        return _page(request, form, status=422)
    toast(request, gettext("Your e-mail is confirmed. You can sign in with it."))
    response = redirect("portal:details")
    cookies.end(response, Flow.OWN_EMAIL)
    return response


def _page(request: HttpRequest, form: CodeForm, *, status: int = 200) -> HttpResponse:
    context = {"page": "me", "form": form, "email": member_of(request).email}
    return render(request, "portal/email_confirm.html", context, status=status)

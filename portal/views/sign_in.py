"""Signing in with a one-time code, and signing out."""

import time
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common.addresses import address_block
from common.limits import LimitReached
from consent.models import Channel
from members import phones
from portal import cookies, selectors, services
from portal.codes import new_key
from portal.cookies import SignInUnderWay
from portal.devices import device_name
from portal.forms import CodeForm, SignInForm
from portal.guards import session_of
from portal.identifiers import Identifier
from portal.rules import Verdict
from portal.services import CodeRefused, OpenedSession
from stores.middleware import programme_of

# Both a member and a stranger are answered after this long, so that the time a lookup
# and a message take does not tell who is a member.
ANSWER_AFTER_SECONDS = 0.3

View = Callable[[HttpRequest], HttpResponse]


def _in_even_time(view: View) -> View:
    """Hold the answer to a POST back until its time has come."""

    @wraps(view)
    def evened(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = view(request)
        if request.method == "POST":
            time.sleep(max(0.0, started + ANSWER_AFTER_SECONDS - time.monotonic()))
        return response

    return evened


@require_http_methods(["GET", "HEAD", "POST"])
@_in_even_time
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who the member is, and send a code."""
    programme = programme_of(request)
    if request.method != "POST":
        now = timezone.now()
        if selectors.find_session(cookies.session_key(request), now=now):
            return redirect("portal:home")
        form = SignInForm(
            country=programme.country, initial={"next": request.GET.get("next", "")}
        )
        return _identifier_page(request, form)
    form = SignInForm(request.POST, country=programme.country)
    if not form.is_valid():
        return _identifier_page(request, form, status=422)
    under_way = SignInUnderWay(
        identifier=form.cleaned_data["identifier"],
        browser_key=new_key(),
        next=form.cleaned_data["next"],
    )
    try:
        services.send_code(
            programme=programme,
            identifier=under_way.identifier,
            browser_key=under_way.browser_key,
            address_block=address_block(request),
            language=get_language() or settings.LANGUAGE_CODE,
            now=timezone.now(),
        )
    except LimitReached as error:
        form.add_error("identifier", too_often(error.retry_after))
        return _identifier_page(request, form, status=429)
    response = redirect("portal:sign-in-code")
    cookies.set_sign_in(response, under_way)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and sign the member in."""
    under_way = cookies.sign_in_under_way(request)
    if under_way is None:
        return redirect("portal:sign-in")
    if request.method != "POST":
        return _code_page(request, under_way, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, under_way, form, status=422)
    try:
        opened = services.verify_code(
            identifier=under_way.identifier,
            browser_key=under_way.browser_key,
            code=form.cleaned_data["code"],
            address_block=address_block(request),
            device=device_name(request.headers.get("User-Agent", "")),
            now=timezone.now(),
        )
    except LimitReached as error:
        form.add_error("code", too_often(error.retry_after))
        return _code_page(request, under_way, form, status=429)
    except CodeRefused as error:
        form.add_error("code", refusal_words(error.verdict))
        return _code_page(request, under_way, form, status=422)
    return _signed_in(request, opened, under_way)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign the member out on this device."""
    services.end_session(session=session_of(request), now=timezone.now())
    response = redirect("portal:sign-in")
    cookies.clear_session(response)
    return response


def refusal_words(verdict: Verdict) -> str:
    """Say why a code was not accepted and what helps."""
    return {
        Verdict.WRONG: gettext("That is not the code. Check the digits and try again."),
        Verdict.EXPIRED: gettext("The code is too old. Send a new one."),
        Verdict.USED: gettext("The code has been used. Send a new one."),
        Verdict.REPLACED: gettext(
            "A newer code has been sent. Use the latest, or send a new one."
        ),
        Verdict.TRIED_OUT: gettext("Too many wrong codes. Send a new one."),
        Verdict.UNKNOWN: gettext("The code was asked for elsewhere. Send a new one."),
        Verdict.LOCKED: gettext(
            "Too many wrong codes today. You can try again tomorrow, or ask in a store."
        ),
        Verdict.CLOSED: gettext(
            "Signing in is paused for some minutes. Try again a little later."
        ),
    }[verdict]


def too_often(seconds: int) -> str:
    """Say for how long to wait."""
    minutes = -(-seconds // 60)
    return ngettext(
        "That was too often. Try again in a minute.",
        "That was too often. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"minutes": minutes}


def display_identifier(identifier: Identifier, country: str) -> str:
    """Write back what the person typed, in its usual form."""
    if identifier.channel is Channel.SMS:
        return phones.display(identifier.value, country)
    return identifier.value


def _signed_in(
    request: HttpRequest, opened: OpenedSession, under_way: SignInUnderWay
) -> HttpResponse:
    target = under_way.next
    if not url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    ) or not target.startswith("/me/"):
        target = reverse("portal:home")
    response = redirect(target)
    cookies.clear_sign_in(response)
    cookies.set_session(response, opened.key)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, opened.session.member.language)
    return response


def remember_language(response: HttpResponse, language: str) -> None:
    """Let the pages speak a member's language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _identifier_page(
    request: HttpRequest, form: SignInForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "portal/sign_in.html", {"form": form}, status=status)


def _code_page(
    request: HttpRequest,
    under_way: SignInUnderWay,
    form: CodeForm,
    *,
    status: int = 200,
) -> HttpResponse:
    country = programme_of(request).country
    context = {
        "form": form,
        "identifier": display_identifier(under_way.identifier, country),
        "is_phone": under_way.identifier.channel is Channel.SMS,
        "next": under_way.next,
    }
    return render(request, "portal/sign_in_code.html", context, status=status)

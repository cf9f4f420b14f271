"""Signing in with a one-time code, and signing out."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from common.addresses import address_block
from common.even_time import in_even_time
from common.limits import LimitReached
from consent.models import Channel
from portal import cookies, selectors, services
from portal.codes import new_key
from portal.cookies import Flow, UnderWay
from portal.devices import device_name
from portal.forms import CodeForm, SignInForm
from portal.guards import session_of
from portal.services import CodeRefused, OpenedSession, SecondProofNeeded
from portal.views.wording import (
    display_identifier,
    refusal_words,
    safe_target,
    too_often,
)
from stores.middleware import programme_of


@require_http_methods(["GET", "HEAD", "POST"])
@in_even_time
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
    under_way = UnderWay(
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
    cookies.begin(response, Flow.SIGN_IN, under_way)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and sign the member in."""
    under_way = cookies.find(request, Flow.SIGN_IN)
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
    except SecondProofNeeded as needed:
        response = redirect("portal:second-proof")
        cookies.end(response, Flow.SIGN_IN)
        about = UnderWay(
            identifier=under_way.identifier,
            browser_key=new_key(),
            next=under_way.next,
            about=str(needed.member.public_id),
        )
        cookies.begin(response, Flow.SECOND_PROOF, about)
        return response
    return signed_in(request, opened, under_way)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign the member out on this device."""
    services.end_session(session=session_of(request), now=timezone.now())
    response = redirect("portal:sign-in")
    cookies.clear_session(response)
    return response


def signed_in(
    request: HttpRequest, opened: OpenedSession, under_way: UnderWay
) -> HttpResponse:
    """Lead a member who has just signed in to where they were going."""
    response = redirect(safe_target(request, under_way.next))
    cookies.end(response, Flow.SIGN_IN)
    cookies.end(response, Flow.SECOND_PROOF)
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
    under_way: UnderWay,
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

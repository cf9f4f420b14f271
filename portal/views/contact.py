"""Changing one's number or address, and the link that takes the change back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_http_methods, require_safe

from common.addresses import address_block
from common.even_time import in_even_time
from common.limits import LimitReached
from common.ui.toasts import toast
from members import phones
from members.models import Identifier as Known
from portal import cookies, rules, selectors, services
from portal.codes import new_key
from portal.cookies import Flow, UnderWay
from portal.forms import CodeForm, EmailForm, PhoneForm
from portal.guards import after_fresh_code, member_of, session_of
from portal.rules import Undo
from portal.services import CodeRefused
from portal.views.wording import display_identifier, refusal_words, too_often

_UNDO_STATUS = {
    Undo.OPEN: 200,
    Undo.USED: 410,
    Undo.EXPIRED: 410,
    Undo.MOOT: 410,
    Undo.UNKNOWN: 404,
}


@require_http_methods(["GET", "HEAD", "POST"])
@after_fresh_code("value")
@in_even_time
def contact_change(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask for the new number or address, and send a code there."""
    member = member_of(request)
    form_class = PhoneForm if kind == Known.Kind.PHONE else EmailForm
    if request.method != "POST":
        typed = cookies.typed_before(request)
        response = _page(request, kind, form_class(member=member, initial=typed))
        if typed:
            cookies.clear_typed(response)
        return response
    form = form_class(request.POST, member=member)
    if not form.is_valid():
        return _page(request, kind, form, status=422)
    identifier, browser_key = form.cleaned_data["value"], new_key()
    try:
        services.send_contact_code(
            member=member,
            identifier=identifier,
            browser_key=browser_key,
            address_block=address_block(request),
            now=timezone.now(),
        )
    except LimitReached as error:
        form.add_error("value", too_often(error.retry_after))
        return _page(request, kind, form, status=429)
    response = redirect("portal:contact-code")
    about = str(session_of(request).public_id)
    cookies.begin(
        response, Flow.CONTACT, UnderWay(identifier, browser_key, about=about)
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@after_fresh_code()
def contact_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that came to the new number or address."""
    session = session_of(request)
    under_way = cookies.find(request, Flow.CONTACT, about=session.public_id)
    if under_way is None:
        return redirect("portal:details")
    if request.method != "POST":
        return _code_page(request, under_way, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, under_way, form, status=422)
    try:
        services.change_contact(
            session=session,
            identifier=under_way.identifier,
            browser_key=under_way.browser_key,
            code=form.cleaned_data["code"],
            address_block=address_block(request),
            now=timezone.now(),
        )
    except LimitReached as error:
        form.add_error("code", too_often(error.retry_after))
        return _code_page(request, under_way, form, status=429)
    except CodeRefused as error:
        form.add_error("code", refusal_words(error.verdict))
        return _code_page(request, under_way, form, status=422)
    if under_way.identifier.kind == Known.Kind.PHONE:
        toast(request, gettext("Your mobile number is changed."))
    else:
        toast(request, gettext("Your e-mail address is changed."))
    response = redirect("portal:details")
    cookies.end(response, Flow.CONTACT)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def change_undo(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link takes back, and do it when that is confirmed.

    Needs no sign-in: who lost the number to somebody else may have no other way in.
    Previews and scanners open links: only a POST changes anything.
    """
    now = timezone.now()
    change = selectors.find_change(token)
    if change is None:
        return _undo_page(request, Undo.UNKNOWN)
    # In the member's language, unless this browser has chosen another.
    chosen = get_language() if settings.LANGUAGE_COOKIE_NAME in request.COOKIES else ""
    with override(chosen or change.member.language):
        if request.method == "POST":
            state = services.undo_change(token=token, now=now)
            if state is Undo.OPEN:
                response = redirect("portal:change-undone")
                cookies.clear_session(response)
                return response
        else:
            state = rules.undo_state(
                expires_at=change.expires_at, undone_at=change.undone_at, now=now
            )
        return _undo_page(request, state, kind=change.kind)


@require_safe
def change_undone(request: HttpRequest) -> HttpResponse:
    """Say that a change was taken back; names nobody, for anybody can open it."""
    return render(request, "portal/change_undone.html")


def _page(
    request: HttpRequest, kind: str, form: PhoneForm | EmailForm, *, status: int = 200
) -> HttpResponse:
    member = member_of(request)
    is_phone = kind == Known.Kind.PHONE
    now_at = (
        phones.display(member.phone, member.programme.country)
        if is_phone
        else member.email
    )
    context = {"page": "me", "form": form, "is_phone": is_phone, "now_at": now_at}
    return render(request, "portal/contact_change.html", context, status=status)


def _code_page(
    request: HttpRequest, under_way: UnderWay, form: CodeForm, *, status: int = 200
) -> HttpResponse:
    country = member_of(request).programme.country
    context = {
        "page": "me",
        "form": form,
        "value": display_identifier(under_way.identifier, country),
        "is_phone": under_way.identifier.kind == Known.Kind.PHONE,
    }
    return render(request, "portal/contact_code.html", context, status=status)


def _undo_page(request: HttpRequest, state: Undo, *, kind: str = "") -> HttpResponse:
    context = {"state": state.value, "is_phone": kind == Known.Kind.PHONE}
    status = _UNDO_STATUS[state]
    return render(request, "portal/change_undo.html", context, status=status)

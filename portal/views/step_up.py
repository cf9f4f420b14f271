"""A fresh code before what matters most, and back to where one was."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from common.addresses import address_block
from common.limits import LimitReached
from consent.models import Channel
from members import phones
from portal import cookies, rules, selectors, services
from portal.codes import new_key
from portal.cookies import Flow, UnderWay
from portal.forms import CodeForm, WhereForm
from portal.guards import member_of, session_of
from portal.identifiers import Identifier
from portal.services import CodeRefused
from portal.views.wording import refusal_words, safe_target, too_often


@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Ask where a code shall go, and send it there."""
    session, member, now = session_of(request), member_of(request), timezone.now()
    wanted = request.POST if request.method == "POST" else request.GET
    target = safe_target(request, wanted.get("next", ""))
    if rules.is_stepped_up(session.stepped_up_at, now=now):
        return redirect(target)
    channels = selectors.list_step_up_channels(member, now=now)
    form = WhereForm(
        request.POST if request.method == "POST" else None,
        channels=[(each.channel.value, _masked(each)) for each in channels],
        initial={"next": target},
    )
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _where_page(request, form, channels, status=status)
    identifier = next(
        each for each in channels if each.channel == form.cleaned_data["channel"]
    )
    browser_key = new_key()
    try:
        services.send_step_up_code(
            session=session,
            identifier=identifier,
            browser_key=browser_key,
            address_block=address_block(request),
            now=now,
        )
    except LimitReached as error:
        form.add_error("channel", too_often(error.retry_after))
        return _where_page(request, form, channels, status=429)
    response = redirect("portal:step-up-code")
    cookies.begin(
        response,
        Flow.STEP_UP,
        UnderWay(identifier, browser_key, next=target, about=str(session.public_id)),
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def step_up_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and lead on."""
    session = session_of(request)
    under_way = cookies.find(request, Flow.STEP_UP, about=session.public_id)
    if under_way is None:
        return redirect("portal:step-up")
    if request.method != "POST":
        return _code_page(request, under_way, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, under_way, form, status=422)
    try:
        key = services.step_up(
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
    response = redirect(safe_target(request, under_way.next))
    cookies.end(response, Flow.STEP_UP)
    cookies.set_session(response, key)
    return response


def _masked(identifier: Identifier) -> str:
    if identifier.channel is Channel.SMS:
        return phones.mask(identifier.value)
    return phones.mask_email(identifier.value)


def _where_page(
    request: HttpRequest,
    form: WhereForm,
    channels: list[Identifier],
    *,
    status: int = 200,
) -> HttpResponse:
    member = member_of(request)
    context = {
        "page": "me",
        "form": form,
        "can": bool(channels),
        "waits_until": selectors.step_up_waits_until(member, now=timezone.now()),
    }
    return render(request, "portal/step_up.html", context, status=status)


def _code_page(
    request: HttpRequest, under_way: UnderWay, form: CodeForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "page": "me",
        "form": form,
        "where": _masked(under_way.identifier),
        "is_phone": under_way.identifier.channel is Channel.SMS,
        "channel": under_way.identifier.channel.value,
        "next": under_way.next,
    }
    return render(request, "portal/step_up_code.html", context, status=status)

"""The pages behind the link in the SMS. Opening them changes nothing."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.addresses import address_block
from common.limits import LimitReached, take
from consent.models import MESSAGE_CHANNELS, Purpose, Text
from consent.selectors import current_text
from enrolment import services
from enrolment.forms import FinishForm
from enrolment.limits import RESENDS_PER_ADDRESS
from enrolment.models import JoinLink
from enrolment.rules import LinkState
from enrolment.selectors import find_address, find_link, find_store, link_state
from enrolment.views import web
from enrolment.views.languages import language_of, languages, remember_language
from members.models import Member
from points.selectors import balance_of
from stores.middleware import programme_of, use_zone
from stores.models import Programme

# What the page says in each case, and the status it says it with. A link that is no
# more is gone (410), so that caches and robots forget it.
_CLOSED = "closed"
_UNKNOWN = "unknown"
_STATUS = {
    LinkState.USED: 200,
    LinkState.REPLACED: 410,
    LinkState.EXPIRED: 410,
    _CLOSED: 403,
    _UNKNOWN: 404,
}


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form behind a link, and make a member of what is posted.

    `key` is a link's token or else the code of a store, whose page one begins on.
    Previews and scanners open links, some with HEAD, some several times: only a POST
    changes anything.
    """
    now = timezone.now()
    link = find_link(key)
    if link is None:
        store = find_store(programme_of(request), key)
        if store is not None:
            return web.begin(request, store)
    return _finish_page(request, key, link, now)


def _finish_page(
    request: HttpRequest, token: str, link: JoinLink | None, now: datetime
) -> HttpResponse:
    language = _language(request, link)
    with translation.override(language):
        if link is None:
            return _state_page(request, token, _UNKNOWN)
        state = _state(link, now)
        if state != LinkState.OPEN:
            return _state_page(request, token, state)
        if request.method == "POST":
            return _finish(request, token, link, language, now)
        form = _form(link, language, now, initial={"language": language})
        return _form_page(request, link, form, now)


@require_POST
def resend(request: HttpRequest, token: str) -> HttpResponse:
    """Send another link, to the number that got the first one and to no other."""
    now = timezone.now()
    link = find_link(token)
    with translation.override(_language(request, link)):
        if link is None:
            return _state_page(request, token, _UNKNOWN)
        state = _state(link, now)
        if state in {LinkState.USED, _CLOSED}:
            return _state_page(request, token, state)
        try:
            take([(RESENDS_PER_ADDRESS, address_block(request))], now=now)
            services.resend_link(member=link.member, now=now)
        except services.TooSoon as error:
            return _state_page(request, token, state, wait=error.retry_after)
        except LimitReached:
            return _state_page(request, token, state, is_refused=True)
        except services.SmsRefused:
            return _state_page(request, token, state, is_refused=True)
        return redirect("enrolment:sent")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say that another link is on its way."""
    with translation.override(_language(request, None)):
        return render(request, "enrolment/sent.html")


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Say that the membership is there; names nobody, for anybody can open it."""
    with translation.override(_language(request, None)):
        return render(request, "enrolment/welcome.html")


@require_safe
def terms(request: HttpRequest, language: str) -> HttpResponse:
    """Show the membership terms in force."""
    use_zone(request)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        try:
            text = current_text(
                programme=programme_of(request),
                kind=Text.Kind.TERMS,
                language=language,
            )
        except Text.DoesNotExist:
            raise Http404 from None
        return render(
            request,
            "enrolment/terms.html",
            {"text": text, "languages": _terms_languages(language)},
        )


def _finish(
    request: HttpRequest, token: str, link: JoinLink, language: str, now: datetime
) -> HttpResponse:
    form = _form(link, language, now, data=request.POST)
    if not form.is_valid():
        return _form_page(request, link, form, now, status=422)
    answers = form.cleaned_data
    try:
        services.finish_registration(
            link=link,
            first_name=answers["first_name"],
            last_name=answers["last_name"],
            email=answers.get("email", ""),
            language=answers["language"],
            accepts_terms=answers["accepts_terms"],
            channels=form.choices_made,
            texts={name: text.public_id for name, text in form.texts.items()},
            birthday=answers["birthday"],
            now=now,
        )
    except services.LinkUnusable as unusable:
        # The other tap of a double tap was first.
        return _state_page(request, token, unusable.state)
    except services.NotPending:
        return _state_page(request, token, _CLOSED)
    response = redirect("enrolment:welcome")
    remember_language(response, answers["language"])
    return response


def _form(link: JoinLink, language: str, now: datetime, **filled: Any) -> FinishForm:
    member = link.member
    address = find_address(link)
    came_by_email = bool(address) and address == member.email
    return FinishForm(
        texts=_texts(member.programme, language),
        today=_today(link, now),
        asks_email=not came_by_email,
        # Who comes back fills everything in anew.
        has_email=bool(member.email) and member.status == Member.Status.PENDING,
        **filled,
    )


def _form_page(
    request: HttpRequest,
    link: JoinLink,
    form: FinishForm,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "store": link.store,
        "balance": balance_of(link.member, now),
        "languages": languages(),
        "is_returning": link.member.status == Member.Status.LEFT,
    }
    return render(request, "enrolment/join.html", context, status=status)


def _state_page(
    request: HttpRequest,
    token: str,
    state: str,
    *,
    wait: int = 0,
    is_refused: bool = False,
) -> HttpResponse:
    context = {"state": state, "token": token, "wait": wait, "is_refused": is_refused}
    status = 429 if wait or is_refused else _STATUS[state]
    response = render(request, "enrolment/link_state.html", context, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def _state(link: JoinLink, now: datetime) -> str:
    if link.member.status == Member.Status.ACTIVE:
        return LinkState.USED
    if link.member.status in {Member.Status.BLOCKED, Member.Status.ERASED}:
        return _CLOSED
    return link_state(link, now=now)


def _texts(programme: Programme, language: str) -> Mapping[str, Text]:
    """Return the texts that the page shows: the terms, and one for each channel."""
    texts = {
        "terms": current_text(
            programme=programme, kind=Text.Kind.TERMS, language=language
        )
    }
    for channel in MESSAGE_CHANNELS:
        texts[channel.value] = current_text(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=channel,
            language=language,
        )
    return texts


def _today(link: JoinLink, now: datetime) -> date:
    return now.astimezone(link.member.programme.zone).date()


def _language(request: HttpRequest, link: JoinLink | None) -> str:
    return language_of(request, link.member.language if link else "")


def _terms_languages(current: str) -> list[tuple[str, str, str]]:
    return [
        (code, name, reverse("enrolment:terms", args=[code]))
        for code, name in languages()
        if code != current
    ]

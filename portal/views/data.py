"""The member's rights: see, take along, put right, and erase what we hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Count, Max
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.toasts import toast
from consent import export, rights
from consent.books import books_kept_until
from consent.models import RightsRequest
from consent.rights import links
from consent.rights.selectors import list_requests
from members.models import Identifier, Member
from portal.forms import EraseForm, RightsForm
from portal.guards import after_fresh_code, member_of
from portal.overview import overview_of
from purchases.models import Receipt

_Kind = RightsRequest.Kind
_Source = RightsRequest.Source
_Proof = RightsRequest.Proof

# What can be asked for in words, by the name in the address.
_ASKED_IN_WORDS = {
    "correction": _Kind.RECTIFICATION,
    "restriction": _Kind.RESTRICTION,
    "objection": _Kind.OBJECTION,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What bookkeeping law keeps of a member's receipts, and until when."""

    receipts: int
    until: date | None


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Say in plain words what a member can ask for, and what they have asked for."""
    member = member_of(request)
    context = {
        "page": "me",
        "member": member,
        "requests": list_requests(member),
        "cooling": rights.find_cooling(member),
    }
    return render(request, "portal/data.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@after_fresh_code()
def data_copy(request: HttpRequest) -> HttpResponseBase:
    """Show what is in the file, and send it: written as it goes, and kept nowhere."""
    member = member_of(request)
    if request.method != "POST":
        return render(request, "portal/data_copy.html", {"page": "me"})
    now = timezone.now()
    rights.note_download(
        member=member, source=_Source.PORTAL, proof=_Proof.SIGNED_IN, now=now
    )
    language = get_language() or member.language
    return zip_response(
        export.stream(member, language=language, now=now),
        name=export.file_name(member, now=now),
    )


def zip_response(pieces: Iterator[bytes], *, name: str) -> StreamingHttpResponse:
    """Answer with a file that no cache keeps."""
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def data_ask(request: HttpRequest, what: str) -> HttpResponse:
    """Take a request in the member's own words."""
    if what not in _ASKED_IN_WORDS:
        raise Http404
    form = RightsForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        context = {"page": "me", "what": what, "form": form}
        return render(request, "portal/data_ask.html", context, status=status)
    rights.receive(
        member=member_of(request),
        kind=_ASKED_IN_WORDS[what],
        source=_Source.PORTAL,
        words=form.cleaned_data["words"],
        proof=_Proof.SIGNED_IN,
        now=timezone.now(),
    )
    toast(request, gettext("We have got it. You get an answer within a month."))
    return redirect("portal:data")


@require_http_methods(["GET", "HEAD", "POST"])
@after_fresh_code()
def data_erase(request: HttpRequest) -> HttpResponse:
    """Show what would be lost and what the law keeps; begin when that is confirmed."""
    member, now = member_of(request), timezone.now()
    form = EraseForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        context = {
            "page": "me",
            "member": member,
            "form": form,
            "overview": overview_of(member, now=now),
            "cards": _cards_of(member),
            "kept": _kept_of(member),
            "cooling": rights.find_cooling(member),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "portal/data_erase.html", context, status=status)
    asked = rights.receive(
        member=member,
        kind=_Kind.ERASURE,
        source=_Source.PORTAL,
        proof=_Proof.SIGNED_IN,
        now=now,
    )
    rights.begin_erasure(request=asked, now=now)
    return redirect("portal:data")


@require_POST
def data_keep(request: HttpRequest) -> HttpResponse:
    """Take an erasure back by the button."""
    cooling = rights.find_cooling(member_of(request))
    if cooling is not None:
        try:
            rights.take_back(request=cooling, now=timezone.now())
        except rights.RequestClosed:
            toast(
                request, gettext("The time to take it back has passed."), tone="error"
            )
        else:
            toast(request, gettext("Nothing is erased. Everything is as before."))
    return redirect("portal:data")


@require_http_methods(["GET", "HEAD", "POST"])
def erasure_undo(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link takes back, and do it when that is confirmed.

    Needs no sign-in. Previews and scanners open links: only a POST changes anything.
    """
    asked = links.find_request(token)
    if asked is None:
        return render(
            request, "portal/erasure_undo.html", {"state": "unknown"}, status=404
        )
    chosen = get_language() if settings.LANGUAGE_COOKIE_NAME in request.COOKIES else ""
    zone = timezone.override(asked.programme.zone)
    with override(chosen or asked.member.language), zone:
        if request.method == "POST":
            try:
                rights.take_back(request=asked, now=timezone.now())
            except rights.RequestClosed:
                asked.refresh_from_db()
            else:
                return redirect("portal:erasure-kept")
        state = _state_of(asked)
        context = {"state": state, "asked": asked, "programme": asked.programme}
        status = 200 if state == "open" else 410
        return render(request, "portal/erasure_undo.html", context, status=status)


@require_safe
def erasure_kept(request: HttpRequest) -> HttpResponse:
    """Say that nothing is erased; names nobody, for anybody can open it."""
    return render(request, "portal/erasure_kept.html")


def _state_of(asked: RightsRequest) -> str:
    if asked.state == RightsRequest.State.COOLING:
        is_over = asked.erase_at is None or asked.erase_at <= timezone.now()
        return "late" if is_over else "open"
    return "used" if asked.state == RightsRequest.State.CANCELLED else "late"


def _cards_of(member: Member) -> int:
    """Return how many cards stop working: the member's own and those added."""
    further = Identifier.objects.filter(
        member=member, kind=Identifier.Kind.CARD, ended_at=None
    ).exclude(value=member.number)
    return 1 + further.count()


def _kept_of(member: Member) -> Kept:
    found = Receipt.objects.filter(member=member).aggregate(
        receipts=Count("pk"), latest=Max("business_on")
    )
    if found["latest"] is None:
        return Kept(0, None)
    until = books_kept_until(found["latest"].year, member.programme.country)
    return Kept(found["receipts"], until)

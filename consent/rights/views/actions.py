"""What staff do about a request: each a button, all by POST."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.ui.toasts import toast
from consent import export, rights
from consent.models import RightsRequest
from consent.rights import carrying_out, proving
from consent.rights.forms import (
    AnswerForm,
    ExtendForm,
    NoteForm,
    ReasonForm,
    RefuseForm,
    SeenForm,
    ToldCodeForm,
    WayForm,
)
from consent.rights.outlet import CodeUnsent
from consent.rights.views import detail
from members.views.frame import staff_of

Action = Callable[[HttpRequest, RightsRequest], HttpResponseBase | None]
_Proof = RightsRequest.Proof


@require_POST
def handle(request: HttpRequest, public_id: UUID, action: str) -> HttpResponseBase:
    """Do what everybody who works with requests may do."""
    return _do(request, public_id, _HANDLED.get(action))


@require_POST
def carry_out(request: HttpRequest, public_id: UUID, action: str) -> HttpResponseBase:
    """Do what gives data out or changes it."""
    return _do(request, public_id, _CARRIED_OUT.get(action))


def _do(
    request: HttpRequest, public_id: UUID, action: Action | None
) -> HttpResponseBase:
    if action is None:
        raise Http404
    asked = detail.find(request, public_id)
    try:
        answer = action(request, asked)
    except rights.RequestClosed:
        toast(request, _("It was closed or changed meanwhile."), tone="error")
    except rights.Unproven:
        toast(request, _("It has to be known first who asks."), tone="error")
    except rights.TooLate:
        toast(request, _("The time to extend it has passed."), tone="error")
    else:
        if answer is not None:
            return answer
    return redirect("privacy:request-detail", asked.public_id)


# WHO ASKS


def _send_code(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = WayForm(request.POST, ways=detail.ways_of(asked))
    if not form.is_valid():
        return detail.page(request, asked, {"code": form}, status=422)
    try:
        proving.send_code(
            request=asked,
            channel=form.cleaned_data["channel"],
            staff=staff_of(request),
            now=timezone.now(),
        )
    except CodeUnsent as error:
        form.add_error("channel", error.words or _("No code can go there now."))
        return detail.page(request, asked, {"code": form}, status=422)
    toast(request, _("The code is sent. Ask the member what it says."))
    return None


def _prove(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = ToldCodeForm(request.POST, ways=detail.ways_of(asked))
    if not form.is_valid():
        return detail.page(request, asked, {"prove": form}, status=422)
    try:
        proving.prove_by_code(
            request=asked,
            channel=form.cleaned_data["channel"],
            code=form.cleaned_data["code"],
            staff=staff_of(request),
            now=timezone.now(),
        )
    except CodeUnsent as error:
        form.add_error("code", error.words or _("That is not the code."))
        return detail.page(request, asked, {"prove": form}, status=422)
    toast(request, _("It is the member who asks."))
    return None


def _seen(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = SeenForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"seen": form}, status=422)
    proving.prove_by_sight(
        request=asked,
        how=form.cleaned_data["reason"],
        staff=staff_of(request),
        now=timezone.now(),
    )
    toast(request, _("It is the member who asks."))
    return None


# ANSWERING


def _extend(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = ExtendForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"extend": form}, status=422)
    rights.extend(
        request=asked,
        because=form.cleaned_data["because"],
        staff=staff_of(request),
        now=timezone.now(),
    )
    toast(request, _("There are two more months, and the member is told why."))
    return None


def _note(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"note": form}, status=422)
    rights.note(
        request=asked,
        text=form.cleaned_data["text"],
        staff=staff_of(request),
        now=timezone.now(),
    )
    return None


def _answer(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"answer": form}, status=422)
    by_message = form.cleaned_data["by"] == "message"
    was_sent = rights.answer(
        request=asked,
        text=form.cleaned_data["text"],
        staff=staff_of(request),
        by_message=by_message,
        now=timezone.now(),
    )
    if not was_sent:
        if by_message:
            toast(request, _("It reaches the member by no message: print it."))
        return redirect("privacy:request-letter", asked.public_id)
    toast(request, _("The answer is on its way."))
    return None


def _refuse(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"refuse": form}, status=422)
    rights.refuse(
        request=asked,
        because=form.cleaned_data["because"],
        staff=staff_of(request),
        now=timezone.now(),
    )
    toast(request, _("The request is refused."))
    return None


def _close(request: HttpRequest, asked: RightsRequest) -> None:
    rights.close(request=asked, staff=staff_of(request), now=timezone.now())
    toast(request, _("The request is done."))


def _cancel(request: HttpRequest, asked: RightsRequest) -> None:
    staff, now = staff_of(request), timezone.now()
    if asked.state == RightsRequest.State.COOLING:
        rights.take_back(request=asked, staff=staff, now=now)
    else:
        rights.cancel(request=asked, staff=staff, now=now)
    toast(request, _("The request is taken back."))


# CARRYING OUT


def _copy(request: HttpRequest, asked: RightsRequest) -> HttpResponseBase:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"copy": form}, status=422)
    member, now = asked.member, timezone.now()
    rights.note_download(
        member=member,
        source=asked.source,
        proof="",
        staff=staff_of(request),
        request=asked,
        reason=form.cleaned_data["reason"],
        now=now,
    )
    response = StreamingHttpResponse(
        export.stream(member, language=member.language, now=now),
        content_type="application/zip",
    )
    name = export.file_name(member, now=now)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


def _erase(request: HttpRequest, asked: RightsRequest) -> HttpResponse | None:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return detail.page(request, asked, {"erase": form}, status=422)
    staff, now = staff_of(request), timezone.now()
    rights.note(request=asked, text=form.cleaned_data["reason"], staff=staff, now=now)
    rights.begin_erasure(request=asked, staff=staff, now=now)
    toast(request, _("It is erased in 24 hours; the member has a link to stop it."))
    return None


def _object(request: HttpRequest, asked: RightsRequest) -> None:
    carrying_out.carry_out_objection(
        request=asked, staff=staff_of(request), now=timezone.now()
    )
    toast(request, _("No offers are sent to the member any more."))


def _restrict(request: HttpRequest, asked: RightsRequest) -> None:
    carrying_out.carry_out_restriction(
        request=asked, staff=staff_of(request), now=timezone.now()
    )
    toast(request, _("The data is only stored from now on."))


def _lift(request: HttpRequest, asked: RightsRequest) -> None:
    carrying_out.lift_restriction(
        request=asked, staff=staff_of(request), now=timezone.now()
    )
    toast(request, _("The data is used as before."))


_HANDLED: dict[str, Action] = {
    "code": _send_code,
    "prove": _prove,
    "seen": _seen,
    "extend": _extend,
    "note": _note,
    "answer": _answer,
    "refuse": _refuse,
    "done": _close,
    "cancel": _cancel,
}
_CARRIED_OUT: dict[str, Action] = {
    "copy": _copy,
    "erase": _erase,
    "object": _object,
    "restrict": _restrict,
    "lift": _lift,
}

"""Could we have sent this then? Asked for one member, answered check by check."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consent.desk.audits import COULD_HAVE_ASKED
from consent.desk.forms import KINDS, CouldHaveForm
from consent.desk.words import answer_for
from consent.history import Answer, could_have_sent
from consent.models import Channel
from members import care, search
from members.models import Member
from stores import audit
from stores.middleware import programme_of
from stores.models import Programme
from stores.views.pages import staff_of

_MOST_HITS = 8


@require_http_methods(["GET", "HEAD", "POST"])
def could_have(request: HttpRequest) -> HttpResponse:
    """Take the question, and lead to its answer by an address that names nobody."""
    programme, now = programme_of(request), timezone.now()
    if request.method == "POST":
        form = CouldHaveForm(request.POST, now=now)
        hits = _hits(form, programme) if form.is_valid() else []
        if len(hits) == 1:
            return redirect(_url(form, hits[0]))
        return _page(request, form, choices=[(hit, _url(form, hit)) for hit in hits])
    member = _member(request, programme)
    asked = _asked(request, now)
    if member is None or asked is None:
        return _page(request, CouldHaveForm(now=now, initial={"at": now}))
    kind, channel, at = asked
    message_class, _colon, purpose = kind.partition(":")
    answer = could_have_sent(
        member=member,
        channel=channel,
        message_class=message_class,
        purpose=purpose,
        at=at,
    )
    audit.record(
        programme=programme,
        actor=staff_of(request),
        action=COULD_HAVE_ASKED,
        now=now,
        member_id=member.public_id,
        data={"kind": kind, "channel": channel, "at": at},
    )
    form = CouldHaveForm(
        now=now,
        initial={
            "words": member.number,
            "kind": kind,
            "channel": channel,
            "at": at,
        },
    )
    return _page(request, form, member=member, answer=answer, kind=kind)


def _page(
    request: HttpRequest,
    form: CouldHaveForm,
    *,
    member: Member | None = None,
    answer: Answer | None = None,
    kind: str = "",
    choices: list[tuple[Member, str]] | None = None,
) -> HttpResponse:
    context = {
        "title": _("Could we have?"),
        "subtitle": _("Whether a message would have been allowed, at any moment."),
        "form": form,
        "member": member,
        "member_label": care.label_of(member) if member else "",
        "answer": answer,
        "words": answer_for(answer.code) if answer else None,
        "known_now": answer_for(answer.code_as_known_now)
        if answer and answer.code_as_known_now != answer.code
        else None,
        "kind_label": dict(KINDS).get(kind, ""),
        "choices": [
            (care.label_of(hit), care.masked(hit), url) for hit, url in choices or []
        ],
    }
    status = 422 if form.errors else 200
    response = render(request, "consent/desk/could_have.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _hits(form: CouldHaveForm, programme: Programme) -> list[Member]:
    """Return who fits; says by the field when nobody does, or too many."""
    matches = search.find(form.cleaned_data["words"], programme=programme)
    ids = list(matches.ids[: _MOST_HITS + 1]) if matches else []
    if not ids:
        form.add_error("words", _("Nobody was found."))
    elif len(ids) > _MOST_HITS:
        form.add_error("words", _("Too many fit. Write the whole number."))
        return []
    found = Member.objects.select_related("programme").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _url(form: CouldHaveForm, member: Member) -> str:
    given = form.cleaned_data
    query = urlencode(
        {
            "member": member.public_id,
            "kind": given["kind"],
            "channel": given["channel"],
            "at": given["at"].isoformat(),
        }
    )
    return f"{reverse('privacy:could-have')}?{query}"


def _member(request: HttpRequest, programme: Programme) -> Member | None:
    try:
        public_id = UUID(request.GET.get("member", ""))
    except ValueError:
        return None
    return (
        Member.objects.select_related("programme")
        .filter(programme=programme, public_id=public_id)
        .first()
    )


def _asked(request: HttpRequest, now: datetime) -> tuple[str, Channel, datetime] | None:
    """Read the question from an address; None if it is none."""
    kind, channel = request.GET.get("kind", ""), request.GET.get("channel", "")
    try:
        at = parse_datetime(request.GET.get("at", ""))
    except ValueError:
        return None
    if kind not in dict(KINDS) or channel not in Channel or at is None:
        return None
    if timezone.is_naive(at) or at > now:
        return None
    return kind, Channel(channel), at

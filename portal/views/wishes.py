"""What the club may send, by the link in a message: no signing in, nothing to read.

Mail programs and scanners open links: only a POST changes anything.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import services
from consent.models import Channel, ConsentEntry
from members import phones
from members.models import Identifier, Member
from messaging.models import Message
from messaging.unsubscribe import Reader, read_token
from portal.views import preferences

_KINDS = {Channel.SMS: Identifier.Kind.PHONE, Channel.EMAIL: Identifier.Kind.EMAIL}


@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest, token: str) -> HttpResponse:
    """Show a member's choices; masked, since a message can be passed on."""
    found = _member(token)
    if found is None or not _is_still_theirs(*found):
        return _unknown(request)
    reader, member = found
    # In whose club and colours the page stands.
    request._programme = member.programme  # type: ignore[attr-defined]
    way = preferences.Way(
        template="portal/wishes.html",
        url=reverse("portal:wishes", args=[token]),
        source=ConsentEntry.Source.LINK,
        evidence={"message": str(reader.message_id)},
        language=member.language,
        is_signed_in=False,
    )
    with translation.override(member.language):
        response = preferences.answer(
            request, member, way, now=timezone.now(), club=member.programme.name
        )
    return _private(response)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Stop one channel at once (RFC 8058); a GET only asks.

    Without a CSRF token: a mail program posts here for the member, with no cookie.
    """
    found = _member(token)
    if found is None:
        return _unknown(request)
    reader, member = found
    # In whose club and colours the page stands.
    request._programme = member.programme  # type: ignore[attr-defined]
    with translation.override(member.language):
        if request.method == "POST":
            services.withdraw_all(
                member=member,
                channel=reader.channel,
                source=ConsentEntry.Source.LINK,
                evidence={"message": str(reader.message_id)},
                now=timezone.now(),
            )
        # Of an address that is another's by now, theirs is not shown.
        is_theirs = _is_still_theirs(reader, member)
        context = {
            "token": token,
            "club": member.programme.name,
            "address": _masked(member, reader.channel) if is_theirs else "",
            "is_done": request.method == "POST",
        }
        response = render(request, "portal/wishes_stop.html", context)
    return _private(response)


def _member(token: str) -> tuple[Reader, Member] | None:
    """Return who may choose by a link: members only, and not who is gone."""
    reader = read_token(token)
    if reader is None:
        return None
    members = Member.objects.select_related("programme")
    member = members.filter(public_id=reader.member_id).first()
    # Who was merged goes on as the member that was kept, however often.
    while member is not None and member.merged_into_id is not None:
        member = members.get(pk=member.merged_into_id)
    if member is None or member.status == Member.Status.ERASED:
        return None
    return reader, member


def _is_still_theirs(reader: Reader, member: Member) -> bool:
    """Tell whether the address that the link was sent to is still the member's.

    Numbers are given to new people, and old inboxes stay open to others.
    """
    sent = Message.objects.filter(public_id=reader.message_id).values("address").first()
    # Messages are emptied in time; of those the link alone is to be believed.
    if sent is None or not sent["address"]:
        return True
    address = sent["address"].lower()
    return (
        address in {member.phone, member.email.lower()}
        or Identifier.objects.filter(
            member=member, kind=_KINDS[reader.channel], value=address, ended_at=None
        ).exists()
    )


def _masked(member: Member, channel: Channel) -> str:
    if channel is Channel.SMS:
        country = member.programme.country
        return phones.mask(member.phone, country) if member.phone else ""
    return phones.mask_email(member.email)


def _unknown(request: HttpRequest) -> HttpResponse:
    return _private(render(request, "portal/wishes_unknown.html", status=404))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    # The address of the page is the key to it, so it is told to nobody but us: "none
    # at all" would make browsers hide where a form comes from, too.
    response["Referrer-Policy"] = "same-origin"
    return response

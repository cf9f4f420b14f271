"""What the club may send, by the link in a message: no signing in, nothing to read.

Mail programs and scanners open links: only a POST changes anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.ui.toasts import toast
from consent import contact, services
from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    ContactPreference,
    Purpose,
    Text,
)
from consent.selectors import current_text, permissions_of
from members import phones
from members.models import Member
from messaging.unsubscribe import Reader, read_token

SNOOZES = (30, 90)
LIMITS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Switch:
    """One channel as the page shows it."""

    channel: Channel
    address: str
    is_given: bool
    decided_at: datetime | None
    text: Text

    @property
    def field(self) -> str:
        """Return the name of the switch."""
        return f"yes_{self.channel.lower()}"

    @property
    def text_field(self) -> str:
        """Return the name of the field that says which version was shown."""
        return f"text_{self.channel.lower()}"


@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest, token: str) -> HttpResponse:
    """Show a member's choices; masked, since a message can be passed on."""
    found = _member(token)
    if found is None:
        return _unknown(request)
    reader, member = found
    # In whose club and colours the page stands.
    request._programme = member.programme  # type: ignore[attr-defined]
    with translation.override(member.language):
        if request.method == "POST":
            _save(request, reader, member)
            toast(request, gettext("Your choices are saved."))
            return redirect("portal:wishes", token)
        preference = contact.preference_of(member)
        context = {
            "token": token,
            "club": member.programme.name,
            "switches": _switches(member),
            "preference": preference,
            "is_snoozed": _is_snoozed(preference),
            "limits": _limits(),
            "pauses": _pauses(preference),
        }
        response = render(request, "portal/wishes.html", context)
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
        context = {
            "token": token,
            "club": member.programme.name,
            "address": _masked(member, reader.channel),
            "is_done": request.method == "POST",
        }
        response = render(request, "portal/wishes_stop.html", context)
    return _private(response)


def _member(token: str) -> tuple[Reader, Member] | None:
    """Return who may choose by a link: members only, and not who is gone."""
    reader = read_token(token)
    if reader is None:
        return None
    member = (
        Member.objects.select_related("programme", "merged_into__programme")
        .filter(public_id=reader.member_id)
        .first()
    )
    if member is not None and member.merged_into is not None:
        member = member.merged_into
    if member is None or member.status == Member.Status.ERASED:
        return None
    return reader, member


def _save(request: HttpRequest, reader: Reader, member: Member) -> None:
    now = timezone.now()
    evidence = {"message": str(reader.message_id)}
    if "stop_all" in request.POST:
        services.withdraw_all(
            member=member,
            source=ConsentEntry.Source.LINK,
            evidence=evidence,
            now=now,
        )
        return
    for switch in _switches(member):
        services.choose(
            member=member,
            purpose=Purpose.MARKETING,
            channel=switch.channel,
            yes=switch.field in request.POST,
            text=_shown(request.POST.get(switch.text_field, ""), switch.text),
            source=ConsentEntry.Source.LINK,
            evidence=evidence,
            now=now,
        )
    _save_rhythm(request, member, now)


def _save_rhythm(request: HttpRequest, member: Member, now: datetime) -> None:
    held = contact.preference_of(member)
    limit = request.POST.get("per_week", "")
    per_week = int(limit) if limit in {str(number) for number in LIMITS} else None
    if "per_week" in request.POST and per_week != held.per_week:
        contact.set_weekly_limit(member=member, per_week=per_week, now=now)
    days = request.POST.get("snooze", "")
    if days == "0" and held.snoozed_until is not None:
        contact.snooze(member=member, until=None, now=now)
    elif days in {str(number) for number in SNOOZES}:
        contact.snooze(member=member, until=now + timedelta(days=int(days)), now=now)


def _switches(member: Member) -> list[Switch]:
    held = permissions_of(member)
    found = []
    for channel in MESSAGE_CHANNELS:
        address = _masked(member, channel)
        if not address:
            continue
        entry = held.get((Purpose.MARKETING, channel))
        found.append(
            Switch(
                channel,
                address,
                entry is not None and entry.action in services.YES,
                entry.at if entry else None,
                current_text(
                    programme=member.programme,
                    kind=Text.Kind.CONSENT,
                    purpose=Purpose.MARKETING,
                    channel=channel,
                    language=member.language,
                ),
            )
        )
    return found


def _is_snoozed(preference: ContactPreference) -> bool:
    until = preference.snoozed_until
    return until is not None and until > timezone.now()


def _limits() -> list[tuple[str, str, str]]:
    """Return what can be wished for: value, title, explanation."""
    return [
        ("", gettext("As often as the club finds right"), ""),
        *(
            (
                str(number),
                ngettext(
                    "At most %(number)s a week", "At most %(number)s a week", number
                )
                % {"number": number},
                "",
            )
            for number in LIMITS
        ),
    ]


def _pauses(preference: ContactPreference) -> list[tuple[str, str, str]]:
    found = [("", gettext("No change"), "")]
    if _is_snoozed(preference):
        found.append(("0", gettext("End the pause"), ""))
    found += [
        (
            str(days),
            ngettext("Pause for %(number)s day", "Pause for %(number)s days", days)
            % {"number": days},
            "",
        )
        for days in SNOOZES
    ]
    return found


def _shown(public_id: str, current: Text) -> Text:
    """Return the version that the page showed, which may be older than today's."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return current
    shown = Text.objects.filter(public_id=wanted, published_at__isnull=False).first()
    same = shown is not None and (
        (shown.programme_id, shown.kind, shown.purpose, shown.channel)
        == (current.programme_id, current.kind, current.purpose, current.channel)
    )
    return shown if shown is not None and same else current


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
    return response

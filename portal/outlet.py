"""What this room does for requests about a member's data: codes and messages."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from common import limits as buckets
from common.limits import LimitReached
from consent.models import Channel, RightsRequest
from consent.rights import links, rules
from consent.rights.outlet import CodeUnsent
from members import phones
from members.models import Member
from messaging.models import Message
from messaging.services import queue_message, send_due
from portal import limits, selectors
from portal.identifiers import Identifier
from portal.services import CodeRefused, use_code, write_code
from portal.services.one_time import Purpose, take_limits
from portal.views.wording import refusal_words, too_often
from stores.models import Staff

_LEAVING = (Message.State.NEW, Message.State.CLAIMED)


def code_ways(member: Member, *, now: datetime) -> list[tuple[str, str]]:
    """Return the channels of proven contacts, with the masked address of each."""
    return [
        (each.channel.value, _masked(each, member))
        for each in selectors.list_step_up_channels(member, now=now)
    ]


def send_code(
    request: RightsRequest, *, channel: str, staff: Staff, now: datetime
) -> None:
    """Send a code that the member tells the desk.

    Raises:
        CodeUnsent: there is no such way, or too many codes were sent.
    """
    member = request.member
    identifier = _identifier(member, channel, now)
    try:
        buckets.take([(limits.CODES_PER_MEMBER, str(member.public_id))], now=now)
        take_limits(identifier=identifier, address_block=_desk(staff), now=now)
    except LimitReached as error:
        raise CodeUnsent(too_often(error.retry_after)) from error
    write_code(
        programme=member.programme,
        member=member,
        identifier=identifier,
        purpose=Purpose.DESK,
        browser_key=_desk(request),
        language=member.language,
        now=now,
    )


def check_code(
    request: RightsRequest, *, channel: str, code: str, staff: Staff, now: datetime
) -> None:
    """Use up the code that the member told.

    Raises:
        CodeUnsent: it is wrong, too old, or too many were tried.
    """
    try:
        used = use_code(
            identifier=_identifier(request.member, channel, now),
            purpose=Purpose.DESK,
            browser_key=_desk(request),
            code=code,
            address_block=_desk(staff),
            now=now,
        )
    except LimitReached as error:
        raise CodeUnsent(too_often(error.retry_after)) from error
    except CodeRefused as error:
        raise CodeUnsent(refusal_words(error.verdict)) from error
    if used.member_id != request.member_id:
        raise CodeUnsent("")


def tell_answer(request: RightsRequest, *, text: str, key: str, now: datetime) -> bool:
    """Send an answer: in full by e-mail, by SMS that it can be read."""
    kind = RightsRequest.Kind(request.kind)
    with translation.override(request.member.language):
        context = {"text": text, "what": str(kind.label), "link": _url("portal:data")}
    return _send(request.member, "rights_answer", context, key, now)


def tell_cooling(request: RightsRequest, *, now: datetime) -> None:
    """Tell when the data will be erased, with the link that takes it back."""
    member = request.member
    context = {
        "moment": _moment(member, request.erase_at or now),
        "link": take_back_url(request),
    }
    _send(member, "erasure_begun", context, f"erasure-begun:{request.public_id}", now)


def tell_taken_back(request: RightsRequest, *, now: datetime) -> None:
    """Tell that nothing is erased."""
    key = f"erasure-taken-back:{request.public_id}"
    _send(request.member, "erasure_taken_back", {}, key, now)


def say_farewell(request: RightsRequest, *, now: datetime) -> bool:
    """Send the last message at once; say whether all of it has left the house."""
    member = request.member.merged_into or request.member
    key = f"erasure-done:{request.public_id}"
    until = (request.erase_at or now) + rules.FAREWELL_LIFE
    if now < until:
        _send(member, "erasure_done", {}, key, now, expires_at=until)
    keys = [_key(key, channel) for channel in (Channel.SMS, Channel.EMAIL)]
    waiting = Message.objects.filter(dedupe_key__in=keys, state__in=_LEAVING)
    if waiting.exists():
        send_due(now=now)
    return not waiting.exists()


def take_back_url(request: RightsRequest) -> str:
    """Return the address that the link in the message leads to."""
    return _url("portal:erasure-undo", links.token_of(request))


def _send(
    member: Member,
    kind: str,
    context: dict[str, str],
    key: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> bool:
    """Queue a service message on each channel that reaches a member."""
    reached = False
    for channel, address in (
        (Channel.SMS, member.phone),
        (Channel.EMAIL, member.email),
    ):
        if address:
            message = queue_message(
                programme=member.programme,
                member=member,
                channel=channel,
                message_class=Message.Class.SERVICE,
                kind=kind,
                language=member.language,
                address=address,
                context=context,
                dedupe_key=_key(key, channel),
                now=now,
                expires_at=expires_at,
            )
            reached = reached or message.state != Message.State.STOPPED
    return reached


def _key(key: str, channel: Channel) -> str:
    return f"{key}:{channel}"


def _identifier(member: Member, channel: str, now: datetime) -> Identifier:
    for each in selectors.list_step_up_channels(member, now=now):
        if each.channel == channel:
            return each
    raise CodeUnsent("")


def _masked(identifier: Identifier, member: Member) -> str:
    if identifier.channel is Channel.SMS:
        return phones.mask(identifier.value, member.programme.country)
    return phones.mask_email(identifier.value)


def _desk(who: Staff | RightsRequest) -> str:
    """Name the desk as the place from which a code is asked for and entered."""
    return f"desk:{who.public_id}"


def _moment(member: Member, at: datetime) -> str:
    with translation.override(member.language):
        local = timezone.localtime(at, member.programme.zone)
        return date_format(local, "DATETIME_FORMAT")


def _url(name: str, *arguments: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=arguments)}"

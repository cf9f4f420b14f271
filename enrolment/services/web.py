"""Begin on a page that anybody can open: the same answer, whoever's number it is."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from consent.models import Channel
from enrolment import limits
from enrolment.models import Registration
from enrolment.services.links import register
from members.models import Member
from members.selectors import find_by_email, find_by_phone
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from points.actions.referrals import refer
from stores.models import Programme, Store


def begin_on_the_web(
    *,
    programme: Programme,
    phone: str = "",
    email: str = "",
    store: Store | None = None,
    placement: str = "",
    is_poster: bool = False,
    friend: str = "",
    language: str,
    address_block: str,
    now: datetime,
) -> None:
    """Send whoever has this number (E.164) or address what they need; tell nothing.

    A stranger, somebody who has not finished and somebody who left get the link; a
    member gets a hint to sign in. `friend` is the code of a member's own link: only a
    stranger counts as invited.

    Raises:
        LimitReached: too many for this number, its neighbours, the caller or the club.
    """
    limits.take_beginning(
        programme=programme,
        phone=phone,
        email=email,
        address_block=address_block,
        now=now,
    )
    ways = Registration.Way
    # Whatever keeps a message from going is kept to ourselves: the page says the same.
    with suppress(SmsRefused):
        registered = register(
            programme=programme,
            phone=phone,
            email=email,
            way=ways.POSTER if is_poster else ways.WEB,
            store=store,
            placement=placement,
            language=language,
            now=now,
        )
        if friend and registered.is_new:
            refer(code=friend, invited=registered.member, now=now)
        if registered.member.status == Member.Status.ACTIVE:
            _tell_member(programme, phone, email, now)


def _tell_member(programme: Programme, phone: str, email: str, now: datetime) -> None:
    """Tell a member that they are one, once a day.

    Only to a number or address that is theirs: one that they have entered and not
    proven may be somebody else's.
    """
    member = (
        find_by_phone(programme=programme, phone=phone)
        if phone
        else find_by_email(programme=programme, email=email)
    )
    if member is None:
        return
    local = now.astimezone(programme.zone)
    with transaction.atomic():
        queue_message(
            programme=programme,
            member=member,
            channel=Channel.SMS if phone else Channel.EMAIL,
            message_class=Message.Class.CODE,
            kind="already_member",
            language=member.language,
            address=phone or email,
            context={},
            dedupe_key=f"already-member:{member.public_id}:{local:%Y-%m-%d}",
            now=now,
        )

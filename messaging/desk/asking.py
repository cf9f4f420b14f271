"""Ask a member what they allow: a link to their own choices, sent for the desk."""

from datetime import datetime

from django.db import transaction

from common.ids import uuid7
from common.periods import local_day
from consent.desk.audits import MEMBER_ASKED
from consent.models import Channel
from members.models import Member
from messaging.models import Message
from messaging.services import queue_message
from messaging.unsubscribe import token_for, url_of
from stores import audit
from stores.models import Staff

KIND = "permission_question"


def ask(member: Member, channel: str, staff: Staff, now: datetime) -> bool:
    """Queue the question, once a day on each channel; False if it went out today.

    A service message: the member asked for it in the store or on the phone.
    """
    day = local_day(now, member.programme.zone)
    key = f"{KIND}:{member.public_id}:{channel}:{day}"
    message_id = uuid7()
    token = token_for(
        member_id=member.public_id, channel=channel, message_id=message_id
    )
    with transaction.atomic():
        message = queue_message(
            programme=member.programme,
            member=member,
            channel=channel,
            message_class=Message.Class.SERVICE,
            kind=KIND,
            language=member.language,
            address=member.phone if channel == Channel.SMS else member.email,
            context={"link": url_of(token)},
            dedupe_key=key,
            now=now,
            public_id=message_id,
        )
        if message.public_id != message_id:
            return False
        audit.record(
            programme=member.programme,
            actor=staff,
            action=MEMBER_ASKED,
            now=now,
            member_id=member.public_id,
            subject=f"message:{message.public_id}",
        )
    return True

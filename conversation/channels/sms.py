"""The line for SMS: mobile numbers, answered through the outbox."""

from datetime import datetime

from consent.models import Channel
from conversation.channels.contract import AddressInvalid, Asked, Question
from members import phones
from messaging import limits
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from stores.models import Programme


class SmsLine:
    """SMS to and from mobile numbers of the countries that the club writes to."""

    name = "sms"

    def address_of(self, sender: str, programme: Programme) -> str:
        try:
            # Companies and short numbers write too, and mostly by themselves.
            return phones.normalize(sender, country=programme.country)
        except phones.PhoneInvalid as error:
            raise AddressInvalid(error.code) from None

    def phone_of(self, address: str) -> str:
        return address

    def may_answer(self, programme: Programme, address: str) -> bool:
        try:
            limits.refuse_number(programme, address)
        except SmsRefused:
            return False
        return True

    def answer(self, question: Question, *, now: datetime) -> Asked:
        """Queue it as a service message.

        Not as a code: of those a number gets three in an hour, and a conversation is
        longer. This room has limits of its own.
        """
        message = queue_message(
            programme=question.programme,
            member=question.member,
            channel=Channel.SMS,
            message_class=Message.Class.SERVICE,
            kind=question.kind,
            language=question.language,
            address=question.address,
            context=question.context,
            dedupe_key=question.dedupe_key,
            now=now,
        )
        return Asked(message=message)

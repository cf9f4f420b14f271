"""What texts bring about: a registration, a membership, a yes, the end of one."""

from datetime import datetime

from consent import services as consent
from consent.models import Channel, ConsentEntry, Purpose, Text
from conversation import answers
from conversation.models import Conversation, InboundMessage
from conversation.rules import Talk
from conversation.words import fold
from enrolment import services as enrolment
from enrolment.models import Registration
from members import identity
from members.models import Identifier, Member
from stores.models import Programme, Store


def begin(
    conversation: Conversation, *, phone: str, store: str, now: datetime
) -> Member:
    """Register a number; it is the sender's, for the SMS came from there.

    A store that we do not know is left out: nobody is sent away for a typing error.
    """
    programme = conversation.programme
    began = enrolment.begin(
        programme=programme,
        phone=phone,
        way=Registration.Way.SMS,
        store=_find_store(programme, store),
        language=conversation.language,
        now=now,
    )
    if began.member.status == Member.Status.PENDING:
        identity.prove(
            member=began.member,
            kind=Identifier.Kind.PHONE,
            value=phone,
            proof=Identifier.Proof.SMS,
            now=now,
        )
    return began.member


def finish(
    conversation: Conversation,
    *,
    member: Member,
    talk: Talk,
    message: InboundMessage,
    now: datetime,
) -> bool:
    """Make the sender a member; False when they cannot be one any more.

    The welcome that follows is the answer to the last message.
    """
    proofs = {
        **conversation.context.get("proofs", {}),
        talk.state.value: str(message.public_id),
    }
    try:
        enrolment.finish_member(
            member=member,
            first_name=talk.first_name,
            last_name=talk.last_name,
            email=talk.email if talk.email_offers else "",
            language=conversation.language,
            channels={
                Channel.SMS: bool(talk.sms),
                Channel.EMAIL: bool(talk.email_offers),
            },
            texts=answers.ids_of(conversation.context),
            source=ConsentEntry.Source.SMS_REPLY,
            evidence={
                "conversation": str(conversation.public_id),
                "inbound_messages": proofs,
            },
            phone_verified=True,
            accepts_terms=True,
            now=now,
        )
    except enrolment.NotPending:
        return False
    return True


def send_link(member: Member, *, now: datetime) -> bool:
    """Send the link to the page where a registration can be finished, if one may go."""
    return enrolment.remind(member=member, now=now) is not None


def withdraw(member: Member, *, message: InboundMessage, now: datetime) -> bool:
    """Take back every yes to SMS, whatever it was for; False if there was none."""
    taken_back = consent.withdraw_all(
        member=member,
        channel=Channel.SMS,
        source=ConsentEntry.Source.SMS_REPLY,
        evidence=_evidence(message),
        now=now,
    )
    return bool(taken_back)


def answer_start(
    conversation: Conversation,
    *,
    member: Member,
    yes: bool,
    message: InboundMessage,
    now: datetime,
) -> bool:
    """Write down the answer to the question that followed a START, with its text.

    False when the member has objected to all marketing meanwhile: a yes by SMS does
    not undo that.
    """
    text = Text.objects.get(
        public_id=answers.ids_of(conversation.context)[Channel.SMS.value]
    )
    try:
        consent.choose(
            member=member,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            yes=yes,
            text=text,
            source=ConsentEntry.Source.SMS_REPLY,
            evidence=_evidence(message),
            now=now,
        )
    except consent.ObjectionStands:
        return False
    return True


def _evidence(message: InboundMessage) -> dict[str, str]:
    return {"inbound_message": str(message.public_id)}


def _find_store(programme: Programme, words: str) -> Store | None:
    """Return the open store whose code or name stood after JOIN."""
    if not words:
        return None
    stores = Store.objects.filter(programme=programme, is_active=True).order_by("pk")
    wanted = {words, words.replace(" ", ""), words.split()[0]}
    by_code = [store for store in stores if fold(store.code).replace(" ", "") in wanted]
    by_name = [store for store in stores if fold(store.name) == words]
    return next(iter(by_code + by_name), None)

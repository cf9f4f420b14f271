"""Send what is due: claim a few, commit, send, note how it went.

A message is claimed, and its try counted, before its transport is called. A worker that
dies in between leaves the claim, and the class of the message decides what happens:
codes and service messages are sent again under the same id; marketing is not, since a
member should rather miss an offer than get it twice. Exactly once to a phone does not
exist.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from consent import gate
from consent.contact import forget_contact, note_contacts
from consent.gate import Decision
from consent.models import Channel, Contact, Purpose
from members.models import Member
from messaging.models import Message
from messaging.transports import NotSent, Outgoing, Refused, Unsure, transport_for
from messaging.two_way import sender_for
from messaging.unsubscribe import headers_of

log = structlog.get_logger(__name__)

# Claimed at a time: ten tries of five seconds stay below the minute within which a
# withdrawn permission takes effect, and within the lease.
BATCH = 10
# After this long a claim is taken to be a dead worker's.
LEASE = timedelta(minutes=2)
# Tries whose end is not known: the third is the last.
UNSURE_TRIES = 3
# Waits after tries that certainly failed; after the last one the message has failed.
BACKOFF = [
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
]
_LONGEST_ERROR = 200
# Sent once or never, allowed by a purpose, and counted in the members' budget.
_PURPOSES = {
    Message.Class.MARKETING: Purpose.MARKETING,
    Message.Class.SURVEY: Purpose.SURVEYS,
}
_ONCE_ONLY = frozenset(_PURPOSES)
_NOT_REACHED = frozenset({Message.State.NEW, Message.State.FAILED})


def send_due(*, now: datetime, limit: int = 200) -> int:
    """Send up to `limit` messages that are due; return how many were taken on.

    Any number of workers may do so at once: none takes what another one has.
    """
    release_lost_claims(now=now)
    taken = 0
    while taken < limit:
        batch = claim(now=now, limit=min(BATCH, limit - taken))
        if batch is None:
            break
        taken += len(batch)
        _send_all(batch, now)
    return taken


def claim(*, now: datetime, limit: int) -> list[Message] | None:
    """Claim the next messages and commit; None when nothing is due.

    What has expired or what the gate no longer allows is stopped here and is not in
    the answer.
    """
    # Durable: had a caller a transaction open, the claim would not be committed before
    # the message is sent, and a crash would undo it.
    with transaction.atomic(durable=True):
        due = list(
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=Message.State.NEW, send_after__lte=now)
            .select_related("member", "programme")
            .order_by("send_after", "pk")[:limit]
        )
        if not due:
            return None
        _lock_members(due)
        for some in _without_repeats(due):
            _claim_some(some, now)
        Message.objects.bulk_update(
            due, ["state", "attempts", "claimed_at", "send_after", "error", "gate"]
        )
    return [message for message in due if message.state == Message.State.CLAIMED]


def release_lost_claims(*, now: datetime) -> int:
    """Decide what becomes of messages whose worker died; return how many."""
    lost = Message.objects.filter(
        state=Message.State.CLAIMED, claimed_at__lte=now - LEASE
    )
    never_again = Q(message_class__in=_ONCE_ONLY) | Q(attempts__gte=UNSURE_TRIES)
    unknown = lost.filter(never_again).update(
        state=Message.State.UNKNOWN, error="the worker stopped while sending"
    )
    again = lost.exclude(never_again).update(state=Message.State.NEW, send_after=now)
    if unknown or again:
        log.warning("messages_of_lost_worker", unknown=unknown, again=again)
    return unknown + again


def is_address_of(message: Message, member: Member | None) -> bool:
    """Tell whether a message goes to the member's own number or address."""
    if member is None:
        return False
    theirs = member.phone if message.channel == Channel.SMS else member.email
    return bool(theirs) and message.address.lower() == theirs.lower()


def purpose_of(message: Message) -> str:
    """Return the purpose that must be allowed for a message; none for service."""
    return _PURPOSES.get(Message.Class(message.message_class), "")


def gate_note(decision: Decision) -> dict[str, object]:
    """Return what is kept with a message of the gate's answer."""
    note: dict[str, object] = {"code": decision.code, "entry_id": decision.entry_id}
    if decision.also_entry_id is not None:
        note["also_entry_id"] = decision.also_entry_id
    return note


def defer(message: Message, decision: Decision) -> bool:
    """Keep a message for later, if the gate names a time before it expires."""
    at = decision.retry_at
    if at is None or (message.expires_at is not None and message.expires_at <= at):
        return False
    message.send_after = at
    message.error = decision.code
    return True


def _lock_members(due: list[Message]) -> None:
    """Let nobody else write to these members meanwhile: the budget is per member."""
    ids = {message.member_id for message in due if message.message_class in _ONCE_ONLY}
    # Read, so that the locks are taken; in order, so that two workers do not wait in a
    # circle.
    list(
        Member.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk")
    )


def _without_repeats(due: list[Message]) -> Iterator[list[Message]]:
    """Cut a batch where a member would be asked about twice, in the queue's order.

    What the first message takes from the member's budget is counted before the second
    asks for room. Codes and service messages count nothing and are never cut off.
    """
    some: list[Message] = []
    seen: set[int | None] = set()
    for message in due:
        if message.message_class in _ONCE_ONLY and message.member_id in seen:
            yield some
            some, seen = [], set()
        if message.message_class in _ONCE_ONLY:
            seen.add(message.member_id)
        some.append(message)
    if some:
        yield some


def _claim_some(messages: list[Message], now: datetime) -> None:
    """Decide on messages, of which no two count against one member's budget."""
    alive = []
    for message in messages:
        if message.expires_at is not None and message.expires_at <= now:
            message.state, message.error = Message.State.STOPPED, "expired"
        else:
            alive.append(message)
    claimed = [
        message
        for message, decision in _ask_gate(alive, now)
        if _claim_one(message, decision, now)
    ]
    # Counted before it is sent, so that two at once cannot both find room.
    note_contacts(
        [
            Contact(
                member=message.member,
                kind=Contact.Kind(message.message_class),
                channel=message.channel,
                message_id=message.public_id,
                at=now,
            )
            for message in claimed
            if message.message_class in _ONCE_ONLY and message.member is not None
        ]
    )


def _ask_gate(
    messages: list[Message], now: datetime
) -> Iterator[tuple[Message, Decision]]:
    """Ask once for all that are alike but for the member."""
    alike: dict[tuple[int, str, str], list[Message]] = defaultdict(list)
    for message in messages:
        if message.member_id is None:
            yield (
                message,
                gate.may_send(
                    member=None,
                    channel=message.channel,
                    message_class=message.message_class,
                    purpose=purpose_of(message),
                    now=now,
                ),
            )
        else:
            alike[message.programme_id, message.channel, message.message_class].append(
                message
            )
    for (_programme, channel, message_class), those in alike.items():
        decisions = gate.decide(
            programme=those[0].programme,
            members=[message.member_id for message in those if message.member_id],
            channel=channel,
            message_class=message_class,
            purpose=purpose_of(those[0]),
            now=now,
        )
        for message in those:
            yield message, decisions.get(message.member_id or 0, gate.NOBODY)


def _claim_one(message: Message, decision: Decision, now: datetime) -> bool:
    """Note the gate's answer; tell whether the message is claimed by it."""
    message.gate = gate_note(decision)
    if not decision.allowed:
        if not defer(message, decision):
            message.state, message.error = Message.State.STOPPED, decision.code
        return False
    # Not for the rest: news of a changed number goes to the old one too.
    once_only = message.message_class in _ONCE_ONLY
    if once_only and not is_address_of(message, message.member):
        message.state, message.error = Message.State.STOPPED, "not_their_address"
        return False
    message.state = Message.State.CLAIMED
    message.claimed_at = now
    message.attempts += 1
    message.error = ""
    return True


def _send_all(batch: list[Message], now: datetime) -> None:
    for done, message in enumerate(batch):
        try:
            _send_one(message, now)
        except BaseException:
            # The worker is being stopped. What it has not begun is free at once; what
            # it was sending stays claimed, for its end is not known.
            _give_back(batch[done + 1 :])
            raise


def _send_one(message: Message, now: datetime) -> None:
    try:
        provider_id = transport_for(message.channel).send(_outgoing(message))
    except Refused as error:
        _end(message, Message.State.FAILED, error)
    except NotSent as error:
        if message.attempts > len(BACKOFF):
            _end(message, Message.State.FAILED, error)
        else:
            _try_again(message, now + BACKOFF[message.attempts - 1], error)
    except Exception as error:  # noqa: BLE001  # one bad message must not hold the rest
        _unsure(message, now, error)
    else:
        _settle(
            message,
            state=Message.State.SENT,
            sent_at=now,
            provider_id=provider_id[:120],
            error="",
        )


def _unsure(message: Message, now: datetime, error: Exception) -> None:
    if not isinstance(error, Unsure):
        log.error("transport_broke", message_id=str(message.public_id), exc_info=error)
    if message.message_class in _ONCE_ONLY or message.attempts >= UNSURE_TRIES:
        _end(message, Message.State.UNKNOWN, error)
    else:
        _try_again(message, now + BACKOFF[message.attempts - 1], error)


def _try_again(message: Message, at: datetime, error: Exception) -> None:
    _settle(
        message,
        state=Message.State.NEW,
        send_after=at,
        error=_described(message, error),
    )


def _end(message: Message, state: Message.State, error: Exception) -> None:
    log.warning("message_not_sent", message_id=str(message.public_id), state=state)
    _settle(message, state=state, error=_described(message, error))


def _settle(message: Message, **fields: object) -> None:
    """Write how a try ended, unless the claim was taken over meanwhile."""
    ended = fields["state"]
    if message.message_class in _ONCE_ONLY and ended in _NOT_REACHED:
        forget_contact(message_id=message.public_id)
    Message.objects.filter(
        pk=message.pk, state=Message.State.CLAIMED, attempts=message.attempts
    ).update(**fields)


def _give_back(messages: Iterable[Message]) -> None:
    for message in messages:
        _settle(message, state=Message.State.NEW, attempts=message.attempts - 1)


def _described(message: Message, error: Exception) -> str:
    """Say what went wrong, without the address that servers like to repeat."""
    text = f"{type(error).__name__}: {error}".replace(message.address, "…")
    return text[:_LONGEST_ERROR]


def _outgoing(message: Message) -> Outgoing:
    programme = message.programme
    is_sms = message.channel == Channel.SMS
    return Outgoing(
        id=str(message.public_id),
        address=message.address,
        sender_name=sender_for(message.kind, programme.sms_sender)
        if is_sms
        else programme.name,
        sender_address="" if is_sms else programme.email_sender,
        subject=message.subject,
        body=message.body,
        headers=headers_of(message),
    )

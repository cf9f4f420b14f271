"""What allowed a message, or stopped it: the answer that its row keeps, explained."""

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from consent import services
from consent.desk.words import Answer, answer_for, stop_of
from consent.gate import OPEN
from consent.models import ConsentEntry, Purpose
from members import events, phones
from members.models import Event
from messaging.delivery import purpose_of
from messaging.desk.kinds import label_of
from messaging.models import Message
from stores.models import AuditEntry, Staff

_OPEN = frozenset(str(code) for code in OPEN)
_NOTICE = "notice:"
# Opening a message is looking at a member.
VIEWED = "message.viewed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that proves an entry: what it is, and its id."""

    label: str
    value: str
    message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """The consent entry that decided, with all that proves it."""

    entry: ConsentEntry
    actor: str
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def text_hash(self) -> str:
        """Return the fingerprint of the wording that was shown (SHA-256)."""
        return bytes(self.entry.text.text_hash).hex() if self.entry.text else ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a message was sent or not, from what was kept at that moment."""

    answer: Answer
    is_allowed: bool
    grant: Grant | None
    # The stop came from somewhere else than the gate, which would have let it pass.
    gate_answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who or what had a message sent."""

    title: str
    text: str


def proof_of(message: Message) -> Proof:
    """Read what allowed or stopped a message; never asks the gate again."""
    code = str(message.gate.get("code", ""))
    is_stopped = message.state == Message.State.STOPPED
    waits = message.state == Message.State.NEW and message.error == code
    is_allowed = code in _OPEN and not is_stopped and not waits
    answer = stop_of(message.error) if is_stopped else answer_for(code)
    passed_gate = is_stopped and code in _OPEN
    return Proof(
        answer=answer,
        is_allowed=is_allowed,
        grant=_grant_of(message),
        gate_answer=answer_for(code) if passed_gate else None,
    )


def sender_of(message: Message) -> Sender:
    """Say who sent a message: a person at the desk, or a rule of the house."""
    staff = _asked_by(message)
    if staff is not None:
        return Sender(staff, _("Asked for it at the desk."))
    event = _event_behind(message)
    if event is not None:
        return Sender(
            _("Sent by itself"),
            _("Because of this in the member's history: %(what)s")
            % {"what": events.describe(event)},
        )
    if message.message_class == Message.Class.CODE:
        return Sender(
            _("Sent by itself"),
            _("Somebody asked for it with this number or address."),
        )
    return Sender(_("Sent by itself"), label_of(message.kind))


def masked_address(message: Message) -> str:
    """Return where a message went, as the desk shows it."""
    if "@" in message.address:
        return phones.mask_email(message.address)
    return phones.mask(message.address, message.programme.country)


def purpose_label(message: Message) -> str:
    """Return the purpose that had to be allowed, empty for service and codes."""
    purpose = purpose_of(message)
    return str(Purpose(purpose).label) if purpose else ""


def names_of_actors(actors: set[str]) -> dict[str, str]:
    """Return the names of staff by the ids that entries keep."""
    ids = {found for found in map(_as_uuid, actors) if found}
    return {
        str(public_id): name
        for public_id, name in Staff.objects.filter(public_id__in=ids).values_list(
            "public_id", "name"
        )
    }


def _grant_of(message: Message) -> Grant | None:
    entry_id = message.gate.get("entry_id")
    if message.member_id is None or not isinstance(entry_id, int):
        return None
    entry = (
        ConsentEntry.objects.select_related("text__edition")
        # An entry of this member's: a row that was tampered with shows no other's.
        .filter(pk=entry_id, member=message.member_id)
        .first()
    )
    if entry is None:
        return None
    if entry.actor == services.MEMBER:
        actor = _("The member")
    else:
        actor = names_of_actors({entry.actor}).get(entry.actor, _("A system"))
    return Grant(entry, actor, _evidence_of(entry))


def _evidence_of(entry: ConsentEntry) -> list[Evidence]:
    labels = {
        "join_link": _("Join link"),
        "session": _("Signed in on the member's pages"),
        "message": _("Link in a message"),
        "inbound_message": _("SMS from the member"),
        "code": _("Code that was answered"),
        "import": _("Import"),
        "entry": _("Entry that it repeats"),
        "merge": _("Merge of memberships"),
        "form": _("Form"),
        "till": _("Till"),
    }
    found = [
        Evidence(
            label=labels.get(key, key.replace("_", " ").capitalize()),
            value=str(value),
            message_id=_as_uuid(str(value)) if key == "message" else None,
        )
        for key, value in entry.evidence.items()
        if isinstance(value, str | int)
    ]
    if entry.receipt_id:
        found.append(Evidence(_("Receipt"), str(entry.receipt_id)))
    return found


def _asked_by(message: Message) -> str | None:
    if message.member is None:
        return None
    asked = AuditEntry.objects.filter(
        member_id=message.member.public_id,
        subject=f"message:{message.public_id}",
        actor_kind=AuditEntry.Actor.STAFF,
    ).exclude(action=VIEWED)
    actor_id = asked.values_list("actor_id", flat=True).first()
    return (
        Staff.objects.filter(public_id=actor_id).values_list("name", flat=True).first()
        if actor_id
        else None
    )


def _event_behind(message: Message) -> Event | None:
    if not message.dedupe_key.startswith(_NOTICE):
        return None
    event_id = _as_uuid(message.dedupe_key.removeprefix(_NOTICE).partition(":")[0])
    if event_id is None:
        return None
    return Event.objects.filter(public_id=event_id, member=message.member_id).first()


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

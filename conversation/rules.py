"""The conversation: what is asked next, what is answered, what follows. No Django.

One text at a time goes in, with what is known about its sender; what comes out is where
the conversation stands then, what to say and what to do. Nothing here knows a clock.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from conversation.words import Answer, Heard, Word, email_in, name_in

# A question is repeated this often; then a person takes over.
MOST_REPEATS = 2
# Who has not answered by then begins anew.
LIFE = timedelta(hours=48)
# An SMS does not reach a phone, get read and be answered in less: what comes sooner was
# sent twice, or answers the question before.
SOONEST_ANSWER = timedelta(seconds=3)


class State(StrEnum):
    """Which question was asked last."""

    IDLE = "IDLE"
    NAME = "NAME"
    SMS = "SMS"
    EMAIL = "EMAIL"
    ADDRESS = "ADDRESS"
    TERMS = "TERMS"
    # Of a member who wants offers by SMS again.
    START = "START"


JOINING = frozenset({State.NAME, State.SMS, State.EMAIL, State.ADDRESS, State.TERMS})


class Say(StrEnum):
    """What we answer; the questions are called like their states."""

    NAME = "name"
    SMS = "sms"
    EMAIL = "email"
    ADDRESS = "address"
    TERMS = "terms"
    START = "start"
    MEMBER = "member"
    STOPPED = "stopped"
    STARTED = "started"
    STARTED_BEFORE = "started_before"
    OBJECTED = "objected"
    NOT_STARTED = "not_started"
    HELP = "help"
    HOW_TO_JOIN = "how_to_join"
    BALANCE = "balance"
    NO_BALANCE = "no_balance"
    DECLINED = "declined"
    GAVE_UP = "gave_up"
    ASK_US = "ask_us"


QUESTIONS = frozenset({Say.NAME, Say.SMS, Say.EMAIL, Say.ADDRESS, Say.TERMS, Say.START})


class Act(StrEnum):
    """What is done, beside answering."""

    BEGIN = "begin"
    FINISH = "finish"
    WITHDRAW = "withdraw"
    GIVE = "give"
    REFUSE = "refuse"
    SEND_LINK = "send_link"


class Standing(StrEnum):
    """What the sender is to the club."""

    STRANGER = "stranger"
    PENDING = "pending"
    ACTIVE = "active"
    LEFT = "left"
    # Blocked, or somebody about whom an SMS alone does not say enough.
    CLOSED = "closed"


_MAY_JOIN = frozenset({Standing.STRANGER, Standing.PENDING, Standing.LEFT})


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known about who wrote, before their text is read."""

    standing: Standing
    # The number is the one we write to, not a further one.
    is_current: bool = True
    sees_points: bool = False
    says_yes_to_sms: bool = False
    # To all marketing: only the member's own choices take that back, no SMS does.
    has_objected: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """Where a conversation stands, and what was answered in it."""

    state: State = State.IDLE
    repeats: int = 0
    first_name: str = ""
    last_name: str = ""
    sms: bool | None = None
    email_offers: bool | None = None
    email: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what was answered, to be stored; the state has its own column."""
        kept = asdict(self)
        del kept["state"]
        return kept

    @classmethod
    def from_json(cls, state: str, kept: Mapping[str, Any]) -> "Talk":
        """Return a stored conversation."""
        names = {field.name for field in fields(cls)} - {"state"}
        known = {name: value for name, value in kept.items() if name in names}
        return cls(state=State(state), **known)


@dataclass(frozen=True, slots=True)
class Step:
    """What comes of one text."""

    talk: Talk
    say: Say | None = None
    # The question was not understood and is asked again.
    is_repeat: bool = False
    acts: tuple[Act, ...] = ()


class Timing(StrEnum):
    """How a text and the question that was asked last lie in time."""

    ANSWER = "answer"
    # Written before the question was there: it answers another one.
    LATE = "late"
    # The question never went out.
    UNASKED = "unasked"


def timing_of(
    *,
    asked_at: datetime | None,
    never_went: bool,
    written_at: datetime,
    soonest: timedelta = SOONEST_ANSWER,
) -> Timing:
    """Tell whether a text can be the answer to the question that was asked last.

    `asked_at` is when the question left us, None while it is on its way; `written_at`
    when the text was sent, or came where its channel does not say.
    """
    if never_went:
        return Timing.UNASKED
    if asked_at is None:
        return Timing.LATE
    return Timing.ANSWER if written_at > asked_at + soonest else Timing.LATE


def step(
    talk: Talk, heard: Heard, *, sender: Sender, timing: Timing = Timing.ANSWER
) -> Step:
    """Take one text; return where the conversation stands then and what follows."""
    if heard.word is Word.STOP:
        return Step(Talk(), Say.STOPPED, acts=(Act.WITHDRAW,))
    talk = _still_open(talk, sender)
    if heard.word is Word.JOIN:
        return _join(sender)
    if heard.word is Word.HELP:
        return Step(talk, Say.HELP)
    if heard.word is Word.BALANCE:
        seen = sender.standing is Standing.ACTIVE and sender.sees_points
        return Step(talk, Say.BALANCE if seen else Say.NO_BALANCE)
    if heard.word is Word.START and talk.state not in JOINING:
        return _start(talk, sender)
    if talk.state is State.IDLE:
        return Step(talk, Say.HELP)
    if timing is Timing.UNASKED or heard.word is Word.START:
        return Step(talk, _question(talk.state), is_repeat=True)
    if timing is Timing.LATE:
        return Step(talk)
    return _ANSWERS[talk.state](talk, heard)


def _still_open(talk: Talk, sender: Sender) -> Talk:
    """Forget a conversation that something else has ended meanwhile."""
    asked = {Standing.ACTIVE}
    if talk.state in JOINING:
        asked = {Standing.PENDING, Standing.LEFT}
    return talk if sender.standing in asked and sender.is_current else Talk()


def _join(sender: Sender) -> Step:
    if sender.standing is Standing.ACTIVE:
        return Step(Talk(), Say.MEMBER)
    if sender.standing in _MAY_JOIN and sender.is_current:
        return Step(Talk(State.NAME), Say.NAME, acts=(Act.BEGIN,))
    return Step(Talk(), Say.ASK_US)


def _start(talk: Talk, sender: Sender) -> Step:
    if sender.standing is not Standing.ACTIVE:
        return Step(talk, Say.HOW_TO_JOIN)
    if not sender.is_current:
        return Step(talk, Say.ASK_US)
    if sender.has_objected:
        return Step(Talk(), Say.OBJECTED)
    if sender.says_yes_to_sms:
        return Step(Talk(), Say.STARTED_BEFORE)
    return Step(Talk(State.START), Say.START)


def _name(talk: Talk, heard: Heard) -> Step:
    # `Ja` alone is no name, though `Jo Berg` is one.
    name = name_in(heard.text) if heard.answer is Answer.UNCLEAR else None
    if name is None:
        return _repeat(talk)
    return _ask(replace(talk, state=State.SMS, first_name=name[0], last_name=name[1]))


def _sms(talk: Talk, heard: Heard) -> Step:
    if heard.answer is Answer.UNCLEAR:
        return _repeat(talk)
    return _ask(replace(talk, state=State.EMAIL, sms=heard.answer is Answer.YES))


def _email(talk: Talk, heard: Heard) -> Step:
    if heard.answer is Answer.NO:
        return _ask(replace(talk, state=State.TERMS, email_offers=False, email=""))
    if heard.answer is Answer.YES:
        following = State.TERMS if talk.email else State.ADDRESS
        return _ask(replace(talk, state=following, email_offers=True))
    # An address is no yes, but need not be asked for again.
    return _repeat(replace(talk, email=email_in(heard.text) or talk.email))


def _address(talk: Talk, heard: Heard) -> Step:
    address = email_in(heard.text)
    if address:
        return _ask(replace(talk, state=State.TERMS, email=address))
    if heard.answer is Answer.NO:
        # Without an address there is nothing that the yes could be for.
        return _ask(replace(talk, state=State.TERMS, email_offers=False))
    return _repeat(talk)


def _terms(talk: Talk, heard: Heard) -> Step:
    if heard.answer is Answer.YES:
        return Step(replace(talk, state=State.IDLE), acts=(Act.FINISH,))
    if heard.answer is Answer.NO:
        return Step(Talk(), Say.DECLINED)
    return _repeat(talk)


def _started(talk: Talk, heard: Heard) -> Step:
    if heard.answer is Answer.YES:
        return Step(Talk(), Say.STARTED, acts=(Act.GIVE,))
    if heard.answer is Answer.NO:
        return Step(Talk(), Say.NOT_STARTED, acts=(Act.REFUSE,))
    return _repeat(talk)


_ANSWERS = {
    State.NAME: _name,
    State.SMS: _sms,
    State.EMAIL: _email,
    State.ADDRESS: _address,
    State.TERMS: _terms,
    State.START: _started,
}


def _ask(talk: Talk) -> Step:
    return Step(replace(talk, repeats=0), _question(talk.state))


def _repeat(talk: Talk) -> Step:
    """Ask again; after a while, leave it to the join page and to people."""
    if talk.repeats < MOST_REPEATS:
        again = replace(talk, repeats=talk.repeats + 1)
        return Step(again, _question(talk.state), is_repeat=True)
    if talk.state in JOINING:
        return Step(Talk(), Say.GAVE_UP, acts=(Act.SEND_LINK,))
    return Step(Talk(), Say.ASK_US)


def _question(state: State) -> Say:
    return Say(state.value.lower())

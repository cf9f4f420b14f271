"""One message and its answer: what is known, what follows, what is said."""

from datetime import datetime, timedelta
from typing import Any

import structlog

from consent.models import Channel, Purpose, Text
from consent.selectors import find_permission, has_objected
from consent.services import YES
from conversation import answers, effects, limits, rules
from conversation.channels import Line, Question
from conversation.models import Conversation, InboundMessage
from conversation.rules import (
    LIFE,
    QUESTIONS,
    Act,
    Say,
    Sender,
    Standing,
    State,
    Step,
    Talk,
    Timing,
)
from conversation.words import Heard, Word, fold, hear
from members import silence
from members.models import Identifier, Member
from messaging.models import Message

log = structlog.get_logger(__name__)

Outcome = InboundMessage.Outcome

# The same JOIN again within this time is one: phones and people send twice.
_SAME_JOIN = timedelta(seconds=60)
# What an idle conversation holds: nothing that was answered.
CLOSED: dict[str, Any] = {
    "state": State.IDLE.value,
    "context": {},
    "question": None,
    "asked_at": None,
    "began_at": None,
    "expires_at": None,
}
_STANDINGS = {
    Member.Status.PENDING: Standing.PENDING,
    Member.Status.ACTIVE: Standing.ACTIVE,
    Member.Status.LEFT: Standing.LEFT,
}


class Turn:
    """A message that is being taken; its conversation's row is locked."""

    def __init__(
        self,
        message: InboundMessage,
        conversation: Conversation,
        *,
        line: Line,
        address: str,
        soonest: timedelta,
        now: datetime,
    ) -> None:
        self.message, self.conversation = message, conversation
        self.line, self.address, self.now = line, address, now
        self.soonest = soonest
        self.programme = message.programme
        self.member = message.member

    def take(self) -> None:
        """Understand the message, do what follows, and answer."""
        conversation = self.conversation
        heard = hear(self.message.text)
        can_answer = self.line.may_answer(self.programme, self.address)
        if not can_answer and heard.word is not Word.STOP:
            self.message.outcome = Outcome.UNANSWERED
        elif self._is_old_join(heard):
            self.message.outcome = Outcome.LATE
        else:
            if conversation.expires_at and conversation.expires_at <= self.now:
                self._close()
            self.message.outcome = self._answer(heard, can_answer=can_answer)
            self._name_member()
        conversation.heard_at = self.now
        conversation.save()

    def _answer(self, heard: Heard, *, can_answer: bool) -> Outcome:
        conversation = self.conversation
        before = self._talk()
        timing = self._timing()
        conversation.language = self._language(heard, before)
        step = rules.step(before, heard, sender=self._sender(), timing=timing)
        was_confirmed = conversation.stop_confirmed_at is not None
        say, is_news = self._act(before, step, heard)
        self._move(before, step, say)
        if say is not Say.STOPPED:
            conversation.stop_confirmed_at = None
        if say is None:
            is_late = timing is Timing.LATE and before.state is step.talk.state
            return Outcome.LATE if is_late else Outcome.HEARD
        if say is Say.STOPPED and was_confirmed and not is_news:
            # Once is enough, or two machines would go on for ever.
            return Outcome.HEARD
        if not can_answer or not self._may_say(say, heard):
            return Outcome.UNANSWERED
        self._say(say, step)
        if say is Say.STOPPED:
            conversation.stop_confirmed_at = self.now
        return Outcome.HEARD

    # WHAT IS KNOWN

    def _talk(self) -> Talk:
        conversation = self.conversation
        return Talk.from_json(conversation.state, conversation.context.get("talk", {}))

    def _sender(self) -> Sender:
        member = self.member
        if member is None:
            return Sender(Standing.STRANGER)
        phone = self.line.phone_of(self.address)
        standing = _STANDINGS.get(Member.Status(member.status), Standing.CLOSED)
        # Numbers go to others after a long silence; an SMS cannot tell who it is.
        is_silent = silence.is_silent(
            member=member,
            kind=Identifier.Kind.PHONE,
            value=phone,
            stake=silence.Stake.MEMBERSHIP,
            now=self.now,
        )
        if is_silent:
            standing = Standing.CLOSED
        latest = find_permission(member, purpose=Purpose.MARKETING, channel=Channel.SMS)
        return Sender(
            standing=standing,
            is_current=member.phone == phone,
            sees_points=Identifier.objects.filter(
                member=member,
                kind=Identifier.Kind.PHONE,
                value=phone,
                ended_at=None,
                proven_at__isnull=False,
            ).exists(),
            says_yes_to_sms=latest is not None and latest.action in YES,
            has_objected=has_objected(member),
        )

    def _timing(self) -> Timing:
        question, written_at = self.conversation.question, self.message.sent_at
        asked_at = self.conversation.asked_at
        never_went = question is None and asked_at is None
        if question is not None:
            states = Message.State
            never_went = question.state in {states.FAILED, states.STOPPED}
            # Of an unknown end: if it arrived, then not before it was tried.
            is_unknown = question.state == states.UNKNOWN
            asked_at = question.claimed_at if is_unknown else question.sent_at
        return rules.timing_of(
            asked_at=asked_at,
            never_went=never_went,
            written_at=min(written_at or self.now, self.now),
            soonest=self.soonest,
        )

    def _language(self, heard: Heard, talk: Talk) -> str:
        """Return the language to answer in: JOIN chooses it, a member has one."""
        if heard.word is Word.JOIN and heard.language:
            return heard.language
        if talk.state is not State.IDLE:
            return self.conversation.language
        if self.member is not None:
            return self.member.language
        return heard.language or self.programme.language

    def _is_old_join(self, heard: Heard) -> bool:
        """Tell whether a JOIN was taken already, or is older than the last one."""
        began_at = self.conversation.began_at
        if heard.word is not Word.JOIN or began_at is None:
            return False
        written_at = self.message.sent_at
        if written_at is not None and written_at < began_at:
            return True
        if self.now - began_at > _SAME_JOIN:
            return False
        before = InboundMessage.objects.filter(conversation=self.conversation)
        last = before.exclude(pk=self.message.pk).order_by("-received_at", "-pk")
        return any(fold(each.text) == fold(self.message.text) for each in last[:1])

    # WHAT FOLLOWS

    def _act(self, before: Talk, step: Step, heard: Heard) -> tuple[Say | None, bool]:
        """Do what a step asks for; return what to say, and whether STOP ended a thing.

        What cannot be done is answered by people.
        """
        if Act.BEGIN in step.acts and self._begin(heard):
            return Say.NAME, False
        if Act.WITHDRAW in step.acts:
            return Say.STOPPED, self._withdraw() or before.state is not State.IDLE
        if not step.acts:
            return self._unless_unwritten(step.say), False
        if self.member is not None:
            if Act.FINISH in step.acts and effects.finish(
                self.conversation,
                member=self.member,
                talk=before,
                message=self.message,
                now=self.now,
            ):
                return None, False
            if Act.SEND_LINK in step.acts and effects.send_link(
                self.member, now=self.now
            ):
                return Say.GAVE_UP, False
            if {Act.GIVE, Act.REFUSE} & set(step.acts):
                is_written = effects.answer_start(
                    self.conversation,
                    member=self.member,
                    yes=Act.GIVE in step.acts,
                    message=self.message,
                    now=self.now,
                )
                return step.say if is_written else Say.OBJECTED, False
        return Say.ASK_US, False

    def _begin(self, heard: Heard) -> bool:
        if not answers.has_texts(self.programme, self.conversation.language):
            log.error("conversation_without_texts")
            return False
        self.member = effects.begin(
            self.conversation,
            phone=self.line.phone_of(self.address),
            store=heard.argument,
            now=self.now,
        )
        return True

    def _withdraw(self) -> bool:
        if self.member is None:
            return False
        return effects.withdraw(self.member, message=self.message, now=self.now)

    def _unless_unwritten(self, say: Say | None) -> Say | None:
        """Leave it to people where the text that a question is about is not written."""
        if say is None:
            return None
        try:
            answers.text_for(say, self.programme, self.conversation.language)
        except Text.DoesNotExist:
            log.error("conversation_without_texts")
            return Say.ASK_US
        return say

    # WHERE IT STANDS THEN

    def _move(self, before: Talk, step: Step, say: Say | None) -> None:
        conversation = self.conversation
        after = step.talk if say is step.say else Talk()
        if after.state is State.IDLE:
            self._close()
            return
        context = dict(conversation.context)
        starts_over = Act.BEGIN in step.acts or before.state is State.IDLE
        if starts_over:
            # What was answered before proves nothing any more.
            context = {}
            conversation.began_at = self.now
        elif after.state is not before.state:
            proven = {before.state.value: str(self.message.public_id)}
            context["proofs"] = {**context.get("proofs", {}), **proven}
        if starts_over or after.state is not before.state:
            # Until the new question is on its way, nothing answers it.
            conversation.question = conversation.asked_at = None
            conversation.expires_at = self.now + LIFE
        context["talk"] = after.as_json()
        conversation.context = context
        conversation.state = after.state.value

    def _close(self) -> None:
        for name, value in CLOSED.items():
            setattr(self.conversation, name, value)

    def _name_member(self) -> None:
        """Let what was written before somebody was known be erased with them."""
        self.message.member = self.member
        self.conversation.member = self.member
        if self.member is not None:
            InboundMessage.objects.filter(
                conversation=self.conversation, member=None
            ).exclude(pk=self.message.pk).update(member=self.member)

    # WHAT IS SAID

    def _may_say(self, say: Say, heard: Heard) -> bool:
        if say is Say.STOPPED:
            return True
        return limits.may_answer(
            self.programme,
            self.address,
            is_explanation=say is Say.HELP and heard.word is not Word.HELP,
            now=self.now,
        )

    def _say(self, say: Say, step: Step) -> None:
        conversation, programme = self.conversation, self.programme
        language = conversation.language
        text = answers.text_for(say, programme, language)
        member = self.member
        is_theirs = member is not None and member.phone == self.line.phone_of(
            self.address
        )
        asked = self.line.answer(
            Question(
                programme=programme,
                member=member if is_theirs else None,
                address=self.address,
                kind=answers.kind_of(say),
                language=language,
                context=answers.context_of(
                    say,
                    programme=programme,
                    member=member,
                    language=language,
                    text=text,
                    is_repeat=step.is_repeat,
                    is_open=conversation.state != State.IDLE.value,
                    now=self.now,
                ),
                dedupe_key=f"conversation:{self.message.public_id}",
            ),
            now=self.now,
        )
        if say in QUESTIONS:
            conversation.question, conversation.asked_at = asked.message, asked.at
            if text is not None:
                key = text.channel or answers.TERMS_PAGE
                known = conversation.context.get("texts", {})
                conversation.context["texts"] = {**known, key: str(text.public_id)}

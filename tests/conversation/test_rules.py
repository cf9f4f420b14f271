"""The conversation as a pure machine, whatever is written to it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from conversation.rules import (
    JOINING,
    MOST_REPEATS,
    QUESTIONS,
    Act,
    Say,
    Sender,
    Standing,
    State,
    Talk,
    Timing,
    step,
    timing_of,
)
from conversation.words import Answer, Word, hear

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PENDING = Sender(Standing.PENDING)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "JOIN 1", "GÅ MED", "TILMELD", "STOP", "stopp", "START", "HELP", "SALDO",
            "ja", "nej", "yes", "no", "ok", "Vera Lind", "vera@example.se", "kanske",
            "ja eller nej", "👍", "", "123", "ja vera@example.se",
        ]
    ),
    st.text(max_size=40),
)  # fmt: skip
SENDERS = st.builds(
    Sender,
    standing=st.sampled_from(Standing),
    is_current=st.booleans(),
    sees_points=st.booleans(),
    says_yes_to_sms=st.booleans(),
)
TALKS = st.builds(
    Talk,
    state=st.sampled_from(State),
    repeats=st.integers(0, MOST_REPEATS),
    sms=st.sampled_from([None, True, False]),
    email_offers=st.sampled_from([None, True, False]),
)


class TestTimingOf:
    @pytest.mark.parametrize(
        ("asked_at", "never_went", "written_after", "timing"),
        [
            (AT, False, 30, Timing.ANSWER),
            (AT, False, 3.1, Timing.ANSWER),
            (AT, False, 3, Timing.LATE),
            (AT, False, 0, Timing.LATE),
            (AT, False, -600, Timing.LATE),
            (None, False, 30, Timing.LATE),
            (None, True, 30, Timing.UNASKED),
            (AT, True, 30, Timing.UNASKED),
        ],
    )
    def test_follows_from_the_question(
        self, asked_at, never_went, written_after, timing
    ):
        found = timing_of(
            asked_at=asked_at,
            never_went=never_went,
            written_at=AT + timedelta(seconds=written_after),
        )

        assert found is timing


class TestStep:
    @settings(max_examples=400)
    @given(TALKS, TEXTS, SENDERS, st.sampled_from(Timing))
    def test_never_fails_and_always_leads_somewhere(self, talk, text, sender, timing):
        taken = step(talk, hear(text), sender=sender, timing=timing)

        if taken.talk.state is not State.IDLE and taken.say is not None:
            assert taken.say.value == taken.talk.state.value.lower() or (
                taken.say in {Say.HELP, Say.BALANCE, Say.NO_BALANCE, Say.HOW_TO_JOIN}
            )
        assert taken.talk.repeats <= MOST_REPEATS

    @settings(max_examples=400)
    @given(TALKS, TEXTS, SENDERS, st.sampled_from(Timing))
    def test_takes_a_yes_only_as_an_answer_to_its_question(
        self, talk, text, sender, timing
    ):
        heard = hear(text)

        taken = step(talk, heard, sender=sender, timing=timing)

        is_yes = heard.answer is Answer.YES and timing is Timing.ANSWER
        if taken.talk.sms is True and talk.sms is not True:
            assert talk.state is State.SMS
            assert is_yes
        if taken.talk.email_offers is True and talk.email_offers is not True:
            assert talk.state is State.EMAIL
            assert is_yes
        if Act.GIVE in taken.acts:
            assert talk.state is State.START
            assert sender.standing is Standing.ACTIVE
            # The yes is to the number that we write to.
            assert sender.is_current
            assert is_yes
        if Act.FINISH in taken.acts:
            assert talk.state is State.TERMS
            assert is_yes

    @given(TALKS, SENDERS, st.sampled_from(Timing))
    def test_lets_stop_win_at_any_time(self, talk, sender, timing):
        taken = step(talk, hear("Stopp!"), sender=sender, timing=timing)

        assert taken.talk == Talk()
        assert taken.acts == (Act.WITHDRAW,)

    @given(TALKS, SENDERS, st.sampled_from(Timing))
    def test_tells_nobody_points_that_are_not_theirs(self, talk, sender, timing):
        taken = step(talk, hear("SALDO"), sender=sender, timing=timing)

        may = sender.standing is Standing.ACTIVE and sender.sees_points
        assert taken.say is (Say.BALANCE if may else Say.NO_BALANCE)

    @given(TALKS, st.sampled_from(Timing))
    def test_starts_over_with_join(self, talk, timing):
        taken = step(talk, hear("JOIN"), sender=PENDING, timing=timing)

        assert taken.talk == Talk(State.NAME)

    def test_asks_every_question_once_when_all_is_understood(self):
        talk, said = Talk(), []
        for text in ("JOIN", "Vera Lind", "ja", "ja", "vera@example.se", "ja"):
            taken = step(talk, hear(text), sender=PENDING)
            talk = taken.talk
            said.append(taken.say)

        assert said == [
            Say.NAME, Say.SMS, Say.EMAIL, Say.ADDRESS, Say.TERMS, None,
        ]  # fmt: skip
        assert taken.acts == (Act.FINISH,)


class TestTalk:
    @given(TALKS)
    def test_survives_being_stored(self, talk):
        assert Talk.from_json(talk.state.value, talk.as_json()) == talk

    def test_survives_fields_of_another_release(self):
        kept = {"first_name": "Vera", "shoe_size": 38}

        assert Talk.from_json("SMS", kept).first_name == "Vera"


class AnyConversation(RuleBasedStateMachine):
    """Anybody writes anything; what they said yes to is written down beside it."""

    def __init__(self):
        super().__init__()
        self.talk = Talk()
        self.sender = Sender(Standing.STRANGER)
        self.answered = set()
        self.may_send = False
        self.asked = None

    @rule(text=TEXTS, timing=st.sampled_from([Timing.ANSWER] * 3 + list(Timing)))
    def write(self, text, timing):
        heard = hear(text)
        if timing is Timing.ANSWER and heard.word is None:
            key = (self.talk.state, heard.answer)
        else:
            key = None
        before = self.talk
        taken = step(before, heard, sender=self.sender, timing=timing)
        if Act.BEGIN in taken.acts:
            self.answered = set()
            if self.sender.standing is Standing.STRANGER:
                self.sender = PENDING
        if key:
            self.answered.add(key)
        if Act.FINISH in taken.acts:
            self.finish(taken.talk)
        if Act.GIVE in taken.acts:
            assert key == (State.START, Answer.YES)
            self.may_send = True
        if Act.WITHDRAW in taken.acts:
            self.may_send = False
        if heard.word is Word.STOP:
            assert not self.may_send
            assert taken.talk.state is State.IDLE
        self.talk = taken.talk
        self.sender = Sender(
            self.sender.standing, says_yes_to_sms=self.may_send, sees_points=True
        )

    def finish(self, talk):
        assert (State.TERMS, Answer.YES) in self.answered
        assert talk.first_name
        if talk.sms:
            assert (State.SMS, Answer.YES) in self.answered
        if talk.email_offers:
            assert (State.EMAIL, Answer.YES) in self.answered
            assert talk.email
        self.may_send = bool(talk.sms)
        self.sender = Sender(Standing.ACTIVE)

    @rule()
    def leave(self):
        if self.sender.standing is Standing.ACTIVE:
            self.sender = Sender(Standing.LEFT)
            self.may_send = False

    @invariant()
    def is_somewhere(self):
        assert self.talk.repeats <= MOST_REPEATS
        if self.talk.state in JOINING - {State.NAME}:
            assert self.talk.first_name
        assert self.talk.state is State.IDLE or Say(self.talk.state.value.lower()) in (
            QUESTIONS
        )


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(max_examples=60, stateful_step_count=40)

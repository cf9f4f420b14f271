"""Stop, start, and what the balance is."""

from datetime import timedelta

import pytest

from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Purpose,
)
from consent.selectors import find_permission, has_objected, permissions_of
from consent.services import YES, object_to_marketing, withdraw_all
from conversation.models import Conversation, InboundMessage
from members import identity
from members.models import Identifier
from tests.conversation.services.asking import Action, given
from tests.factories.club import buy, line
from tests.factories.consent import answer
from tests.factories.conversation import PHONE, Phone
from tests.factories.members import MemberFactory
from tests.factories.preferences import permit


class TestStop:
    @pytest.fixture
    def member(self, club, now):
        member = MemberFactory(programme=club, phone=PHONE)
        for channel in MESSAGE_CHANNELS:
            answer(member, Action.GIVEN, channel=channel, at=now - timedelta(days=1))
        return member

    def test_takes_back_every_yes_to_sms_and_no_other(self, phone, member):
        assert phone.say("Stopp!") == ["stopped"]

        assert not given(member)
        assert given(member, Channel.EMAIL)
        entry = find_permission(member, purpose=Purpose.MARKETING, channel=Channel.SMS)
        message = InboundMessage.objects.get()
        assert entry.action == Action.WITHDRAWN
        assert entry.evidence == {"inbound_message": str(message.public_id)}

    def test_takes_back_what_was_confirmed_or_taken_over(self, phone, member):
        """A yes is a yes, whichever way it came; profiling is no message."""
        for action in (Action.CONFIRMED, Action.IMPORTED):
            answer(member, action, at=phone.now)
            profiling = permit(member, Purpose.PROFILING, Channel.ANY, at=phone.now)

            phone.say("STOP")

            entry = find_permission(
                member, purpose=Purpose.MARKETING, channel=Channel.SMS
            )
            assert entry.action == Action.WITHDRAWN
            assert entry.evidence.keys() == {"inbound_message"}
            assert entry.actor == "member"
            assert profiling == find_permission(
                member, purpose=Purpose.PROFILING, channel=Channel.ANY
            )
            phone.now += timedelta(minutes=5)

    def test_is_confirmed_once(self, phone, member):
        assert phone.say("STOP") == ["stopped"]
        assert phone.say("STOP") == []
        assert phone.say("STOP") == []
        assert ConsentEntry.objects.filter(action=Action.WITHDRAWN).count() == 1

    def test_is_confirmed_again_when_it_ended_something(self, phone, member):
        phone.say("STOP", "START", "JA")

        assert phone.say("STOP") == ["stopped"]
        assert not given(member)

    @pytest.mark.parametrize("answered", range(5))
    def test_ends_a_conversation_at_every_question(self, phone, answered):
        texts = ["Vera Lind", "ja", "ja", "vera@example.se"]
        phone.say("GÅ MED", *texts[:answered])

        assert phone.say("stopp") == ["stopped"]
        assert Conversation.objects.get().context == {}
        assert phone.say("ja") == ["help"]
        assert not ConsentEntry.objects.exists()

    def test_is_answered_alike_to_those_we_do_not_know(self, phone, member, club):
        stranger = Phone(club, now=phone.now, number="+46701740699")

        phone.say("STOP")
        stranger.say("STOP")

        assert phone.received[-1].body == stranger.received[-1].body

    def test_works_from_where_we_send_nothing(self, club, now):
        member = MemberFactory(programme=club, phone="+447400123456")
        answer(member, Action.GIVEN, at=now - timedelta(days=1))

        Phone(club, now=now, number=member.phone).write("STOP")

        assert not given(member)

    def test_is_confirmed_when_we_have_answered_enough(self, phone, member):
        for _text in range(25):
            phone.say("HELP")

        assert phone.say("HELP") == []
        assert phone.say("STOP") == ["stopped"]


class TestStart:
    @pytest.fixture
    def member(self, club):
        return MemberFactory(programme=club, phone=PHONE, language="da")

    def test_gives_nothing_before_the_text_was_answered(self, phone, member):
        assert phone.say("START") == ["start"]
        assert not given(member)
        assert "må sende mig tilbud" in phone.received[-1].body

        assert phone.say("ja") == ["started"]
        assert given(member)
        entry = ConsentEntry.objects.get()
        assert entry.text.language == "da"
        assert entry.source == ConsentEntry.Source.SMS_REPLY

    def test_writes_down_a_no(self, phone, member):
        assert phone.say("START", "nej") == ["not_started"]

        assert ConsentEntry.objects.get().action == Action.REFUSED

    def test_asks_nobody_who_said_yes(self, phone, member):
        answer(member, Action.GIVEN, at=phone.now)

        assert phone.say("START") == ["started_before"]

    def test_brings_no_profiling_and_no_surveys_back(self, phone, member):
        permit(member, Purpose.PROFILING, Channel.ANY, at=phone.now)
        permit(member, Purpose.SURVEYS, Channel.SMS, at=phone.now)
        withdraw_all(
            member=member,
            source=ConsentEntry.Source.PORTAL,
            evidence={},
            now=phone.now + timedelta(seconds=1),
        )
        phone.now += timedelta(minutes=5)

        phone.say("START", "ja")

        assert given(member)
        said = permissions_of(member)
        yes = [key for key, each in said.items() if each.action in YES]
        assert yes == [(Purpose.MARKETING, Channel.SMS)]

    def test_does_not_lift_an_objection(self, phone, member):
        object_to_marketing(
            member=member,
            source=ConsentEntry.Source.PORTAL,
            evidence={},
            now=phone.now,
        )

        assert phone.say("START") == ["objected"]
        assert "/me/choices/" in phone.received[-1].body
        assert phone.say("ja") == ["help"]

        assert has_objected(member)
        assert not given(member)

    def test_does_not_lift_an_objection_that_came_before_the_answer(
        self, phone, member
    ):
        phone.say("START")
        object_to_marketing(
            member=member,
            source=ConsentEntry.Source.PORTAL,
            evidence={},
            now=phone.now,
        )

        assert phone.say("ja") == ["objected"]

        assert has_objected(member)
        assert not given(member)

    def test_shows_others_how_to_join(self, phone):
        assert phone.say("START") == ["how_to_join"]

    def test_is_no_yes_in_the_middle_of_joining(self, phone):
        assert phone.say("JOIN", "Vera", "START") == ["sms"]
        assert Conversation.objects.get().state == "SMS"

    def test_leaves_nonsense_to_people(self, phone, member):
        assert phone.say("START", "hm", "hm", "hm") == ["ask_us"]
        assert not ConsentEntry.objects.exists()


class TestBalance:
    def test_shows_points_and_their_worth_and_no_name(self, phone, club, store):
        member = MemberFactory(programme=club, phone=PHONE, first_name="Ingrid")
        identity.prove(
            member=member,
            kind=Identifier.Kind.PHONE,
            value=PHONE,
            proof=Identifier.Proof.CODE,
            now=phone.now,
        )
        buy(member, store, line("640.00"), now=phone.now)

        assert phone.say("Saldo?") == ["balance"]
        assert "640 poäng" in phone.received[-1].body
        assert "64 kr" in phone.received[-1].body
        assert "Ingrid" not in phone.received[-1].body

    def test_is_not_shown_for_a_number_that_nobody_has_proven(self, phone, club):
        MemberFactory(programme=club, phone=PHONE)

        assert phone.say("SALDO") == ["no_balance"]

    def test_answers_strangers_pending_and_left_alike(self, club, now):
        bodies = set()
        for number, trait in (
            ("+46701740601", None),
            ("+46701740602", "pending"),
            ("+46701740603", "left"),
        ):
            if trait:
                MemberFactory(programme=club, phone=number, **{trait: True})
            phone = Phone(club, now=now, number=number)
            phone.say("SALDO")
            bodies.add(phone.received[-1].body)

        assert len(bodies) == 1

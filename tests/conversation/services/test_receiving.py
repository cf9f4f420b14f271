"""A registration by text, from the first word to the last answer."""

from datetime import timedelta
from time import sleep

import pytest

from consent import texts
from consent.models import (
    Channel,
    ConsentEntry,
    Purpose,
    TermsAcceptance,
    Text,
)
from consent.selectors import find_permission, permissions_of
from conversation import services
from conversation.models import Conversation, InboundMessage
from enrolment.models import JoinLink, Registration
from members import identity
from members.models import Identifier, Member
from messaging import notices
from messaging.models import Message
from tests.conversation.services.asking import Action, Outcome, given, welcomes
from tests.factories.consent import answer
from tests.factories.conversation import PHONE, Phone, inbound
from tests.factories.members import MemberFactory
from tests.messaging.test_notices import patiently


class TestReceive:
    def test_makes_a_member_of_whoever_answers_every_question(self, phone, store):
        assert phone.say("GÅ MED 1") == ["name"]
        assert phone.say("Ingrid Åkerström") == ["sms"]
        assert phone.say("ja") == ["email"]
        assert phone.say("Ja tack!") == ["address"]
        assert phone.say("ingrid@example.se") == ["terms"]
        phone.say("JA")

        member = Member.objects.get()
        assert member.status == Member.Status.ACTIVE
        assert (member.first_name, member.last_name) == ("Ingrid", "Åkerström")
        assert member.email == "ingrid@example.se"
        assert member.home_store == store
        assert member.language == "sv"
        assert member.phone_verified_at is not None
        registration = Registration.objects.get()
        assert registration.way == Registration.Way.SMS
        assert registration.outcome == Registration.Outcome.FINISHED
        assert registration.store == store

    def test_keeps_the_proof_of_each_answer(self, phone):
        phone.say("JOIN 1", "Ingrid Berg", "yes", "no")
        sms_yes = InboundMessage.objects.get(text="yes")
        phone.say("ok")

        member = Member.objects.get()
        entries = permissions_of(member)
        by_sms = entries[Purpose.MARKETING, Channel.SMS]
        by_email = entries[Purpose.MARKETING, Channel.EMAIL]
        assert (by_sms.action, by_email.action) == (Action.GIVEN, Action.REFUSED)
        assert by_sms.source == ConsentEntry.Source.SMS_REPLY
        proofs = by_sms.evidence["inbound_messages"]
        assert proofs["SMS"] == str(sms_yes.public_id)
        assert set(proofs) == {"NAME", "SMS", "EMAIL", "TERMS"}
        assert by_sms.text.language == "en"
        # The words of that version were in the question.
        question = Message.objects.get(kind="conversation_sms")
        assert by_sms.text.body.split("\n\n")[0] in question.body
        assert TermsAcceptance.objects.get().text.language == "en"

    def test_records_the_version_that_was_sent_though_a_newer_is_in_force(
        self, phone, club
    ):
        phone.say("JOIN", "Ingrid Berg")
        asked = Text.objects.get(purpose="MARKETING", channel="SMS", language="en")
        texts.publish(
            programme=club,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            wordings={"en": texts.Wording("New", "Quite another thing.")},
            now=phone.now,
        )
        phone.say("yes", "no", "yes")

        entry = find_permission(
            Member.objects.get(), purpose=Purpose.MARKETING, channel=Channel.SMS
        )
        assert entry.text == asked

    def test_proves_the_number_when_the_first_text_comes(self, phone):
        phone.say("TILMELD")

        identifier = Identifier.objects.get()
        assert identifier.proof == Identifier.Proof.SMS
        assert identifier.proven_at is not None
        assert Member.objects.get().status == Member.Status.PENDING

    def test_welcomes_a_new_member_once_and_by_the_notice(self, phone):
        phone.say("JOIN", "Ingrid Berg", "no", "no", "yes")
        # The log is read as far as other transactions of the server allow.
        for _try in range(300):
            patiently(lambda: notices.follow(now=phone.now) or welcomes())
            if welcomes():
                break
            sleep(0.1)

        assert [message.kind for message in phone.wait()] == ["welcome"]

    def test_takes_whoever_left_and_is_back(self, phone, club):
        member = MemberFactory(programme=club, phone=PHONE, left=True)

        phone.say("GÅ MED", "Vera Lind", "nej", "nej", "ja")

        member.refresh_from_db()
        assert member.status == Member.Status.ACTIVE
        assert Registration.objects.get().is_return

    def test_goes_on_with_a_number_that_the_till_registered(self, phone, club):
        member = MemberFactory(programme=club, phone=PHONE, pending=True)

        phone.say("GÅ MED", "Vera Lind", "nej", "nej", "ja")

        member.refresh_from_db()
        assert member.status == Member.Status.ACTIVE

    def test_tells_an_active_member_so(self, phone, club):
        MemberFactory(programme=club, phone=PHONE)

        assert phone.say("JOIN") == ["member"]

    def test_leaves_blocked_members_to_people(self, phone, club):
        MemberFactory(programme=club, phone=PHONE, blocked=True)

        assert phone.say("JOIN") == ["ask_us"]
        assert phone.say("SALDO") == ["no_balance"]

    def test_leaves_numbers_that_were_silent_for_long_to_people(self, phone, club):
        member = MemberFactory(programme=club, phone=PHONE)
        identity.prove(
            member=member,
            kind=Identifier.Kind.PHONE,
            value=PHONE,
            proof=Identifier.Proof.SMS,
            now=phone.now - timedelta(days=800),
        )

        assert phone.say("SALDO") == ["no_balance"]
        Member.objects.update(status=Member.Status.LEFT)
        assert phone.say("JOIN") == ["ask_us"]

    def test_asks_again_twice_and_then_sends_the_link(self, phone):
        assert phone.say("JOIN", "123", "456") == ["name"]
        assert sorted(phone.say("789")) == ["gave_up", "join_link"]

        assert JoinLink.objects.count() == 1
        assert Conversation.objects.get().state == "IDLE"

    def test_says_when_it_does_not_understand(self, phone):
        phone.say("GÅ MED", "Vera Lind", "kanske")

        assert "bara JA eller NEJ" in phone.received[-1].body

    def test_starts_over_with_a_join_in_the_middle(self, phone):
        phone.say("GÅ MED", "Vera Lind", "ja")

        assert phone.say("JOIN") == ["name"]
        assert Conversation.objects.get().context["talk"]["sms"] is None
        phone.say("Eva Ek", "no", "no", "yes")
        assert not given(Member.objects.get())

    def test_takes_two_joins_at_once_for_one(self, phone):
        phone.write("GÅ MED 1")
        second = phone.write("Gå med 1!")

        assert second.outcome == Outcome.LATE
        assert [message.kind for message in phone.wait()] == ["conversation_name"]

    def test_forgets_a_conversation_after_two_days(self, phone):
        phone.say("GÅ MED", "Vera Lind")
        phone.now += timedelta(hours=48)

        assert phone.say("JA") == ["help"]
        assert Conversation.objects.get().context == {}

    def test_does_not_take_a_declined_membership_for_one(self, phone):
        assert phone.say("GÅ MED", "Vera", "nej", "nej", "nej") == ["declined"]

        assert Member.objects.get().status == Member.Status.PENDING
        assert not ConsentEntry.objects.exists()

    def test_skips_the_address_of_whoever_gives_none(self, phone):
        assert phone.say("GÅ MED", "Vera", "nej", "ja", "hoppsan") == ["address"]
        assert phone.say("nej") == ["terms"]
        phone.say("ja")

        assert not given(Member.objects.get(), Channel.EMAIL)

    def test_remembers_an_address_that_came_early(self, phone):
        assert phone.say("GÅ MED", "Vera", "nej", "vera@example.se") == ["email"]
        assert phone.say("ja") == ["terms"]
        phone.say("ja")

        assert Member.objects.get().email == "vera@example.se"
        assert given(Member.objects.get(), Channel.EMAIL)

    def test_leaves_out_the_address_of_another_member(self, phone, club):
        MemberFactory(programme=club, email="vera@example.se")

        phone.say("GÅ MED", "Vera", "nej", "ja", "vera@example.se", "ja")

        member = Member.objects.get(phone=PHONE)
        assert (member.status, member.email) == (Member.Status.ACTIVE, "")

    def test_ends_when_the_membership_was_finished_by_the_link(self, phone, club):
        phone.say("GÅ MED", "Vera")
        Member.objects.update(
            status=Member.Status.ACTIVE, activated_at=phone.now, first_name="Vera"
        )

        assert phone.say("ja") == ["help"]
        assert not ConsentEntry.objects.exists()

    def test_finds_the_store_by_name_too(self, phone, store):
        phone.say("GÅ MED Uppsala")

        assert Registration.objects.get().store == store

    def test_sends_nobody_away_for_a_store_that_is_not_there(self, phone):
        assert phone.say("GÅ MED 999") == ["name"]

        assert Registration.objects.get().store is None

    def test_refuses_numbers_that_get_no_sms(self, club, now):
        foreign = Phone(club, now=now, number="+447400123456")

        message = foreign.write("JOIN 1")

        assert message.outcome == Outcome.UNANSWERED
        assert not Member.objects.exists()
        assert foreign.wait() == []

    @pytest.mark.parametrize("sender", ["Banken", "72456", "", "+46812345678"])
    def test_does_not_answer_what_is_no_mobile_number(self, club, now, sender):
        message = services.receive(
            programme=club, inbound=inbound("JOIN 1", sender=sender), now=now
        )

        assert message.outcome == Outcome.NO_ADDRESS
        assert not Conversation.objects.exists()

    def test_keeps_what_no_database_likes(self, phone):
        message = phone.write("JOIN\x00 1 \ud83d", provider_id="x" * 500)

        assert message.outcome == Outcome.HEARD
        assert len(InboundMessage.objects.get().provider_id) == 64

    def test_needs_texts_to_ask_about(self, programme, now):
        phone = Phone(programme, now=now)

        assert phone.say("JOIN") == ["ask_us"]
        assert not Member.objects.exists()


class TestDuplicates:
    def test_change_nothing(self, phone):
        first = phone.write("GÅ MED", provider_id="abc")
        again = phone.write("GÅ MED", provider_id="abc")

        assert first == again
        assert InboundMessage.objects.count() == 1
        assert len(phone.wait()) == 1

    def test_of_a_yes_are_no_yes_to_the_next_question(self, phone):
        phone.say("GÅ MED", "Vera")
        phone.write("JA", provider_id="1")
        late = phone.write("JA", provider_id="2")

        assert late.outcome == Outcome.LATE
        assert Conversation.objects.get().state == "EMAIL"

    def test_of_a_yes_that_come_much_later_are_known_by_their_time(self, phone):
        phone.say("GÅ MED", "Vera")
        written_at = phone.now
        phone.say("JA")

        late = phone.write("JA", sent_at=written_at)

        assert late.outcome == Outcome.LATE
        assert Conversation.objects.get().state == "EMAIL"
        # And the question can still be answered.
        assert phone.say("NEJ") == ["terms"]

    def test_without_a_time_are_known_by_their_haste(self, phone, club):
        phone.say("GÅ MED", "Vera")
        phone.write("JA")
        phone.wait(by=timedelta(seconds=1))

        hasty = services.receive(programme=club, inbound=inbound("JA"), now=phone.now)
        phone.now += timedelta(seconds=5)
        slow = services.receive(programme=club, inbound=inbound("NEJ"), now=phone.now)

        assert hasty.outcome == Outcome.LATE
        assert slow.outcome == Outcome.HEARD
        assert Conversation.objects.get().state == "TERMS"


class TestOutOfOrder:
    def test_a_join_that_was_delayed_does_not_start_over(self, phone):
        written_at = phone.now - timedelta(minutes=10)
        phone.say("GÅ MED", "Vera", "JA")

        late = phone.write("JOIN 1", sent_at=written_at)

        assert late.outcome == Outcome.LATE
        assert Conversation.objects.get().state == "EMAIL"

    def test_a_stop_that_was_delayed_is_a_stop(self, phone, club):
        member = MemberFactory(programme=club, phone=PHONE)
        answer(member, Action.GIVEN, at=phone.now)

        phone.write("STOP", sent_at=phone.now - timedelta(days=2))

        assert not given(member)

    def test_an_answer_to_a_question_that_is_not_sent_yet_waits_for_it(self, phone):
        phone.write("GÅ MED")
        early = phone.write("Vera Lind")

        assert early.outcome == Outcome.LATE
        assert Conversation.objects.get().state == "NAME"

    def test_a_question_that_failed_is_asked_again(self, phone):
        phone.say("GÅ MED", "Vera")
        Message.objects.filter(kind="conversation_sms").update(
            state=Message.State.FAILED
        )

        assert phone.say("ja") == ["sms"]
        assert Conversation.objects.get().state == "SMS"


class TestLoops:
    def test_between_two_machines_end(self, phone):
        """An answering machine answers everything with the same words."""
        for _turn in range(12):
            phone.say("Tack för ditt meddelande. Vi svarar inom två dagar.")

        assert len(phone.received) == 3

    def test_of_an_echo_end(self, phone):
        phone.say("JOIN")
        for _turn in range(15):
            phone.say(phone.received[-1].body)

        assert len(phone.received) < 10
        assert not ConsentEntry.objects.exists()

    def test_of_keywords_end_too(self, phone):
        for _turn in range(30):
            phone.say("HELP")

        # Twenty, and what the limit refills meanwhile.
        assert 20 <= len(phone.received) <= 25

    def test_are_taken_up_when_answers_may_go_again(self, phone, club):
        for _turn in range(25):
            phone.say("HELP")
        assert phone.say("JOIN") == []
        assert Conversation.objects.get().state == "NAME"

        phone.now += timedelta(hours=1)
        # The question never went out, so this is no answer to it.
        assert phone.say("Vera Lind") == ["name"]
        assert phone.say("Vera Lind") == ["sms"]

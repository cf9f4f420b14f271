"""Who an answer is from, and how long it may be."""

from messaging import sms
from messaging.services import send_due
from tests.factories.conversation import Phone
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue, recording


class TestSender:
    def test_of_what_can_be_answered_is_our_number(self, club, now, settings):
        settings.SMS_REPLY_NUMBER = "+46766861234"
        phone = Phone(club, now=now)
        phone.write("JOIN")

        with recording() as transport:
            send_due(now=now)

        (outgoing,) = transport.sent
        assert outgoing.sender_name == "+46766861234"

    def test_of_everything_else_is_the_clubs_name(self, club, now, settings):
        settings.SMS_REPLY_NUMBER = "+46766861234"
        queue(MemberFactory(programme=club), now=now)

        with recording() as transport:
            send_due(now=now)

        assert transport.sent[0].sender_name == club.sms_sender

    def test_is_the_clubs_name_while_no_number_is_set(self, club, now):
        Phone(club, now=now).write("JOIN")

        with recording() as transport:
            send_due(now=now)

        assert transport.sent[0].sender_name == club.sms_sender


class TestLength:
    def test_of_every_answer_is_two_parts_at_most(self, club, phone, settings):
        settings.PUBLIC_URL = "https://medlem.fjallochform.se"
        for number, words in enumerate(
            (
                ["GÅ MED", "ja", "kanske", "nej"],
                ["TILMELD", "ja", "måske", "nej"],
                ["JOIN", "yes", "maybe", "no"],
            )
        ):
            join, yes, unclear, no = words
            each = Phone(club, now=phone.now, number=f"+4670174061{number}")
            each.say(join, "123", "Vera Lind", unclear, yes, unclear, yes)
            each.say("hm", "vera@example.se", unclear, yes, "START", unclear, yes)
            each.say("START", "STOP", "START", no, "HELP", "SALDO", "JOIN")
            for message in each.received:
                size = sms.size_of(message.body)
                assert (size.encoding, message.body) == ("GSM-7", message.body)
                assert size.segments <= 2, message.body

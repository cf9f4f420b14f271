"""Whatever is written, in the database: what is kept was said."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from consent.models import Channel, ConsentEntry, Purpose
from consent.selectors import find_permission
from conversation.models import Conversation, InboundMessage
from conversation.words import Answer, Word, hear
from members.models import Member
from messaging.models import Message
from tests.factories.club import open_club
from tests.factories.conversation import Phone
from tests.factories.stores import ProgrammeFactory, StoreFactory

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
Action = ConsentEntry.Action
# A way through, so that many walks get far, and what people write instead.
WAY = ["JOIN 1", "Vera Lind", "yes", "no", "yes"]
TEXTS = st.one_of(
    st.sampled_from([*WAY, "START", "STOP", "HELP", "SALDO", "kanske", "v@example.se"]),
    st.text(max_size=30),
)
WALKS = st.builds(
    lambda done, rest: [*WAY[:done], *rest],
    st.integers(0, len(WAY)),
    st.lists(TEXTS, max_size=5),
)


def facts():
    """Return everything that could have changed."""
    return (
        Member.objects.count(),
        InboundMessage.objects.count(),
        Message.objects.count(),
        list(ConsentEntry.objects.order_by("pk").values_list("action", "channel")),
        list(Conversation.objects.values_list("state", "context")),
    )


def proofs_of(entry):
    """Return the message that a permission names for its channel."""
    evidence = entry.evidence
    if "inbound_message" in evidence:
        return evidence["inbound_message"]
    return evidence["inbound_messages"][entry.channel]


class TestAnyTexts(TestCase):
    def walk(self, texts, after):
        programme = ProgrammeFactory()
        StoreFactory(programme=programme, code="1")
        open_club(programme)
        phone = Phone(programme, now=NOW)
        for number, text in enumerate(texts):
            phone.write(text, provider_id=str(number))
            after(phone, text, str(number))
            phone.wait()

    @settings(max_examples=10, deadline=None)
    @given(WALKS)
    def test_leave_no_yes_that_was_not_said(self, texts):
        def after(_phone, text, _provider_id):
            member = Member.objects.first()
            if hear(text).word is Word.STOP and member:
                entry = find_permission(
                    member, purpose=Purpose.MARKETING, channel=Channel.SMS
                )
                assert entry is None or entry.action != Action.GIVEN

        self.walk(texts, after)

        for entry in ConsentEntry.objects.filter(action=Action.GIVEN):
            message = InboundMessage.objects.get(public_id=proofs_of(entry))
            assert hear(message.text).answer is Answer.YES
            asked = Message.objects.filter(
                kind__in=[
                    "conversation_sms",
                    "conversation_email",
                    "conversation_start",
                ],
                sent_at__lt=message.received_at,
                body__contains=entry.text.body.split("\n\n")[0],
            )
            assert asked.exists()

    @settings(max_examples=6, deadline=None)
    @given(WALKS)
    def test_delivered_again_change_nothing(self, texts):
        def after(phone, text, provider_id):
            before = facts()
            for _time in range(2):
                phone.write(text, provider_id=provider_id)
            assert facts() == before

        self.walk(texts, after)

"""What is forgotten of a conversation, and who takes it over."""

from datetime import timedelta

from consent.erasure import erase_member
from consent.retention.kinds import Due
from conversation import retention, services
from conversation.models import Conversation, InboundMessage
from members import merge_registry
from members.models import Member


def let_go(club, now):
    due = Due(club, now - timedelta(days=30), now)
    services.close_lapsed(now=now)
    return retention.empty_texts(due, 100) + retention.drop_silent(due, 100)


class TestLettingGo:
    def test_empties_messages_after_a_month(self, phone, club):
        phone.say("JOIN", "Vera Lind")

        let_go(club, phone.now + timedelta(days=31))

        for message in InboundMessage.objects.all():
            assert (message.text, message.address) == ("", "")
            assert message.provider_id
        assert not Conversation.objects.filter(state="NAME").exists()

    def test_keeps_what_is_young(self, phone, club):
        phone.say("JOIN", "Vera Lind")

        assert let_go(club, phone.now + timedelta(hours=1)) == 0
        assert Conversation.objects.get().state == "SMS"

    def test_ends_what_lapsed(self, phone, club):
        phone.say("JOIN", "Vera Lind")

        let_go(club, phone.now + timedelta(days=3))

        conversation = Conversation.objects.get()
        assert (conversation.state, conversation.context) == ("IDLE", {})

    def test_deletes_conversations_with_nobody(self, phone, club):
        phone.say("HELP")

        let_go(club, phone.now + timedelta(days=31))

        assert not Conversation.objects.exists()
        assert InboundMessage.objects.count() == 1


class TestErasing:
    def test_leaves_no_word_of_what_was_written(self, phone):
        phone.say("HELP", "JOIN", "Vera Unik", "yes", "no", "yes")

        erase_member(member=Member.objects.get(), now=phone.now)

        assert not Conversation.objects.exists()
        assert InboundMessage.objects.count() == 6
        for message in InboundMessage.objects.all():
            assert (message.text, message.address) == ("", "")


class TestMerging:
    def test_speaks_for_both_models(self):
        models = [Conversation, InboundMessage]
        assert merge_registry.unspoken_for(models) == []

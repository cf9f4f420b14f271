"""What follows from events."""

from datetime import timedelta
from time import monotonic, sleep

import pytest

from consent.models import Channel
from members import services as members
from members.models import Event, EventCursor, Member
from messaging import notices, tasks
from messaging.models import Message
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _tasks_wait(monkeypatch):
    monkeypatch.setattr("django_q.conf.Conf.SYNC", False)


def patiently(read, *, for_seconds=30.0):
    """Call until something was read.

    The log is read up to the oldest transaction of the whole server, and other tests
    have theirs open.
    """
    deadline = monotonic() + for_seconds
    while not (found := read()) and monotonic() < deadline:
        sleep(0.05)
    return found


def follow(now):
    return patiently(lambda: notices.follow(now=now))


def activate(programme, now, **changes):
    member = MemberFactory(programme=programme, pending=True, **changes)
    return members.activate_member(
        member=member,
        first_name="Vera",
        last_name="Lindqvist",
        email=f"vera{member.pk}@example.se",
        language="da",
        now=now,
    )


class TestFollow:
    def test_welcomes_a_new_member_on_every_channel_in_their_language(
        self, programme, now
    ):
        member = activate(programme, now)

        follow(now)

        sms, mail = Message.objects.order_by("-channel")
        assert (sms.channel, sms.address) == (Channel.SMS, member.phone)
        assert (mail.channel, mail.address) == (Channel.EMAIL, member.email)
        assert sms.body.startswith("Velkommen til Ljung & Dal, Vera!")
        assert member.number in mail.body
        assert {sms.message_class, mail.message_class} == {"SERVICE"}

    def test_welcomes_once(self, programme, now):
        activate(programme, now)

        follow(now)
        assert notices.follow(now=now) == 0
        # Also when the cursor is lost: the key is the event's.
        EventCursor.objects.all().delete()
        assert follow(now) > 0

        assert Message.objects.count() == 2

    def test_is_silent_about_what_is_long_past(self, programme, now):
        activate(programme, now - timedelta(days=3))

        assert follow(now) > 0
        assert not Message.objects.exists()

    def test_is_silent_about_other_events(self, programme, now):
        member = MemberFactory(programme=programme)
        members.update_member(member=member, first_name="Eva", now=now)

        assert follow(now) == 1
        assert not Message.objects.exists()

    def test_survives_a_member_whose_number_gets_no_sms(self, programme, now):
        activate(programme, now, phone="+4740612345")

        follow(now)

        stopped = Message.objects.get(channel=Channel.SMS)
        assert stopped.error == "country_not_allowed"

    def test_writes_nothing_to_who_was_erased_meanwhile(self, programme, now):
        member = activate(programme, now)
        Member.objects.filter(pk=member.pk).update(
            status=Member.Status.ERASED, phone="", email="", first_name="", last_name=""
        )

        assert follow(now) > 0
        assert not Message.objects.exists()
        assert Event.objects.filter(member=member).exists()


class TestRegister:
    def test_refuses_a_second_notice_for_a_kind_of_event(self):
        with pytest.raises(ValueError, match="two notices"):
            notices.register("member.activated", "welcome")


class TestSend:
    def test_goes_from_the_event_to_the_phone(self, programme, now):
        activate(programme, now)

        assert patiently(tasks.send) == 2

        assert set(Message.objects.values_list("state", flat=True)) == {"SENT"}

    def test_leaves_nothing_for_a_second_run(self, programme, now):
        activate(programme, now)
        patiently(tasks.send)

        assert tasks.send() == 0

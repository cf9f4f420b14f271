"""Members are told that a voucher ends soon: by day, once, and about all together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from consent.models import Channel
from members.models import Event, Member
from messaging import notices
from messaging.models import Message
from offers.vouchers import services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import Gift
from tests.factories.members import MemberFactory
from tests.messaging.test_notices import patiently

# The log is read up to the oldest transaction that is open.
pytestmark = pytest.mark.django_db(transaction=True)
GIVEN_AT = datetime(2026, 3, 14, 11, tzinfo=UTC)
DAY = timedelta(days=1)
# Given for thirty days, its last day is 13 April.
SOON = GIVEN_AT + 24 * DAY


@pytest.fixture
def vera(programme):
    return MemberFactory(programme=programme, phone="+46701740605", language="sv")


def gift(member, value=50):
    return services.give_voucher(
        member=member,
        gift=Gift(Decimal(value)),
        reason="",
        key=str(uuid4()),
        now=GIVEN_AT,
        valid_days=30,
    )


def night(now):
    return run_nightly(now=now)["reminded"]


def told(now):
    """Follow the log until the message is there."""
    assert patiently(lambda: notices.follow(now=now) and sent().exists())


def sent(channel=Channel.SMS):
    return Message.objects.filter(kind="voucher_ends", channel=channel)


class TestReminding:
    def test_says_what_and_until_when_in_the_members_language(self, vera):
        gift(vera)

        night(SOON)

        told(SOON)

        sms, letter = sent().get(), sent(Channel.EMAIL).get()
        assert "gäller till och med 13 april 2026: 50 kr" in sms.body.lower()
        assert "/me/vouchers/" in sms.body
        assert sms.message_class == Message.Class.SERVICE
        assert "13 april" in letter.subject.lower()
        assert "tillsammans" not in letter.body

    def test_says_it_once(self, vera):
        gift(vera)
        for days in (10, 24, 25, 26):
            night(GIVEN_AT + days * DAY)

        told(SOON)
        assert sent().count() == 1

    def test_tells_of_all_that_end_together_at_once(self, vera):
        for value in (50, 50, 20):
            gift(vera, value)

        assert night(SOON) == 3

        told(SOON)
        assert "120 kr" in sent().get().body
        assert "3 värdecheckar tillsammans" in sent(Channel.EMAIL).get().body

    def test_waits_for_the_day(self, vera):
        gift(vera)

        assert night(datetime(2026, 4, 7, 3, tzinfo=UTC)) == 0
        assert night(datetime(2026, 4, 7, 7, 30, tzinfo=UTC)) == 1

    @pytest.mark.parametrize("days", [3, 10])
    def test_begins_as_early_as_the_club_says(self, vera, settings, days):
        settings.VOUCHER_REMIND_DAYS = days
        gift(vera)

        assert night(GIVEN_AT + (31 - days - 1) * DAY - timedelta(hours=1)) == 0
        assert night(GIVEN_AT + (31 - days) * DAY) == 1

    def test_leaves_those_in_peace_who_left(self, vera):
        gift(vera)
        Member.objects.filter(pk=vera.pk).update(
            status=Member.Status.LEFT, left_at=GIVEN_AT
        )

        night(SOON)

        assert not Event.objects.filter(kind="offers.voucher_expires_soon").exists()

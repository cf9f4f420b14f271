"""Members who were told of a version are told that it is off."""

from datetime import timedelta
from decimal import Decimal

import pytest

from consent.models import Channel
from members import events as log
from members.models import Event
from messaging import notices as messages
from messaging.models import Message
from points import kinds
from points.models import EarningRule
from points.programme import drafts, notices, withdrawing
from points.programme.drafts import Start
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.messaging.test_notices import patiently
from tests.points.programme.test_drafts import change
from tests.points.programme.withdrawing.coming import MORNING, STARTS, TOLD

pytestmark = pytest.mark.django_db


class TestTellingThatItIsOff:
    @pytest.fixture
    def worse(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        change(draft, mia, now, points_per_unit=Decimal("0.5"))
        return drafts.publish(
            draft=draft, start=Start(STARTS, told_on=TOLD), staff=mia, now=now
        )

    def told(self, member):
        return list(
            Event.objects.filter(member=member, kind__startswith="points.programme")
            .order_by("pk")
            .values_list("kind", flat=True)
        )

    def test_goes_to_whoever_was_told_by_day_and_once(self, programme, mia, worse):
        member = MemberFactory(programme=programme)
        notices.tell_members(now=MORNING)
        joined = MemberFactory(programme=programme)
        evening = MORNING + timedelta(hours=12)
        withdrawing.withdraw(version=worse, staff=mia, now=evening)

        assert notices.tell_members(now=evening) == 0
        assert notices.tell_members(now=MORNING + timedelta(days=1)) == 1
        assert notices.tell_members(now=MORNING + timedelta(days=1, hours=1)) == 0

        assert self.told(member) == [kinds.PROGRAMME_CHANGED, kinds.PROGRAMME_STAYS]
        assert self.told(joined) == []
        event = Event.objects.get(kind=kinds.PROGRAMME_STAYS)
        assert "2060" in log.describe(event)
        assert AuditEntry.objects.filter(action=notices.TOLD_OFF).count() == 1

    def test_is_not_needed_when_nobody_was_told(self, programme, mia, worse):
        member = MemberFactory(programme=programme)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING - timedelta(days=1))

        assert notices.tell_members(now=MORNING) == 0
        assert self.told(member) == []

    def test_does_not_tell_of_what_is_withdrawn_at_this_moment(
        self, programme, mia, worse
    ):
        member = MemberFactory(programme=programme)
        # A worker found it due, and waits for the row that the withdrawal holds.
        found = EarningRule.objects.select_related("programme").get(pk=worse.pk)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING)

        assert notices._tell(found, MORNING) == 0
        assert self.told(member) == []
        assert not AuditEntry.objects.filter(action=notices.TOLD).exists()

    # The log is read up to the oldest transaction that is open.
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("language", "subject", "text"),
        [
            ("sv", "ändras inte 1 februari 2060", "fortsätter som förut"),
            ("da", "ændres ikke 1. februar 2060", "fortsætter som før"),
            ("en", "do not change on 1 february 2060", "goes on as before"),
        ],
        ids=["sv", "da", "en"],
    )
    def test_is_sent_in_the_language_of_the_member(
        self, programme, mia, worse, monkeypatch, language, subject, text
    ):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)
        MemberFactory(programme=programme, language=language, email="vera@example.com")
        notices.tell_members(now=MORNING)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING)
        notices.tell_members(now=MORNING + timedelta(hours=1))
        patiently(lambda: messages.follow(now=MORNING + timedelta(hours=1)))

        letter = Message.objects.get(channel=Channel.EMAIL, kind="programme_stays")
        assert subject in letter.subject.lower()
        assert text in letter.body
        assert Message.objects.filter(channel=Channel.SMS, body__contains=text).exists()

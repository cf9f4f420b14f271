"""Members are told of worse terms: on the day that was promised, each once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from consent.models import Channel
from members import events as log
from members.models import Event, Member
from messaging import notices as messages
from messaging.models import Message
from points import kinds
from points.programme import drafts, notices
from points.programme.drafts import Start
from tests.factories.members import MemberFactory
from tests.messaging.test_notices import patiently
from tests.points.programme.test_drafts import change

pytestmark = pytest.mark.django_db

STARTS = datetime(2027, 2, 1, tzinfo=UTC)
TOLD = date(2026, 12, 1)
MORNING = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def worse(programme, mia, now, in_force):
    draft = drafts.create_draft(programme=programme, staff=mia, now=now)
    change(draft, mia, now, points_per_unit=Decimal("0.5"))
    return drafts.publish(
        draft=draft, start=Start(STARTS, told_on=TOLD), staff=mia, now=now
    )


def told(member):
    return Event.objects.filter(member=member, kind=kinds.PROGRAMME_CHANGED).count()


class TestTellMembers:
    def test_tells_everybody_once_on_the_day(self, programme, worse):
        members = MemberFactory.create_batch(3, programme=programme)

        assert notices.tell_members(now=MORNING - timedelta(days=1)) == 0
        assert notices.tell_members(now=MORNING) == 3
        assert notices.tell_members(now=MORNING + timedelta(hours=1)) == 0
        assert [told(member) for member in members] == [1, 1, 1]

    @pytest.mark.parametrize("hour", [3, 19, 22], ids=str)
    def test_does_not_wake_people(self, programme, worse, hour):
        MemberFactory(programme=programme)

        # Seven in the evening in UTC is eight in Sweden.
        assert notices.tell_members(now=MORNING.replace(hour=hour)) == 0

    def test_goes_on_the_day_after_when_the_worker_stood_still(self, programme, worse):
        MemberFactory(programme=programme)

        assert notices.tell_members(now=MORNING + timedelta(days=2)) == 1

    def test_leaves_out_who_has_left_and_other_clubs(self, programme, worse):
        gone = MemberFactory(programme=programme, status=Member.Status.LEFT)
        elsewhere = MemberFactory()

        assert notices.tell_members(now=MORNING) == 0
        assert told(gone) + told(elsewhere) == 0

    def test_says_nothing_of_better_terms(self, programme, mia, now, in_force):
        MemberFactory(programme=programme)
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        drafts.publish(
            draft=draft, start=Start(STARTS, told_on=TOLD), staff=mia, now=now
        )

        assert notices.tell_members(now=MORNING) == 0

    # The log is read up to the oldest transaction that is open.
    @pytest.mark.django_db(transaction=True)
    def test_sends_what_changes_in_the_language_of_the_member(
        self, programme, worse, monkeypatch
    ):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)
        member = MemberFactory(
            programme=programme, language="en", email="vera@example.com"
        )
        notices.tell_members(now=MORNING)
        patiently(lambda: messages.follow(now=MORNING))

        letter = Message.objects.get(member=member, channel=Channel.EMAIL)
        assert letter.kind == "programme_changed"
        assert "You get 1 point per krona. → You get 0.5 points per krona." in (
            letter.body
        )
        assert "1 February 2027" in letter.subject

    def test_is_in_the_timeline_in_words(self, programme, worse):
        member = MemberFactory(programme=programme)
        notices.tell_members(now=MORNING)

        event = Event.objects.get(member=member, kind=kinds.PROGRAMME_CHANGED)

        assert event.subject_id == worse.public_id
        assert "2027" in log.describe(event)


class TestWhatHoldsLonger:
    """Points that members have run down: they are told until when, and how."""

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("language", "says", "held"),
        [
            ("sv", "till och med 30 april 2027", "500 poäng blir"),
            ("da", "til og med 30. april 2027", "500 point giver"),
            ("en", "up to and including 30 april 2027", "500 points become"),
        ],
        ids=["sv", "da", "en"],
    )
    def test_is_in_the_message(
        self, programme, mia, now, in_force, monkeypatch, language, says, held
    ):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)
        member = MemberFactory(
            programme=programme, language=language, email="vera@example.com"
        )
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        change(draft, mia, now, reward_points=700, point_value=Decimal("0.08"))
        drafts.publish(
            draft=draft,
            start=Start(STARTS, told_on=TOLD, runs_down_until=date(2027, 4, 30)),
            staff=mia,
            now=now,
        )
        notices.tell_members(now=MORNING)
        patiently(lambda: messages.follow(now=MORNING))

        letter = Message.objects.get(member=member, channel=Channel.EMAIL)
        assert held in letter.body.lower().partition(says)[2]

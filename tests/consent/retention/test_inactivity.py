"""Silent members: told at 22, 23 and 24 months, then erased, unless they come back."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection, transaction
from django.test import Client

from common.ids import uuid7
from consent.models import Channel, ContactPreference, InactivityNotice
from consent.retention import activity, inactivity, rules
from consent.retention.kinds import Due
from members.models import Event, Member
from messaging import notices
from messaging.models import Message
from portal import keeping
from portal.services import open_session
from purchases.models import MonthSum
from stores import audit
from tests.factories.club import buy, line, open_club
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

DAY = timedelta(days=1)
# Heard of last; everything below is counted from here.
LAST = datetime(2024, 1, 10, 12, tzinfo=UTC)
PERIOD = timedelta(days=730)


def after(days):
    return LAST + days * DAY


@pytest.fixture
def club(programme):
    open_club(programme)
    return programme


@pytest.fixture
def vera(club):
    return MemberFactory(programme=club, registered_at=LAST, activated_at=LAST)


def send(at):
    """Send what waits, as the worker does."""
    for event in Event.objects.filter(kind=inactivity.TOLD, recorded_at=at):
        member = Member.objects.select_related("programme").get(pk=event.member_id)
        notices._queue(event, member, at)
        Message.objects.filter(dedupe_key__contains=str(event.public_id)).update(
            state=Message.State.SENT, sent_at=at
        )


def told(club, days):
    at = after(days)
    number = inactivity.tell(programme=club, now=at)
    send(at)
    return number


def erased(club, days):
    at = after(days)
    return inactivity.erase_due(Due(club, at - PERIOD, at), 100)


def silence(club):
    """Tell all three, in their time."""
    assert [told(club, days) for days in (669, 700, 730)] == [1, 1, 1]


class TestTell:
    def test_comes_after_22_23_and_24_months(self, club, vera):
        days = [667, 668, 669, 670, 699, 700, 701, 729, 730, 731, 760]

        assert [told(club, each) for each in days] == [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
        said = Event.objects.filter(kind=inactivity.TOLD).order_by("at")
        assert [event.data["months"] for event in said] == [22, 23, 24]

    def test_names_the_day_points_and_link(self, club, vera, store):
        buy(vera, store, line("1240.00"), now=LAST)

        told(club, 669)

        text = Message.objects.get(channel="SMS").body
        # 24 months after the last purchase, or two weeks after the third message.
        assert "23 januari 2026" in text
        assert "1\xa0240 poäng" in text or "1 240 poäng" in text
        assert "124" in text
        assert "/me/keep/" in text

    def test_leaves_the_points_out_of_who_has_none(self, club, vera):
        told(club, 669)

        assert "mister" not in Message.objects.get(channel="SMS").body

    def test_spaces_them_where_a_club_begins_late(self, club, vera):
        days = (2000, 2001, 2027, 2028, 2029, 2055, 2056, 2057, 2090)

        sent = [each for each in days if told(club, each)]

        assert sent == [2000, 2028, 2056]

    def test_counts_only_what_has_left(self, club, vera):
        inactivity.tell(programme=club, now=after(669))

        assert told(club, 800) == 0
        assert InactivityNotice.objects.get().told_at is None

    def test_writes_to_nobody_without_an_address(self, club, vera):
        Member.objects.update(phone="", email="")

        assert told(club, 900) == 0
        assert inactivity.forecast(club, now=after(900)).unreachable == 1

    @pytest.mark.parametrize("status", ["LEFT", "BLOCKED", "PENDING"])
    def test_writes_to_members_alone(self, club, vera, status):
        Member.objects.update(status=status)

        assert told(club, 900) == 0

    def test_leaves_a_dispute_as_it_is(self, club, vera):
        ContactPreference.objects.create(
            member=vera, restricted_at=LAST, changed_at=LAST
        )

        assert told(club, 900) == 0


def bought(member, store, at):
    buy(member, store, line("10.00"), now=at)


def signed_in(member, _store, at):
    open_session(member=member, channel=Channel.SMS, device="", now=at)


def pressed(member, _store, at):
    keeping.keep_membership(member=member, event_id=uuid4(), now=at)


def showed_the_card(member, store, at):
    audit.record(
        programme=member.programme,
        actor=StaffFactory(programme=member.programme),
        action="till.looked_up",
        now=at,
        member_id=member.public_id,
        data={"by": "card", "outcome": "known"},
    )


def bought_in_an_earlier_month(member, _store, at):
    MonthSum.objects.create(
        member=member,
        month=at.date().replace(day=1),
        currency="SEK",
        receipts=1,
        amount=1,
    )


class TestComingBack:
    @pytest.mark.parametrize(
        "act",
        [bought, signed_in, pressed, showed_the_card, bought_in_an_earlier_month],
    )
    def test_begins_anew(self, club, vera, store, act):
        silence(club)
        act(vera, store, after(735))

        assert erased(club, 790) == 0
        assert told(club, 791) == 0
        assert not InactivityNotice.objects.exists()
        assert told(club, 735 + 700) == 1

    def test_is_not_somebody_typing_the_number(self, club, vera):
        audit.record(
            programme=club,
            actor=None,
            action="till.looked_up",
            now=after(600),
            member_id=vera.public_id,
            data={"by": "phone", "outcome": "known"},
        )

        assert told(club, 669) == 1


class TestErase:
    def test_comes_two_weeks_after_the_third(self, club, vera):
        silence(club)

        assert [erased(club, days) for days in (731, 743, 744)] == [0, 0, 1]
        vera.refresh_from_db()
        assert vera.status == Member.Status.ERASED

    def test_never_comes_before_three_have_left(self, club, vera):
        told(club, 669)
        told(club, 700)
        inactivity.tell(programme=club, now=after(730))

        assert erased(club, 2000) == 0

    def test_is_the_clubs_own_period(self, club, vera, settings):
        settings.INACTIVE_GRACE_DAYS = 30
        silence(club)

        assert [erased(club, days) for days in (759, 760)] == [0, 1]


@pytest.mark.django_db(transaction=True)
class TestAPurchaseAtThatMoment:
    def test_keeps_the_member(self, club, vera, store):
        silence(club)
        done = []

        def erase():
            try:
                done.append(erased(club, 750))
            finally:
                connection.close()

        thread = Thread(target=erase)
        with transaction.atomic():
            buy(vera, store, line("10.00"), now=after(749))
            thread.start()
            # It waits for the member's row until the purchase is committed.
            thread.join(1)
            assert thread.is_alive()
        thread.join()

        vera.refresh_from_db()
        assert (done, vera.status) == ([0], Member.Status.ACTIVE)


class TestForecast:
    def test_says_what_the_coming_months_bring(self, club, vera):
        def months(days):
            return [
                (month.told, month.erased)
                for month in inactivity.forecast(club, now=after(days)).months
            ]

        assert months(500) == [(0, 0), (0, 0), (0, 0)]
        assert months(660) == [(1, 0), (1, 0), (1, 1)]
        silence(club)
        told(club, 731)
        assert months(731) == [(0, 1), (0, 0), (0, 0)]


class TestSchedule:
    def test_is_that_of_the_rule(self):
        grace = timedelta(days=14)
        plan = rules.schedule(LAST, [], period=PERIOD, grace=grace, now=after(100))

        assert [(at - LAST).days for at in plan] == [669, 700, 730, 744]

    def test_leaves_time_between_where_it_begins_late(self):
        grace = timedelta(days=14)
        plan = rules.schedule(LAST, [], period=PERIOD, grace=grace, now=after(2000))

        assert [(at - LAST).days for at in plan] == [2000, 2028, 2056, 2070]


class TestSources:
    def test_are_answered_by_indexes(self, club, vera):
        """Of a million members each is asked: no source may read a table through."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            for source in activity.sources():
                cursor.execute(
                    f"EXPLAIN SELECT {source.newest} FROM members_member m"  # noqa: S608
                    f" WHERE m.id = {vera.pk}"
                )
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan" not in plan, source.name


class TestKeep:
    @pytest.fixture
    def link(self, vera):
        return f"/me/keep/{keeping.token_of(vera, uuid7())}/"

    def test_changes_nothing_when_it_is_opened(self, link, client):
        assert client.get(link).status_code == 200
        assert not Event.objects.filter(kind="portal.kept").exists()

    def test_keeps_the_membership_by_a_press_once(self, link, client):
        assert client.post(link).url == "/me/kept/"
        client.post(link)

        assert Event.objects.filter(kind="portal.kept").count() == 1
        assert client.get("/me/kept/").status_code == 200

    def test_needs_the_forms_token(self, link):
        assert Client(enforce_csrf_checks=True).post(link).status_code == 403

    @pytest.mark.parametrize("token", ["x", "x" * 300, "AAAA.BBBB.CCCC"])
    def test_refuses_a_forged_link(self, client, token, club):
        assert client.post(f"/me/keep/{token}/").status_code == 404

    def test_refuses_what_is_signed_for_something_else(self, client, vera):
        token = signing.TimestampSigner(salt="messaging.unsubscribe", sep=".").sign(
            signing.b64_encode(vera.public_id.bytes * 2).decode()
        )

        assert client.post(f"/me/keep/{token}/").status_code == 404

    def test_refuses_who_is_no_member_any_more(self, client, vera, link):
        Member.objects.update(status=Member.Status.LEFT)

        assert client.get(link).status_code == 404

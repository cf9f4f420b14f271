"""What SMS to strangers may cost, and when they stop. The table is docs/limits.md."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import structlog
from django.db import OperationalError, connection, transaction

from common.models import RateBucket
from consent.models import Channel
from members import identity
from members.models import Member
from messaging import limits, rules, strangers
from messaging.models import Message
from messaging.rules import StrangerTraffic, is_pumped
from messaging.services import SmsRefused, queue_message
from tests.factories.consent import again
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db


def far_apart(place):
    """Return numbers of which no two are neighbours."""
    return f"+4670{1740 + place}605"


def ask(programme, place, now, **fields):
    """Send a join link as a public page does; return the member it went to."""
    member = MemberFactory(programme=programme, phone=far_apart(place), pending=True)
    message = queue_message(
        programme=programme,
        member=member,
        channel=Channel.SMS,
        message_class=Message.Class.CODE,
        kind="join_link",
        language="sv",
        address=member.phone,
        context={"link": "https://example.se/join/x/"},
        dedupe_key=f"ask-{member.pk}-{now.isoformat()}",
        now=now,
        is_to_stranger=True,
        **fields,
    )
    assert message.is_to_stranger
    return member


def answer(member, now):
    identity.prove(
        member=member,
        kind=identity.Kind.PHONE,
        value=member.phone,
        proof=identity.Proof.LINK,
        now=now,
    )


class TestIsPumped:
    @pytest.mark.parametrize(
        ("judged", "judged_answered", "answered", "waiting", "pumped"),
        [
            (0, 0, 0, 0, False),
            # Too few to tell.
            (19, 0, 0, 0, False),
            # Unless nearly nobody answers.
            (20, 1, 0, 0, True),
            (20, 2, 0, 0, False),
            (99, 9, 0, 0, True),
            (99, 10, 0, 0, False),
            (100, 39, 0, 0, True),
            (100, 40, 0, 0, False),
            # A burst is stopped before the first of them can be judged.
            (0, 0, 0, 99, False),
            (0, 0, 0, 100, True),
            # A rush of people who answer is none.
            (100, 80, 150, 200, False),
            (100, 80, 150, 250, True),
        ],
    )
    def test_tells_fraud_from_a_rush(
        self, judged, judged_answered, answered, waiting, pumped
    ):
        traffic = StrangerTraffic(judged, judged_answered, answered, waiting)

        assert is_pumped(traffic) is pumped


class TestTrafficOf:
    def test_sees_who_answered_since(self, programme, now):
        asked = now - rules.FAIR_TIME - timedelta(minutes=5)
        first = ask(programme, 1, asked)
        ask(programme, 2, asked)
        answer(first, asked + timedelta(minutes=2))
        late = ask(programme, 3, now)
        ask(programme, 4, now)
        answer(late, now)

        traffic = strangers.traffic_of(programme, now=now)

        assert traffic == StrangerTraffic(
            judged=2, judged_answered=1, answered=1, waiting=1
        )

    def test_counts_no_proof_from_before_the_sms(self, programme, now):
        member = ask(programme, 1, now)
        answer(member, now - timedelta(days=30))

        assert strangers.traffic_of(programme, now=now).waiting == 1

    def test_forgets_what_is_old_and_what_others_sent(self, programme, now):
        ask(programme, 1, now - rules.STRANGERS_REMEMBERED)
        ask(ProgrammeFactory(sms_countries=["SE"]), 2, now)

        traffic = strangers.traffic_of(programme, now=now)

        assert traffic == StrangerTraffic(0, 0, 0, 0)

    def test_takes_two_statements(self, programme, now, django_assert_num_queries):
        for place in range(5):
            ask(programme, place, now)

        with django_assert_num_queries(2):
            strangers.traffic_of(programme, now=now)


class TestBreaker:
    @pytest.fixture
    def burst(self, programme, now):
        """A hundred links that nobody opens, asked for one by one."""
        for place in range(rules.WAITING_FLOOR):
            ask(programme, place, now)
        return now

    @pytest.fixture
    def written(self, programme, now):
        """A hundred such links, for tests that only read: one is asked for and copied.

        What limits have counted is not among them.
        """
        ask(programme, 0, now)
        first = Message.objects.get()
        places = range(1, rules.WAITING_FLOOR)
        members = Member.objects.bulk_create(
            MemberFactory.build(
                programme=programme, phone=far_apart(place), pending=True
            )
            for place in places
        )
        Message.objects.bulk_create(
            again(
                first,
                member=member,
                address=member.phone,
                dedupe_key=f"ask-{member.pk}-{now.isoformat()}",
            )
            for member in members
        )
        return now

    def test_closes_and_says_why(self, programme, burst):
        with pytest.raises(SmsRefused) as refused:
            ask(programme, 500, burst)

        assert refused.value.code == "paused"
        assert refused.value.retry_after > 0
        assert not limits.is_open_for_strangers(programme, burst)

    def test_opens_when_one_of_the_copies_is_taken_away(self, programme, written):
        """The copies count as what they are copies of: each of the hundred does."""
        assert not limits.is_open_for_strangers(programme, written)

        Message.objects.order_by("pk").last().delete()

        assert limits.is_open_for_strangers(programme, written)

    def test_stays_closed_once_they_are_judged(self, programme, written):
        later = written + rules.FAIR_TIME + timedelta(minutes=1)

        assert not limits.is_open_for_strangers(programme, later)

    def test_leaves_members_and_tills_alone(self, programme, burst):
        limits.take(programme, "+46701999605", now=burst)

    def test_leaves_other_clubs_alone(self, programme, written):
        other = ProgrammeFactory(sms_countries=["SE"])

        assert limits.is_open_for_strangers(other, written)

    def test_opens_by_itself(self, programme, burst):
        later = burst + rules.STRANGERS_REMEMBERED + timedelta(seconds=1)

        assert limits.is_open_for_strangers(programme, later)
        ask(programme, 500, later)

    def test_stays_open_while_four_in_ten_answer(self, programme, now):
        start = now - timedelta(hours=3)
        for place in range(rules.LOOKED_AT + 20):
            asked = start + place * timedelta(minutes=1)
            member = ask(programme, place, asked)
            if place % 10 < 4:
                answer(member, asked + timedelta(minutes=3))

        assert limits.is_open_for_strangers(programme, now)

    @pytest.mark.parametrize(
        ("in_ten", "enough"),
        [(3, rules.LOOKED_AT), (0, rules.NEARLY_NONE_AT)],
        ids=["fewer do", "nobody does"],
    )
    def test_closes_when(self, programme, now, in_ten, enough):
        start = now - timedelta(hours=3)
        sent = 0
        for minute in range(enough + 60):
            asked = start + minute * timedelta(minutes=1)
            if not limits.is_open_for_strangers(programme, asked):
                break
            member = ask(programme, minute, asked)
            sent += 1
            if minute % 10 < in_ten:
                answer(member, asked + timedelta(minutes=3))

        # So many, and those that went while their fair time ran.
        assert enough <= sent <= enough + 16

    def test_raises_the_alarm_without_naming_anybody(self, programme, written):
        ProgrammeFactory()
        with structlog.testing.capture_logs() as logs:
            assert strangers.watch(now=written) == 1

        assert [(line["event"], line["log_level"]) for line in logs] == [
            ("sms_to_strangers_stopped", "error")
        ]
        assert logs[0]["programme"] == str(programme.public_id)
        assert "+46" not in str(logs)

    def test_raises_none_in_peace(self, programme, now):
        ask(programme, 1, now)
        with structlog.testing.capture_logs() as logs:
            assert strangers.watch(now=now) == 0

        assert logs == []


class TestPartsPerDay:
    @pytest.mark.parametrize(
        ("parts", "spend", "price", "expected"),
        [
            (2000, "0", "0", 2000),
            (2000, "600", "0", 2000),
            (2000, "600", "0.42", 1428),
            (100, "600", "0.42", 100),
        ],
    )
    def test_is_the_lower_of_both_roofs(
        self, programme, settings, parts, spend, price, expected
    ):
        settings.SMS_PER_DAY = parts
        settings.SMS_SPEND_PER_DAY = Decimal(spend)
        settings.SMS_PART_PRICE = Decimal(price)

        assert limits.parts_per_day(programme) == expected

    def test_counts_every_part_of_a_long_sms(self, programme, now, settings):
        settings.SMS_PER_DAY = 5
        limits.take(programme, far_apart(1), parts=3, now=now)

        with pytest.raises(SmsRefused) as refused:
            limits.take(programme, far_apart(2), parts=3, now=now)
        limits.take(programme, far_apart(3), parts=2, now=now)

        assert refused.value.code == "daily_cap"


class TestPurses:
    """A club's day, which many draw from at a time."""

    def test_hold_the_days_amount_together_and_no_part_more(
        self, programme, now, settings, monkeypatch
    ):
        monkeypatch.setattr(limits, "_LEAST_IN_PURSE", 1)
        settings.SMS_PER_DAY = 11
        for place in range(11):
            limits.take(programme, far_apart(place), now=now)

        with pytest.raises(SmsRefused) as refused:
            limits.take(programme, far_apart(11), now=now)

        assert refused.value.code == "daily_cap"
        assert RateBucket.objects.filter(name__startswith="sms.programme").count() == 8

    def test_fill_up_again_in_a_day(self, programme, now, settings, monkeypatch):
        monkeypatch.setattr(limits, "_LEAST_IN_PURSE", 1)
        settings.SMS_PER_DAY = 11
        tomorrow = now + timedelta(days=1, minutes=1)
        for place in range(11):
            limits.take(programme, far_apart(place), now=now)
        for place in range(11, 22):
            limits.take(programme, far_apart(place), now=tomorrow)

        with pytest.raises(SmsRefused):
            limits.take(programme, far_apart(22), now=tomorrow)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("parts", "waits"), [(2000, False), (100, True)])
    def test_let_nobody_wait_for_another(self, programme, now, settings, parts, waits):
        """With a single one, as a small club has, the second waits for the first."""
        settings.SMS_PER_DAY = parts
        ended = []

        def second():
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '300ms'")
                    limits.take(programme, "+46701741002", now=now)
                ended.append("done")
            except OperationalError:
                ended.append("waited")
            finally:
                connection.close()

        with transaction.atomic():
            limits.take(programme, "+46701234001", now=now)
            other = threading.Thread(target=second)
            other.start()
            other.join()

        assert ended == ["waited" if waits else "done"]

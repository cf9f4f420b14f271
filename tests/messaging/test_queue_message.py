"""Into the outbox."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django_q.models import OrmQ

from consent.models import Channel, ConsentEntry
from messaging import wake
from messaging.limits import SmsRefused
from messaging.models import Message
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue

MARKETING = Message.Class.MARKETING
CODE = Message.Class.CODE


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme, phone="+46701740605")


def code_to(member, now, number="+46701740605", key=None):
    return queue(
        member,
        now=now,
        kind="login_code",
        message_class=CODE,
        context={"code": "123456"},
        address=number,
        **({"dedupe_key": key} if key else {}),
    )


class TestQueueMessage:
    def test_keeps_the_text_and_the_answer_of_the_gate(self, member, now):
        message = queue(member, now=now)

        message.refresh_from_db()
        assert message.state == Message.State.NEW
        assert message.body.startswith("Välkommen till Ljung & Dal, Vera!")
        assert message.gate == {"code": "service", "entry_id": None}

    def test_gives_the_first_message_for_a_key_used_twice(self, member, now):
        first = queue(member, now=now, dedupe_key="once")
        second = queue(member, now=now, dedupe_key="once", language="en")

        assert first == second
        assert Message.objects.get().language == "sv"

    def test_keeps_what_may_not_go_as_stopped(self, member, now):
        message = queue(member, now=now, message_class=MARKETING)

        assert (message.state, message.error) == (Message.State.STOPPED, "never_asked")

    def test_names_the_yes_that_allowed_it(self, member, now):
        entry = answer(member, ConsentEntry.Action.GIVEN, at=now)

        message = queue(member, now=now, message_class=MARKETING)

        assert message.gate == {"code": "consent_given", "entry_id": entry.pk}

    @pytest.mark.parametrize("message_class", [MARKETING, Message.Class.SERVICE])
    def test_stops_what_would_go_to_somebody_elses_number(
        self, member, now, message_class
    ):
        answer(member, ConsentEntry.Action.GIVEN, at=now)

        message = queue(
            member, now=now, message_class=message_class, address="+46701740699"
        )

        assert (message.state, message.error) == (
            Message.State.STOPPED,
            "not_their_address",
        )

    def test_writes_in_our_own_language_when_asked_for_an_unknown_one(
        self, member, now
    ):
        assert queue(member, now=now, language="fi").language == "sv"


class TestLimitsOnCodes:
    def test_let_three_an_hour_through_to_a_number(self, member, now):
        for _time in range(3):
            code_to(member, now)

        with pytest.raises(SmsRefused) as refused:
            code_to(member, now)
        assert refused.value.code == "too_many"
        assert refused.value.retry_after > 0
        assert Message.objects.count() == 3

    def test_let_six_a_day_through_to_a_number(self, member, now):
        sent = 0
        for hour in range(12):
            try:
                code_to(member, now + timedelta(hours=hour))
                sent += 1
            except SmsRefused:
                pass

        # Six at once, and the buckets refill by less than four in twelve hours.
        assert 6 <= sent <= 9

    def test_let_twenty_an_hour_through_to_a_thousand_neighbors(self, programme, now):
        for last in range(20):
            number = f"+467017406{last:02d}"
            member = MemberFactory(programme=programme, phone=number)
            code_to(member, now, number)
        other = MemberFactory(programme=programme, phone="+46701740650")

        with pytest.raises(SmsRefused):
            code_to(other, now, "+46701740650")

    def test_let_a_clubs_daily_sum_through(self, programme, now, settings):
        settings.SMS_PER_DAY = 2
        for number in ("+46701740605", "+46701741605"):
            code_to(MemberFactory(programme=programme, phone=number), now, number)
        third = MemberFactory(programme=programme, phone="+46701742605")

        with pytest.raises(SmsRefused) as refused:
            code_to(third, now, "+46701742605")
        assert refused.value.code == "daily_cap"

    def test_count_a_repeated_key_once(self, member, now):
        for _time in range(10):
            code_to(member, now, key="same")

        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("+46812345678", "not_mobile"),
            ("+447911123456", "country_not_allowed"),
            ("+4740612345", "country_not_allowed"),
        ],
    )
    def test_refuse_landlines_and_other_countries(self, member, now, number, code):
        with pytest.raises(SmsRefused) as refused:
            code_to(member, now, number)

        assert refused.value.code == code
        assert not Message.objects.exists()

    def test_allow_the_clubs_own_country_when_none_is_chosen(
        self, programme, member, now
    ):
        programme.sms_countries = []

        assert code_to(member, now).state == Message.State.NEW

    def test_keep_a_service_message_to_a_refused_country_as_stopped(
        self, programme, now
    ):
        member = MemberFactory(programme=programme, phone="+4740612345")

        message = queue(member, now=now)

        assert (message.state, message.error) == (
            Message.State.STOPPED,
            "country_not_allowed",
        )

    def test_do_not_count_e_mail(self, member, now):
        for _time in range(8):
            queue(
                member,
                now=now,
                kind="login_code",
                message_class=CODE,
                channel=Channel.EMAIL,
                context={"code": "123456"},
            )

        assert Message.objects.count() == 8


@pytest.mark.django_db(transaction=True)
class TestWake:
    @pytest.fixture(autouse=True)
    def _queue_for_real(self, monkeypatch):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)

    def test_asks_for_one_task_for_many_messages(self, programme, now):
        member = MemberFactory(programme=programme)
        for _time in range(5):
            queue(member, now=now)

        assert OrmQ.objects.count() == 1

    def test_asks_again_once_the_worker_has_begun(self, programme, now):
        member = MemberFactory(programme=programme)
        queue(member, now=now)
        wake.awake()
        queue(member, now=now)

        assert OrmQ.objects.count() == 2

    def test_asks_for_none_when_the_message_was_stopped(self, programme, now):
        queue(MemberFactory(programme=programme), now=now, message_class=MARKETING)

        assert OrmQ.objects.count() == 0
        assert cache.get("messaging.wake") is None

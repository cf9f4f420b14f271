"""Fifty thousand requests for SMS that only the one who asks earns on."""

from datetime import timedelta

import pytest
import structlog

from members import phones
from messaging import limits, rules, strangers
from messaging.models import Message
from tests.safety.pumping import COUNTRIES, START, Attack, run

pytestmark = pytest.mark.django_db

MOST = 500
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def alarms():
    """When the watch, run every minute, raised the alarm."""
    raised = []

    def watch(now):
        with structlog.testing.capture_logs() as logs:
            strangers.watch(now=now)
        if any(line["event"] == "sms_to_strangers_stopped" for line in logs):
            raised.append(now)

    watch.raised = raised
    return watch


def countries_of_messages():
    numbers = Message.objects.values_list("address", flat=True)
    return {phones.country_of(number) for number in numbers}


def check(programme, attack, alarms, most=MOST):
    came_to = run(programme, attack, meanwhile=alarms)

    sent = Message.objects.filter(is_to_stranger=True)
    assert came_to.total() == attack.requests
    assert 0 < sent.count() == came_to["sent"] <= most
    assert countries_of_messages() <= {*limits.allowed_countries(programme)}
    # More was stopped by it than went out; other limits refuse most before that.
    assert came_to["paused"] > came_to["sent"]
    # Heard of within two minutes of the hundredth.
    hundredth = sent.order_by("queued_at")[rules.WAITING_FLOOR - 1].queued_at
    assert alarms.raised[0] - hundredth <= timedelta(minutes=2)
    return came_to


class TestPumping:
    def test_reaches_hardly_anybody(self, programme, alarms):
        assert len(set(COUNTRIES)) == 40

        check(programme, Attack(600, 60, 0.6 * HOUR), alarms, most=200)
        # The pause ends by itself, and not before.
        later = START + HOUR + rules.STRANGERS_REMEMBERED
        assert not limits.is_open_for_strangers(programme, START + HOUR)
        assert limits.is_open_for_strangers(programme, later)

    @pytest.mark.soak
    def test_would_reach_many_without_the_breaker(self, programme, monkeypatch):
        """The twin: every other limit holds, and does not suffice."""
        monkeypatch.setattr(rules, "is_pumped", lambda traffic: False)

        came_to = run(programme, Attack(1_100, 110, 2 * HOUR))

        assert came_to["sent"] > MOST

    # Each request in a transaction of its own, as in life: in a single one nothing that
    # the others left behind of a limit's count could be tidied away, and all is read.
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.soak
    @pytest.mark.parametrize("lasts", [5 * HOUR, DAY], ids=["5 hours", "a day"])
    def test_of_fifty_thousand_reaches_hardly_anybody(self, programme, alarms, lasts):
        check(programme, Attack(50_000, 5_000, lasts), alarms)

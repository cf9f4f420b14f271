"""Every limit on signing in, reached and found to hold. The table is docs/limits.md."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine
from django.test import Client

from common import limits as buckets
from messaging.models import Message
from portal import limits, rules
from portal.identifiers import read_identifier
from portal.models import LoginCode
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
numbers = count(1)
MOST_CALLS = 30


def fresh_address():
    return f"2001:db8:{next(numbers):x}::1"


def ask(identifier, address=None):
    client = Client(REMOTE_ADDR=address or fresh_address())
    return client, client.post("/me/sign-in/", {"identifier": identifier})


def far_apart():
    """Return numbers of which no two are neighbours."""
    return f"+4670{1740 + next(numbers)}605"


def same_number():
    return "+46701740605"


def neighbor():
    return f"+46701740{next(numbers) % 1000:03d}"


def same_mail_domain():
    return f"member{next(numbers)}@example.se"


ASKING = [
    # limit, what differs between the calls, whether they come from one address
    (limits.CODES_PER_IDENTIFIER, same_number, False),
    (limits.CODES_PER_ADDRESS, far_apart, True),
    (limits.CODES_PER_BLOCK, neighbor, False),
    (limits.CODES_PER_MAIL_DOMAIN, same_mail_domain, False),
]


class TestLimitsOnAsking:
    @pytest.mark.parametrize(
        ("limit", "identifier", "one_address"),
        ASKING,
        ids=[limit.name for limit, _identifier, _one_address in ASKING],
    )
    def test_hold(self, programme, limit, identifier, one_address):
        address = fresh_address() if one_address else None
        calls = min(limit.amount, MOST_CALLS)
        if limit.amount > calls:
            # The rest was used before, all at once.
            whom = read_identifier(identifier(), country="SE").block
            buckets.take([(limit, whom, limit.amount - calls)], now=NOW)
        with time_machine.travel(NOW, tick=False):
            for _ in range(calls):
                _client, answer = ask(identifier(), address)
                assert answer.status_code == 302
            _client, refused = ask(identifier(), address)
            _client, unharmed = ask(far_apart())

        assert refused.status_code == 429
        assert unharmed.status_code == 302
        assert LoginCode.objects.count() == calls + 1

    def test_hold_for_a_number_over_a_day(self, programme):
        answers = []
        # Twenty minutes apart, so that the hour alone would let them all through.
        for step in range(9):
            with time_machine.travel(NOW + step * timedelta(minutes=20), tick=False):
                answers.append(ask(same_number())[1].status_code)

        amount = limits.CODES_PER_IDENTIFIER_DAY.amount
        assert answers[:amount] == [302] * amount
        assert 429 in answers[amount:]

    def test_are_the_same_for_members_and_strangers(self, programme):
        MemberFactory(programme=programme, phone=same_number())
        with time_machine.travel(NOW, tick=False):
            member = [ask(same_number())[1].status_code for _ in range(5)]
            stranger = [ask("+46731740605")[1].status_code for _ in range(5)]

        assert member == stranger == [302, 302, 302, 429, 429]

    def test_send_no_more_messages_than_they_say(self, programme):
        MemberFactory(programme=programme, phone=same_number())
        with time_machine.travel(NOW, tick=False):
            for _ in range(8):
                ask(same_number())

        assert Message.objects.count() == limits.CODES_PER_IDENTIFIER.amount


class TestLimitsOnEntering:
    def wrong_code(self):
        """Return digits that are hardly the code, whatever the code is."""
        return "000000"

    def test_hold_for_an_address(self, programme):
        limit = limits.ENTRIES_PER_ADDRESS
        address = fresh_address()
        entries = []
        with time_machine.travel(NOW, tick=False):
            while len(entries) <= limit.amount:
                client = ask(far_apart())[0]
                for _ in range(rules.CODE_TRIES):
                    answer = client.post(
                        "/me/sign-in/code/",
                        {"code": self.wrong_code()},
                        REMOTE_ADDR=address,
                    )
                    entries.append(answer.status_code)

        assert entries[: limit.amount] == [422] * limit.amount
        assert entries[limit.amount] == 429

    def test_hold_for_a_number_over_all_its_codes(self, programme, monkeypatch):
        monkeypatch.setattr("portal.codes.new_code", lambda: "123456")
        MemberFactory(programme=programme, phone=same_number())
        with time_machine.travel(NOW, tick=False):
            for _ in range(rules.WRONG_CODES_PER_DAY // rules.CODE_TRIES):
                client = ask(same_number())[0]
                for _ in range(rules.CODE_TRIES):
                    self.enter(client, self.wrong_code())
            locked = self.enter(ask(same_number())[0], "123456")
        with time_machine.travel(NOW + timedelta(days=1), tick=False):
            next_day = self.enter(ask(same_number())[0], "123456")

        assert locked.status_code == 422
        assert next_day.status_code == 302

    def test_close_sign_in_while_somebody_guesses(self, programme, monkeypatch):
        monkeypatch.setattr("portal.codes.new_code", lambda: "123456")
        MemberFactory(programme=programme, phone=same_number())
        with time_machine.travel(NOW, tick=False):
            while self.wrong_so_far() < rules.SPRAY_FLOOR:
                guesser = ask(far_apart())[0]
                for _ in range(rules.CODE_TRIES):
                    self.enter(guesser, self.wrong_code())
            member = ask(same_number())[0]
            closed = self.enter(member, "123456")
        with time_machine.travel(NOW + rules.SPRAY_WINDOW, tick=False):
            open_again = self.enter(ask(same_number())[0], "123456")

        assert closed.status_code == 422
        assert open_again.status_code == 302

    def enter(self, client, code):
        return client.post(
            "/me/sign-in/code/", {"code": code}, REMOTE_ADDR=fresh_address()
        )

    def wrong_so_far(self):
        return sum(LoginCode.objects.values_list("tries", flat=True))

"""Nobody can tell who is a member: by what is said, and by how long it takes."""

from math import erfc, sqrt
from random import Random
from time import perf_counter

import pytest
from django.test import Client

from common import even_time
from portal.models import LoginCode
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db

# Of a session and a request: a new one each time, whoever asks.
CHANGING = {"Set-Cookie", "X-Request-ID", "Date"}


@pytest.fixture
def members(programme):
    """Members whose numbers lie so far apart that no limit counts them together."""
    return [
        MemberFactory(programme=programme, phone=f"+4670{1000 + step}605")
        for step in range(8)
    ]


def ask(number, step=0):
    client = Client(REMOTE_ADDR=f"2001:db8:{step:x}::1")
    answer = client.post("/me/sign-in/", {"identifier": number})
    return client, answer


def unmask(text, number):
    """Leave out the number itself, and tokens, which are masked anew each time."""
    shown = f"{number[3:5]}-{number[5:8]} {number[8:10]} {number[10:12]}"
    text = text.replace(f"0{shown}", "NUMBER")
    return "".join(part for part in text.split('"') if len(part) != 64)


class TestAnswers:
    def test_are_the_same_for_members_and_strangers(self, members):
        seen = set()
        for step, number in enumerate(
            [*(member.phone for member in members), *strangers(len(members))]
        ):
            client, asked = ask(number, step)
            shown = client.get("/me/sign-in/code/")
            entered = client.post("/me/sign-in/code/", {"code": "000000"})
            seen.add(
                tuple(
                    (
                        answer.status_code,
                        unmask(answer.content.decode(), number),
                        tuple(
                            (name, value)
                            for name, value in sorted(answer.headers.items())
                            if name not in CHANGING
                        ),
                        tuple(sorted(answer.cookies)),
                    )
                    for answer in (asked, shown, entered)
                )
            )

        assert len(seen) == 1

    def test_set_cookies_of_the_same_length(self, members):
        lengths = {
            len(ask(number, step)[1].cookies["sign-in"].value)
            for step, number in enumerate([members[0].phone, *strangers(1)])
        }

        assert len(lengths) == 1


@pytest.mark.soak
@pytest.mark.timeout(1800)
class TestTime:
    SAMPLES = 1000

    def test_tells_nothing(self, programme, monkeypatch):
        """S5: a thousand of each, in random order, and the ranks do not differ."""
        # As in earnest: with less than the work takes, the answer's time tells.
        monkeypatch.setattr(even_time, "ANSWER_AFTER_SECONDS", 0.3)
        random = Random(20261123)
        known = [
            MemberFactory(programme=programme, phone=f"+4670{1000 + step}605").phone
            for step in range(self.SAMPLES)
        ]
        asked = [(number, True) for number in known]
        asked += [(number, False) for number in strangers(self.SAMPLES)]
        random.shuffle(asked)

        seconds = {True: [], False: []}
        for step, (number, is_known) in enumerate(asked):
            started = perf_counter()
            _client, answer = ask(number, step)
            seconds[is_known].append(perf_counter() - started)
            assert answer.status_code == 302

        chance = mann_whitney(seconds[True], seconds[False])
        print(f"\nknown and unknown differ by chance: p = {chance:.3f}")  # noqa: T201
        assert LoginCode.objects.filter(member=None).count() == self.SAMPLES
        assert chance > 0.01


def strangers(count):
    return [f"+4673{1000 + step}605" for step in range(count)]


def mann_whitney(first, second):
    """Return how likely two samples differ so much by chance (two-sided, no ties)."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_value, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    spread = sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(u - n * m / 2) / spread / sqrt(2))


class TestMannWhitney:
    def test_sees_a_difference_and_none_where_there_is_none(self):
        random = Random(7)
        same = [random.gauss(1.0, 0.1) for _ in range(500)]
        also = [random.gauss(1.0, 0.1) for _ in range(500)]
        later = [random.gauss(1.05, 0.1) for _ in range(500)]

        assert mann_whitney(same, also) > 0.01
        assert mann_whitney(same, later) < 0.001

"""A million guesses at the codes of a hundred thousand members."""

from datetime import timedelta

import pytest

from members.models import Member
from portal import rules
from portal.models import LoginCode
from portal.rules import Verdict
from tests.factories.members import MemberFactory
from tests.safety.spraying import Attack, Model, Services, number_of, run

# As fast as five thousand addresses may enter codes.
FULL = {"guesses": 1_000_000, "members": 100_000, "addresses": 5_000}
FASTEST = 5_000 * 30
# The twins need no more to go wrong, and the product takes half an hour for them.
TENTH = Attack(guesses=100_000, members=100_000, addresses=5_000, per_hour=FASTEST)
HARMLESS = 0.01
LATEST = rules.CODE_LIFE - timedelta(seconds=1)


def add_members(programme, count):
    MemberFactory.reset_sequence()
    Member.objects.bulk_create(
        [
            MemberFactory.build(programme=programme, phone=number_of(place))
            for place in range(count)
        ],
        batch_size=5_000,
    )


class TestSpray:
    @pytest.mark.parametrize(
        ("guesses", "patience", "rights_per_hour"),
        [
            (250_000, timedelta(0), 0),
            pytest.param(1_000_000, timedelta(0), 0, marks=pytest.mark.soak),
            pytest.param(1_000_000, LATEST, 12_000, marks=pytest.mark.soak),
        ],
        ids=["quarter", "quiet", "late-in-a-crowd"],
    )
    def test_takes_over_hardly_anybody(self, guesses, patience, rights_per_hour):
        sent = {**FULL, "guesses": guesses}
        attack = Attack(**sent, per_hour=FASTEST, patience=patience)

        outcome = run(attack, Model(rights_per_hour=rights_per_hour))

        assert sum(outcome.verdicts.values()) == guesses
        assert 0 < outcome.expected_takeovers <= HARMLESS
        assert outcome.closed_after <= timedelta(seconds=60)
        assert outcome.most_per_member <= rules.WRONG_CODES_PER_DAY

    def test_would_without_the_breaker(self):
        """The twin: every other limit holds, and does not suffice."""
        outcome = run(TENTH, Model(has_breaker=False))

        assert outcome.expected_takeovers > HARMLESS
        assert outcome.most_per_member <= rules.WRONG_CODES_PER_DAY

    def test_would_hide_in_a_crowd_without_the_ceiling(self, monkeypatch):
        monkeypatch.setattr(rules, "SPRAY_CEILING", 10**9)

        outcome = run(TENTH, Model(rights_per_hour=150_000))

        assert outcome.expected_takeovers > HARMLESS


@pytest.mark.django_db
class TestServices:
    """What the model says is what the product does."""

    @pytest.mark.parametrize(
        "attack",
        [
            # Few members and addresses, so that every limit is met.
            Attack(guesses=750, members=30, addresses=15, per_hour=750),
            pytest.param(
                Attack(
                    guesses=1_000,
                    members=400,
                    addresses=200,
                    per_hour=600,
                    patience=timedelta(minutes=4),
                ),
                marks=pytest.mark.soak,
            ),
        ],
        ids=["dense", "spread"],
    )
    def test_decide_as_the_model(self, programme, attack):
        add_members(programme, attack.members)

        real = run(attack, Services(programme))
        model = run(attack, Model())

        assert real == model
        assert real.verdicts[Verdict.CLOSED] > 0
        assert real.verdicts[Verdict.RIGHT] == 0
        assert real.most_per_member <= rules.WRONG_CODES_PER_DAY
        # Whatever was compared was counted.
        assert sum(LoginCode.objects.values_list("tries", flat=True)) == real.compared

    def test_let_ten_guesses_a_day_at_one_member(self, programme):
        add_members(programme, 1)
        attack = Attack(guesses=200, members=1, addresses=40, per_hour=10)

        outcome = run(attack, Services(programme))

        assert outcome == run(attack, Model())
        assert outcome.most_per_member == rules.WRONG_CODES_PER_DAY
        assert outcome.verdicts[Verdict.LOCKED] > 0

    # In transactions of their own, as fifty thousand requests of `test_pumping`.
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.soak
    def test_hold_a_hundred_thousand_guesses(self, programme):
        add_members(programme, TENTH.members)

        outcome = run(TENTH, Services(programme))

        assert outcome == run(TENTH, Model())
        assert outcome.expected_takeovers <= HARMLESS
        assert outcome.closed_after <= timedelta(seconds=60)

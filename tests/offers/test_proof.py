"""The laws of vouchers and stamps, and that each says when it is broken."""

from datetime import timedelta

import pytest
from django.db import connection

from offers.models import Voucher
from offers.vouchers.nightly import run_nightly
from points import proof
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, back, coffee, line, rule_with, stamp_card
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)

DAMAGE = {
    "UPDATE offers_voucher SET points = points + 1 WHERE origin = 'POINTS'": (
        "a voucher cost what the ledger spent on it"
    ),
    "UPDATE offers_voucher SET entry_id = NULL": (
        "points that were spent on a voucher gave one"
    ),
    "UPDATE offers_voucher SET status = 'ISSUED' WHERE status = 'VOID'": (
        "points come back only with their voucher"
    ),
    "UPDATE offers_voucher SET worth = worth - 1 WHERE worth > 1": (
        "a voucher has left what was not used, or came back"
    ),
    "UPDATE offers_redemption SET given_back = given_back - 1 WHERE given_back > 0": (
        "a voucher has left what was not used, or came back"
    ),
    "UPDATE offers_voucherevent SET value = value + 1 WHERE kind = 'ISSUED'": (
        "the log of a voucher tells its worth"
    ),
    "UPDATE offers_membercard SET stamps = stamps + 1": (
        "a card has the sum of its stamps"
    ),
    "UPDATE offers_stamp SET number = -20 WHERE kind = 'RETURN'": (
        "no purchase lost more stamps than it gave"
    ),
    "UPDATE offers_stamp SET remaining = remaining + 1 WHERE kind = 'STAMP'": (
        "stamps remain that no reward took"
    ),
}


@pytest.fixture
def all_sorts(programme, member, till, olga):
    """Vouchers used, in part given back, withdrawn, lapsed; a card with a reward."""
    rule_with(programme)
    stamp_card(programme, olga)
    bought = till.buy(member, points=500)
    used = Voucher.objects.get()
    paid = till.buy(member, line("200.00"), vouchers=[used.code], at=BOUGHT_AT + DAY)
    till.take_back(member, paid, back(1, amount="80.00"), at=BOUGHT_AT + 2 * DAY)
    other = till.buy(member, coffee(11), points=500, at=BOUGHT_AT + 3 * DAY)
    till.take_back(
        member, other, back(1, amount="35.00"), points=500, at=BOUGHT_AT + 4 * DAY
    )
    return bought


class TestTheLaws:
    def test_hold_over_all_that_happens(self, all_sorts, member):
        assert not proof.check().differences
        # What is left of the first voucher lapses, and the rest of its goods come back.
        run_nightly(now=BOUGHT_AT + 400 * DAY)
        assert not proof.check().differences

    def test_hold_for_what_comes_back_after_it_lapsed(self, programme, member, till):
        rule_with(programme)
        till.buy(member, points=500)
        voucher = Voucher.objects.get()
        paid = till.buy(member, line("200.00"), vouchers=[voucher.code])
        till.take_back(member, paid, back(1, amount="80.00"), at=BOUGHT_AT + DAY)
        run_nightly(now=BOUGHT_AT + 200 * DAY)
        till.take_back(member, paid, back(1, amount="120.00"), at=BOUGHT_AT + 201 * DAY)

        assert not proof.check().differences

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_say_what_is_broken(self, all_sorts, damage):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(damage)

            assert cursor.rowcount

        assert DAMAGE[damage] in {each.law for each in proof.check().differences}

    def test_are_asked_of_one_club_alone(self, all_sorts, programme):
        other = MemberFactory(programme=ProgrammeFactory(name="Andra"))
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO offers_membercard"
                " (member_id, card_id, stamps, rewards, changed_at)"
                " SELECT %s, id, 3, 0, now() FROM offers_stampcard LIMIT 1",
                [other.pk],
            )

        assert not proof.check(programme_id=programme.pk).differences
        (difference, *_more) = proof.check(programme_id=other.programme_id).differences
        assert difference.member_id == other.pk

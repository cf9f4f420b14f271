"""F26: points given by every path there is, and then the clock runs.

Each path has its own tests of what it gives; here all of them lapse by the one rule of
the version, to the moment, and nothing stays that the rule does not name.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from members import events
from offers.models import Voucher
from offers.vouchers.nightly import run_nightly
from points import proof, reading, rules
from points.actions import following, kinds
from points.adjusting import adjust
from points.models import Account, Entry, Lot
from points.opening import Brought, open_balances, opening_at
from points.selectors import balance_of, value_of
from points.services import post, restore, settle_due
from points.terms import Action, ExpiryKind, Per, Terms
from tests.factories.club import buy, line
from tests.factories.goodwill import allow, give
from tests.factories.members import MemberFactory
from tests.factories.offers import stamp_card
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
YEARS = timedelta(days=365 * 30)
ACTIONS = (
    Action("visit", "custom.visit", 5, Per.EACH),
    Action("friend", kinds.REFERRAL_KEPT, 500, Per.EACH),
    Action("welcome-friend", kinds.REFERRAL_WELCOMED, 100),
)
VERSIONS = {
    "months after they were earned": Terms(actions=ACTIONS),
    "on a fixed day": Terms(
        actions=ACTIONS, expiry=ExpiryKind.FIXED, expiry_day=(12, 31), expiry_years=1
    ),
    "when nothing is bought": Terms(actions=ACTIONS, expiry=ExpiryKind.INACTIVITY),
    "after waiting": Terms(actions=ACTIONS, pending_days=14),
}


def receipt(member, store, staff):
    buy(member, store, line("249.00"), now=NOW)
    return 249


def happened(member, kind):
    event = events.record(member_id=member.pk, kind=kind, at=NOW, now=NOW)
    following.give_for([event], now=NOW)


def action(member, store, staff):
    happened(member, "custom.visit")
    return 5


def referral(member, store, staff):
    happened(member, kinds.REFERRAL_KEPT)
    return 500


def welcome(member, store, staff):
    happened(member, kinds.REFERRAL_WELCOMED)
    return 100


def goodwill(member, store, staff):
    allow(store.programme)
    return give(member, store, staff, "20", now=NOW).points


def adjustment(member, store, staff):
    adjust(member=member, points=70, note="From the old club", key="k", now=NOW)
    return 70


def restored(member, store, staff):
    """Bought for, used, and given back: they lapse with the lot they came from."""
    buy(member, store, line("300.00"), now=NOW)
    settle_due(now=NOW + timedelta(days=20))
    used = post(
        member_id=member.pk,
        kind=Entry.Kind.SPEND,
        points=-120,
        key="used",
        at=NOW,
        now=NOW + timedelta(days=20),
    )
    restore(
        member_id=member.pk,
        entry_id=used.entry_id,
        points=120,
        key="back",
        at=NOW,
        now=NOW + timedelta(days=20),
    )
    return 300


def brought(member, store, staff):
    """Collected before the club moved here, without a day of their own."""
    found = opening_at(store.programme, NOW)
    given = Brought([member.pk], [800], [found.expires_at])
    open_balances(brought=given, rule_id=found.rule.id, source_id=uuid4(), now=NOW)
    return 800


PATHS = (receipt, action, referral, welcome, goodwill, adjustment, restored, brought)


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


def publish(programme, terms, **changes):
    row = EarningRuleFactory(
        programme=programme, published=True, terms=reading.dump(terms), **changes
    )
    return value_of(row)


def points_of(member):
    return Account.objects.get(member=member).balance


class TestPoints:
    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
    @pytest.mark.parametrize("version", VERSIONS)
    def test_of_a_path_lapse_by_the_version(
        self, programme, member, store, olga, version, path
    ):
        rule = publish(programme, VERSIONS[version])
        ends = rules.expires_at(NOW, rule, programme.zone)
        given = path(member, store, olga)

        settle_due(now=ends - MOMENT)
        assert points_of(member) == given
        assert balance_of(member, ends - MOMENT).points == given
        # Not counted any more, also before the night posts it.
        assert balance_of(member, ends).points == 0
        settle_due(now=ends)

        assert points_of(member) == 0
        assert not Lot.objects.filter(member=member, remaining__gt=0).exists()
        assert not proof.check().differences

    @pytest.mark.parametrize("version", VERSIONS)
    def test_of_all_paths_together_lapse_at_once(
        self, programme, member, store, olga, version
    ):
        rule = publish(programme, VERSIONS[version])
        ends = rules.expires_at(NOW, rule, programme.zone)
        given = sum(path(member, store, olga) for path in PATHS)
        assert given > 1000

        settle_due(now=ends - MOMENT)
        assert points_of(member) == given
        settle_due(now=ends)

        assert points_of(member) == 0
        assert not proof.check().differences

    def test_of_no_path_lapse_where_the_version_says_never(
        self, programme, member, store, olga
    ):
        publish(programme, Terms(actions=ACTIONS), expires_after_months=None)
        given = sum(path(member, store, olga) for path in PATHS)

        settle_due(now=NOW + YEARS)

        assert points_of(member) == given

    def test_are_given_by_no_path_that_is_not_tried_here(self):
        move_or_take = {
            *("SPEND", "REVERSE", "EXPIRE", "MERGE"),
            *("ACTIVATE", "RESERVE", "RELEASE"),
        }
        giving = {"EARN", "ADJUST", "GOODWILL", "RESTORE", "IMPORT"}

        assert set(Entry.Kind) == giving | move_or_take


class TestStampCard:
    def test_gives_a_reward_that_lapses_too(self, programme, member, store, olga):
        """Stamps give no points: what they give is a voucher with a last day."""
        publish(programme, Terms())
        stamp_card(programme, olga, needed=1, now=NOW)
        buy(member, store, line("35.00", article_group="Kaffe"), now=NOW)
        voucher = Voucher.objects.get(member=member)
        assert (voucher.origin, voucher.status) == ("STAMPS", "ISSUED")

        run_nightly(now=voucher.grace_until - MOMENT)
        voucher.refresh_from_db()
        assert voucher.status == "ISSUED"
        run_nightly(now=voucher.grace_until)

        voucher.refresh_from_db()
        assert voucher.status == "LAPSED"

"""Ledgers of members who were erased long ago go, whole persons at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from consent.erasure import erase_member
from consent.retention.kinds import Due, find
from members.merging import merge_members, undo_merge
from points import proof
from points.models import Account, Entry, GoodwillGrant, Lot
from points.services import post
from tests.factories.goodwill import allow, give
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
THEN = datetime(2010, 3, 5, 10, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = datetime(2020, 1, 1, tzinfo=UTC)


def earn(member, points=100, key="bought"):
    return post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=points,
        key=key,
        at=THEN,
        now=THEN,
    )


def take_back(member, entry, points):
    post(
        member_id=member.pk,
        kind=Entry.Kind.REVERSE,
        points=-points,
        key=f"back-{entry.entry_id}",
        at=THEN + 2 * DAY,
        now=THEN + 2 * DAY,
        reverses_id=entry.entry_id,
    )


def merge(kept, merged):
    return merge_members(kept=kept, merged=merged, staff=None, now=THEN + DAY)


def prune(programme, limit=100):
    """Run the kind as the nightly run does, up to the commit; return how many went."""
    gone = find("points-books").prune(Due(programme, NOW, NOW), limit)
    with connection.cursor() as cursor:
        # Foreign keys are looked at when a transaction ends.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return gone


def count(programme):
    return find("points-books").count(Due(programme, NOW, NOW))


@pytest.fixture
def vera(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def double(programme):
    """Vera's other membership."""
    return MemberFactory(programme=programme)


class TestPrune:
    def test_takes_the_ledger_of_who_was_erased(self, programme, vera):
        earn(vera)
        erase_member(member=vera, now=THEN + 3 * DAY)

        assert (count(programme), prune(programme)) == (1, 1)
        assert not Entry.objects.exists()
        assert not Account.objects.exists()

    def test_leaves_both_of_a_person_who_owes(self, programme, vera, double):
        """Her goods of the other membership came back after the points were used."""
        bought = earn(double)
        merge(vera, double)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-100,
            key="used",
            at=THEN + DAY,
            now=THEN + DAY,
        )
        take_back(vera, bought, 100)
        erase_member(member=vera, now=THEN + 3 * DAY)
        assert Account.objects.get(member=vera).balance == -100

        assert (count(programme), prune(programme)) == (0, 0)
        assert Lot.objects.filter(member=double).exists()
        assert not proof.check().differences

    def test_does_not_let_one_person_stop_the_others(self, programme, vera, double):
        bought = earn(double)
        merge(vera, double)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-100,
            key="used",
            at=THEN + DAY,
            now=THEN + DAY,
        )
        take_back(vera, bought, 100)
        other = MemberFactory(programme=programme)
        earn(other)
        for member in (vera, other):
            erase_member(member=member, now=THEN + 3 * DAY)

        assert prune(programme) == 1
        assert not Entry.objects.filter(member=other).exists()

    @pytest.mark.parametrize("is_kept_first", [True, False])
    def test_takes_both_of_a_person_whatever_the_limit(
        self, programme, vera, double, is_kept_first
    ):
        kept, merged = (vera, double) if is_kept_first else (double, vera)
        bought = earn(merged)
        between = MemberFactory(programme=programme)
        earn(between)
        merge(kept, merged)
        take_back(kept, bought, 40)
        for member in (kept, between):
            erase_member(member=member, now=THEN + 3 * DAY)

        assert count(programme) == 3
        assert prune(programme, limit=1) == 2
        assert prune(programme, limit=1) == 1
        assert not Entry.objects.exists()

    def test_takes_who_holds_a_grant_of_the_other_one_with_them(
        self, programme, vera, double, store, olga
    ):
        EarningRuleFactory(programme=programme, published=True, starts_at=THEN - DAY)
        allow(programme)
        give(double, store, olga, 10, now=THEN)
        merge(vera, double)
        grant = GoodwillGrant.objects.get()
        assert (grant.member_id, grant.entry.member_id) == (vera.pk, double.pk)
        erase_member(member=vera, now=THEN + 3 * DAY)

        assert prune(programme, limit=1) == 2
        assert not GoodwillGrant.objects.exists()

    def test_waits_after_an_undone_merge_only_for_what_points_across(
        self, programme, vera, double, olga
    ):
        bought = earn(double)
        other = MemberFactory(programme=programme)
        earn(other, key="other")
        first, second = merge(vera, double), merge(vera, other)
        take_back(vera, bought, 40)
        for done in (second, first):
            undo_merge(merge=done, staff=olga, now=THEN + 3 * DAY)
        for member in (double, other):
            member.refresh_from_db()
            erase_member(member=member, now=THEN + 4 * DAY)

        assert prune(programme) == 1
        assert not Entry.objects.filter(member=other).exists()
        assert Entry.objects.filter(member=double).exists()

"""What the list of members shows of points, tiers and purchases."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from points import reading
from points.tiers.selectors import tier_of, tiers_of
from purchases.selectors import last_purchases, summarize_purchases
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import line, receipt
from tests.factories.tiers import MARCH, did, night, publish_ladder

LIST = "/members/"
_ROWS = re.compile(r'<tr role="row" [^>]*>(.*?)</tr>', re.DOTALL)
_CELLS = re.compile(r'<td role="cell" data-label="([^"]*)"[^>]*>(.*?)</td>', re.DOTALL)


@pytest.fixture
def desk(desk_client, mia):
    client = desk_client(mia)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def shown(client):
    """Return each row of the list: what stands under which heading."""
    page = client.get(LIST).content.decode()
    return [
        {
            unescape(heading): " ".join(unescape(re.sub("<[^>]*>", " ", cell)).split())
            for heading, cell in _CELLS.findall(row)
        }
        for row in _ROWS.findall(page)
    ]


class TestListOfMembers:
    def test_shows_points_with_their_worth_and_the_last_purchase(
        self, desk, till, vera
    ):
        for day, amount in ((14, "1249.00"), (12, "50.00")):
            sent = receipt(
                line(amount),
                phone=vera.phone,
                at=datetime(2026, 3, day, 12, tzinfo=UTC),
            )
            assert till.send(sent).status_code == 201

        (row,) = shown(desk)

        assert row["Points"] == "1 299 129.90 kr"
        assert row["Last purchase"] == "14 March 2026"

    def test_says_nothing_of_whoever_never_bought(self, desk, rule, vera):
        (row,) = shown(desk)

        assert row["Points"] == "0"
        assert row["Last purchase"] == "—"

    def test_shows_the_tier(self, desk, programme, vera):
        publish_ladder(programme)
        did(vera, MARCH.date(), 10_000, now=MARCH)

        (row,) = shown(desk)

        assert row["Tier"] == "Gold"

    def test_says_nothing_of_former_members(self, desk, programme):
        publish_ladder(programme)
        MemberFactory(programme=programme, left=True)

        (row,) = shown(desk)

        assert row["Tier"] == row["Points"] == row["Last purchase"] == "—"

    def test_has_no_column_for_what_the_club_has_not(self, desk, programme, vera):
        (before,) = shown(desk)
        EarningRuleFactory(programme=programme, published=True)
        (after,) = shown(desk)

        assert {"Tier", "Points"}.isdisjoint(before)
        assert "Points" in after
        assert "Tier" not in after

    def test_asks_as_many_questions_for_many_as_for_one(
        self, desk, programme, django_assert_max_num_queries
    ):
        publish_ladder(programme)
        did(MemberFactory(programme=programme), MARCH.date(), 6_000, now=MARCH)
        with CaptureQueriesContext(connection) as one:
            desk.get(LIST)
        for _each in range(24):
            did(MemberFactory(programme=programme), MARCH.date(), 6_000, now=MARCH)

        with django_assert_max_num_queries(len(one)):
            desk.get(LIST)


class TestManyAtOnce:
    def test_tiers_are_those_of_one_by_one(self, programme):
        publish_ladder(programme)
        members = [
            MemberFactory(
                programme=programme, registered_at=datetime(2025, 1, 1, tzinfo=UTC)
            )
            for _each in range(4)
        ]
        for member, spend in zip(members, (0, 4_000, 5_000, 12_000), strict=True):
            did(member, datetime(2025, 3, 1, tzinfo=UTC).date(), spend, now=None)
            night(member, datetime(2025, 3, 2, tzinfo=UTC))
        # Somebody who rose, and sank again.
        later = MARCH + timedelta(days=400)
        night(members[3], later)
        keys = [tier_of(members[3], at).key for at in (MARCH, later)]
        assert keys[0] != keys[1]

        for at in (datetime(2025, 2, 1, tzinfo=UTC), MARCH, later):
            assert tiers_of(programme, [each.pk for each in members], at) == {
                each.pk: tier_of(each, at) for each in members
            }

    def test_there_are_none_without_a_ladder(self, programme, rule, vera):
        assert reading.load(rule.terms).ladder is None
        assert tiers_of(programme, [vera.pk], MARCH) is None

    def test_last_purchases_are_those_of_one_by_one(self, till, programme, vera):
        other = MemberFactory(programme=programme)
        for member, day in ((vera, 3), (vera, 9), (other, 5)):
            at = datetime(2026, 3, day, 12, tzinfo=UTC)
            assert till.send(receipt(phone=member.phone, at=at)).status_code == 201
        idle = MemberFactory(programme=programme)

        assert last_purchases([vera.pk, other.pk, idle.pk]) == {
            each.pk: summarize_purchases(each).last_at for each in (vera, other)
        }

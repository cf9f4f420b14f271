"""A member's ledger at the desk: why each entry is there, and what was had when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from points.adjusting import adjust
from points.models import Entry
from points.services import capture, post, reserve
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def vera(programme):
    EarningRuleFactory(programme=programme, published=True)
    return MemberFactory(programme=programme)


@pytest.fixture
def ledger(desk_client, olga, settings, vera):
    """Open Vera's ledger, in English."""
    client = desk_client(olga)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def open_(**asked):
        url = reverse("points:member-ledger", args=[vera.public_id])
        return client.get(url, asked)

    return open_


class TestLedger:
    def test_says_why_of_every_entry(self, ledger, vera):
        """Olga's apology; then Vera puts points aside, and pays with some of them."""
        adjust(member=vera, points=100, note="A late delivery", key="olga", now=NOW)
        held = reserve(
            member_id=vera.pk, points=60, key="basket", expires_at=NOW + DAY, now=NOW
        )
        capture(reservation=held, points=50, key="paid", at=NOW, now=NOW)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="waits",
            at=NOW,
            now=NOW,
            active_from=NOW + DAY,
        )
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-60,
            key="all",
            at=NOW + 2 * DAY,
            now=NOW + 2 * DAY,
        )

        rows = ledger().context["table"].rows

        with translation.override("en"):
            said = [str(row.get_cell("reason")) for row in rows]
        assert said == [
            "Used by the member",
            "The days of waiting are over",
            "Something else than a purchase",
            "Used by the member",
            "Nothing is put aside for a purchase any more",
            "Put aside for a purchase that is not finished",
            "A late delivery",
        ]

    def test_asks_as_often_for_many_notes_as_for_few(
        self, ledger, vera, django_assert_max_num_queries
    ):
        for number in range(30):
            adjust(member=vera, points=1, note="Hej", key=f"n{number}", now=NOW)

        with django_assert_max_num_queries(22):
            ledger()

    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
    def test_knows_the_ends_of_the_calendar(self, ledger, vera, day):
        adjust(member=vera, points=100, note="A late delivery", key="olga", now=NOW)

        page = ledger(until=day)

        assert page.status_code == 200
        assert len(page.context["table"].rows) == (1 if day > "2026" else 0)

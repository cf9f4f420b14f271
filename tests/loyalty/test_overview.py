from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty import overview
from messaging.models import Message
from stores import services
from stores.access import roles_of, stores_of
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import TillClient, line, receipt, return_line
from tests.factories.stores import ApiKeyFactory, DeviceFactory, StaffFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ago(**span):
    return NOW - timedelta(**span)


def figures(summary):
    return {figure.label: figure for figure in summary.figures}


@pytest.fixture
def look(programme):
    def summarize(staff, days=30):
        return overview.summarize(
            programme=programme,
            store_ids=stores_of(staff),
            roles=roles_of(staff),
            days=days,
            now=NOW,
        )

    return summarize


@pytest.fixture
def till(api_key, programme, time_machine):
    time_machine.move_to(NOW)
    EarningRuleFactory(programme=programme, published=True)
    sender = TillClient(api_key)

    def record(store, *lines, member=None, at):
        body = receipt(*lines, phone=member.phone if member else None, at=at)
        return sender.record({**body, "storeExternalId": store.code})

    return record


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


class TestSummarize:
    def test_is_empty_in_a_new_club_and_says_what_to_do_first(self, olga, look):
        summary = look(olga)

        assert summary.is_empty
        assert [step.url for step in summary.steps] == [
            "/settings/stores/add/",
            "/settings/devices/add/",
            "/settings/keys/add/",
        ]

    def test_gives_first_steps_to_nobody_who_cannot_take_them(self, mia, look):
        assert look(mia).steps == []

    def test_adds_up_what_members_bought_and_their_share(
        self, olga, look, till, store, programme
    ):
        vera = MemberFactory(programme=programme, activated_at=ago(days=200))
        till(store, line("300.00"), member=vera, at=ago(days=3))
        till(store, line("100.00"), at=ago(days=3))
        till(store, line("200.00"), member=vera, at=ago(days=40))
        till(store, line("999.00"), member=vera, at=ago(days=61))

        summary = look(olga)

        sales = figures(summary)["Member sales"]
        assert sales.value == "300\u00a0kr"
        assert sales.note == "75\u00a0% of all sales"
        assert (sales.change.direction, sales.change.text) == ("up", "50.0\u00a0%")
        assert len(summary.sales_chart.rows) == 29  # today is not over
        assert summary.sales_chart.rows[-3].now == "300\u00a0kr"

    def test_takes_returns_off(self, olga, look, till, store, programme):
        vera = MemberFactory(programme=programme, activated_at=ago(days=200))
        till(store, line("300.00"), member=vera, at=ago(days=3))
        till(store, return_line("100.00"), member=vera, at=ago(days=2))

        assert figures(look(olga))["Member sales"].value == "200\u00a0kr"

    def test_counts_days_by_the_clubs_clock(self, olga, look, till, store, programme):
        vera = MemberFactory(programme=programme, activated_at=ago(days=200))
        # Half past midnight in Stockholm on the first day of seven; UTC says the day
        # before.
        first = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
        till(store, line("70.00"), member=vera, at=first)
        till(store, line("9.00"), member=vera, at=first - timedelta(hours=1))

        assert figures(look(olga, days=7))["Member sales"].value == "70\u00a0kr"

    def test_writes_points_with_what_they_are_worth(
        self, olga, look, till, store, programme
    ):
        vera = MemberFactory(programme=programme, activated_at=ago(days=200))
        till(store, line("1000.00"), member=vera, at=ago(days=3))

        points = figures(look(olga))["Points to use"]

        assert points.value == "1\u00a0000"
        assert points.note == "worth 100\u00a0kr"

    def test_counts_active_members_and_who_came_and_went(
        self, olga, look, programme, store, other_store
    ):
        for _ in range(10):
            MemberFactory(programme=programme, activated_at=ago(days=100))
        for _ in range(3):
            MemberFactory(
                programme=programme, activated_at=ago(days=5), registered_store=store
            )
        MemberFactory(
            programme=programme, activated_at=ago(days=6), registered_store=other_store
        )
        MemberFactory(programme=programme, activated_at=ago(days=45))
        MemberFactory(
            programme=programme,
            left=True,
            activated_at=ago(days=90),
            left_at=ago(days=2),
        )
        MemberFactory(programme=programme, pending=True, registered_at=ago(hours=2))

        summary = look(olga)

        active = figures(summary)["Active members"]
        # Fifteen now, of whom four are new; twelve when the period began.
        assert active.value == "15"
        assert active.change.text == "25.0\u00a0%"
        new = figures(summary)["New members"]
        assert new.value == "4"
        assert new.change.text == "300.0\u00a0%"
        assert [(bar.label, bar.value) for bar in summary.new_by_store] == [
            ("Uppsala", "3"),
            ("Lund", "1"),
        ]

    def test_shows_a_store_manager_their_own_store_alone(
        self, otto, look, till, store, other_store, programme
    ):
        here = MemberFactory(
            programme=programme,
            activated_at=ago(days=5),
            registered_store=other_store,
        )
        there = MemberFactory(
            programme=programme, activated_at=ago(days=5), registered_store=store
        )
        till(other_store, line("100.00"), member=here, at=ago(days=3))
        till(store, line("5000.00"), member=there, at=ago(days=3))

        found = figures(look(otto))

        assert found["Active members"].value == "1"
        assert found["New members"].value == "1"
        assert found["Member sales"].value == "100\u00a0kr"
        assert found["Points to use"].value == "100"

    def test_lists_what_waits_for_somebody(self, olga, look, programme, store):
        MemberFactory(programme=programme, pending=True, registered_at=ago(days=2))
        MemberFactory(programme=programme, pending=True, registered_at=ago(hours=23))
        services.add_device(store=store, name="x", till=None, actor=olga, now=NOW)
        DeviceFactory(store=store, last_seen_at=NOW)
        ApiKeyFactory(programme=programme, expires_at=NOW + timedelta(days=13))
        ApiKeyFactory(programme=programme, expires_at=NOW + timedelta(days=15))
        ApiKeyFactory(programme=programme, expires_at=NOW - timedelta(days=1))
        for state, days in (("FAILED", 1), ("FAILED", 8), ("SENT", 1)):
            Message.objects.create(
                programme=programme,
                channel="SMS",
                message_class="SERVICE",
                kind="welcome",
                language="sv",
                address="+46701740605",
                body="Hej",
                dedupe_key=f"{state}{days}",
                state=state,
                queued_at=ago(days=days),
                send_after=ago(days=days),
            )

        needs = look(olga).needs

        assert [need.title for need in needs] == [
            "1 registration is not finished",
            "1 message could not be sent",
            "1 device was never enrolled",
            "1 API key ends soon",
        ]

    def test_asks_a_marketer_for_nothing_they_cannot_do(
        self, olga, mia, look, programme, store
    ):
        MemberFactory(programme=programme)
        services.add_device(store=store, name="x", till=None, actor=olga, now=NOW)
        ApiKeyFactory(programme=programme, expires_at=NOW + timedelta(days=13))

        assert look(mia).needs == []

    def test_tells_of_sms_that_are_paused(self, olga, look, programme):
        MemberFactory(programme=programme)
        Message.objects.bulk_create(
            Message(
                programme=programme,
                channel="SMS",
                message_class=Message.Class.CODE,
                kind="join_link",
                language="sv",
                address=f"+46701740{number:03d}",
                body="x",
                dedupe_key=f"stranger-{number}",
                queued_at=NOW,
                send_after=NOW,
                is_to_stranger=True,
            )
            for number in range(100)
        )

        assert "message-off" in [need.icon for need in look(olga).needs]

    def test_takes_few_statements_however_much_there_is(
        self, olga, look, till, store, programme, django_assert_max_num_queries
    ):
        for number in range(5):
            vera = MemberFactory(
                programme=programme,
                activated_at=ago(days=number),
                registered_store=store,
            )
            till(store, line("100.00"), member=vera, at=ago(days=number))
        roles_of(olga)

        with django_assert_max_num_queries(11):
            look(olga)

    def test_compares_with_nothing_where_nothing_was(
        self, olga, look, till, store, programme
    ):
        vera = MemberFactory(programme=programme, activated_at=ago(days=3))
        till(store, line("100.00"), member=vera, at=ago(days=3))

        summary = look(olga)

        assert summary.sales_change is None
        assert summary.sales_chart.then == ""


class TestHome:
    def test_shows_the_figures(self, olga, desk_client, programme):
        MemberFactory(programme=programme)

        page = desk_client(olga).get("/?period=7").content.decode()

        assert "Active members" in page
        assert 'aria-current="true"' in page

    def test_ignores_a_period_it_does_not_know(self, olga, desk_client, programme):
        MemberFactory(programme=programme)

        assert desk_client(olga).get("/?period=9999999999").status_code == 200

    def test_is_empty_at_first(self, olga, desk_client):
        page = desk_client(olga).get("/").content.decode()

        assert "Your club is ready" in page
        assert "/settings/stores/add/" in page

    def test_sends_store_staff_to_the_till_without_figures(
        self, carl, desk_client, programme
    ):
        MemberFactory(programme=programme)

        page = desk_client(carl).get("/").content.decode()

        assert "/till/" in page
        assert "Active members" not in page

    def test_opens_for_a_role_beside_store_staff(self, carl, desk_client, programme):
        MemberFactory(programme=programme)
        anja = StaffFactory(programme=programme, role=Role.ANALYST)

        assert "Active members" in desk_client(anja).get("/").content.decode()

    def test_reads_a_period(self):
        assert overview.read_period("90") == 90
        assert overview.read_period("") == 30
        assert overview.read_period("-1") == 30
        assert Decimal(overview.read_period("7")) == 7

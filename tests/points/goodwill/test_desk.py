"""The desk's screens of goodwill: who sees what, what became of it, the settings."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from common.periods import local_day
from points.goodwill import upkeep
from points.goodwill.allowances import allowance_of
from points.goodwill.selectors import summarize
from points.models import Activity, GoodwillAllowance, GoodwillReason
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.goodwill import allow, give, reason
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera(programme):
    EarningRuleFactory(programme=programme, published=True)
    return MemberFactory(programme=programme, first_name="Vera", last_name="Lindqvist")


@pytest.fixture
def mona(store):
    return StaffFactory(name="Mona Falk", role=Role.STORE_MANAGER, store=store)


@pytest.fixture
def given(vera, store, carl, now):
    return give(vera, store, carl, 50, note="=1+1", now=now)


def page(client, address="/goodwill/"):
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    content = getattr(answer, "streaming_content", None)
    body = b"".join(content) if content else answer.content
    return body.decode().replace("\xa0", " ")


def bought(member, day, spend):
    return Activity.objects.create(member=member, on=day, spend=spend, visits=1)


class TestGrantList:
    def test_shows_what_was_given_why_and_by_whom(self, desk_client, olga, given):
        shown = page(desk_client(olga))

        for text in ("Vera L.", "50 kr", "Carl Ek", "Uppsala"):
            assert text in shown
        assert "Lindqvist" not in shown

    def test_shows_the_visits_of_later_days_only(
        self, desk_client, olga, programme, given, vera
    ):
        today = local_day(given.at, programme.zone)
        bought(vera, today - timedelta(days=1), 111)
        bought(vera, today, 222)
        bought(vera, today + timedelta(days=1), 333)
        bought(vera, today + timedelta(days=9), 444)

        shown = page(desk_client(olga), "/goodwill/?format=csv")

        last = shown.strip().splitlines()[-1]
        assert last.replace('"', "").split(";")[-2:] == ["2", "777,00"]

    def test_has_no_more_columns_than_a_tablet_holds(
        self, desk_client, olga, programme, given, vera
    ):
        """The store and the visits stand in the second lines of others."""
        day = local_day(given.at, programme.zone) + timedelta(days=1)
        bought(vera, day, 333)

        table = desk_client(olga).get("/goodwill/").context["table"]

        assert len(list(table.columns)) == 6
        (row,) = table.rows
        assert given.store.name in row.get_cell("at")
        with translation.override("en"):
            assert "1 visit" in row.get_cell("spend_since")

    def test_shows_a_manager_their_own_stores_only(
        self, desk_client, mona, otto, other_store, given, vera, now
    ):
        clerk = StaffFactory(name="Lisa Holm", role=Role.STORE_STAFF, store=other_store)
        give(vera, other_store, clerk, 10, now=now)

        for person, seen, unseen in (
            (mona, "Carl Ek", "Lisa Holm"),
            (otto, "Lisa Holm", "Carl Ek"),
        ):
            client = desk_client(person)
            for address in ("/goodwill/", "/goodwill/?format=csv"):
                shown = page(client, address)
                assert seen in shown
                assert unseen not in shown

    def test_links_to_members_for_who_may_see_them(
        self, desk_client, olga, mona, given
    ):
        link = f"/members/{given.member.public_id}/"

        assert link in page(desk_client(olga))
        assert link not in page(desk_client(mona))

    def test_is_of_one_month(self, desk_client, olga, vera, store, carl, now):
        earlier = now - timedelta(days=62)
        give(vera, store, carl, 50, now=earlier)

        assert "Carl Ek" not in page(desk_client(olga))
        assert "Carl Ek" in page(desk_client(olga), f"/goodwill/?month={earlier:%Y-%m}")

    @pytest.mark.parametrize("month", ["x", "2026-13", "0000-01", "9999-12", "٢٠٢٦-٠١"])
    def test_takes_this_month_for_none(self, desk_client, olga, given, month):
        assert "Carl Ek" in page(desk_client(olga), f"/goodwill/?month={month}")

    def test_is_found_by_reason(self, desk_client, olga, given):
        assert "Carl Ek" in page(desk_client(olga), "/goodwill/?reason=long-queue")
        answer = desk_client(olga).get(
            "/goodwill/?reason=wrong-price", headers={"hx-request": "true"}
        )
        assert "Carl Ek" not in answer.content.decode()

    def test_exports_no_formula_and_notes_who_took_it(self, desk_client, olga, given):
        shown = page(desk_client(olga), "/goodwill/?format=csv")

        assert "'=1+1" in shown
        assert AuditEntry.objects.filter(
            action="goodwill.exported", actor_id=olga.public_id
        ).exists()

    def test_costs_no_more_queries_with_more_rows(
        self, desk_client, olga, vera, store, carl, now, django_assert_max_num_queries
    ):
        client = desk_client(olga)
        allow(store.programme, staff_per_day=2000)
        give(vera, store, carl, 10, now=now)
        page(client)

        for _row in range(12):
            give(vera, store, carl, 10, now=now)
        with django_assert_max_num_queries(32):
            page(client)


class TestSummary:
    def test_adds_up_by_reason_store_and_person(
        self, programme, vera, store, other_store, carl, mona, otto
    ):
        now = datetime(2026, 3, 14, 12, tzinfo=UTC)
        bo = MemberFactory(programme=programme)
        give(vera, store, carl, 50, now=now)
        give(bo, store, carl, 200, approved_by=mona, now=now)
        give(
            vera,
            other_store,
            otto,
            100,
            reason=reason(programme, "wrong-price"),
            now=now,
        )
        bought(bo, date(2026, 4, 2), 99)

        summary = summarize(programme=programme, store_ids=None, month=date(2026, 3, 1))

        assert (summary.grants, summary.worth) == (3, 350)
        assert (summary.members, summary.came_back) == (2, 1)
        assert [each.worth for each in summary.reasons] == [250, 100]
        assert [(each.name, each.worth, each.allowed) for each in summary.stores] == [
            ("Uppsala", 250, 15000),
            ("Lund", 100, 15000),
        ]
        # The manager who approved it has used hers, and not the clerk his.
        assert [(each.name, each.worth, each.allowed) for each in summary.people] == [
            ("Mona Falk", 200, 6000),
            ("Otto Dahl", 100, 6000),
            ("Carl Ek", 50, 2000),
        ]

    def test_ends_a_month_at_midnight_of_the_club(self, programme, vera, store, carl):
        give(vera, store, carl, 50, now=datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
        give(vera, store, carl, 10, now=datetime(2026, 3, 31, 22, 0, tzinfo=UTC))

        worths = [
            summarize(programme=programme, store_ids=None, month=month).worth
            for month in (date(2026, 3, 1), date(2026, 4, 1))
        ]

        assert worths == [50, 10]


class TestReasons:
    NAMES = {
        "name_sv": "Sen leverans",
        "name_da": "Sen levering",
        "name_en": "Late delivery",
    }

    def test_are_added_behind_the_others(self, desk_client, mia, programme):
        answer = desk_client(mia).post("/goodwill/settings/reasons/new/", self.NAMES)

        assert answer.status_code == 302
        last = (
            GoodwillReason.objects.filter(programme=programme).order_by("order").last()
        )
        assert (last.key, last.name_sv) == ("late-delivery", "Sen leverans")
        assert AuditEntry.objects.filter(action="goodwill.reason_changed").exists()

    def test_keep_what_was_typed_when_a_name_is_taken(self, desk_client, mia):
        answer = desk_client(mia).post(
            "/goodwill/settings/reasons/new/", {**self.NAMES, "name_sv": "fel PRIS"}
        )

        assert answer.status_code == 422
        assert "Late delivery" in answer.content.decode()

    def test_get_keys_that_were_never_used(self, programme, mia, now):
        keys = [
            upkeep.add_reason(
                programme=programme,
                names={"sv": f"a{n}", "da": f"b{n}", "en": name},
                staff=mia,
                now=now,
            ).key
            for n, name in enumerate(["Rain!", "Rain?", "Rain...", "雨"])
        ]

        assert keys == ["rain", "rain-2", "rain-3", "reason"]

    def test_go_out_of_use_and_keep_what_was_given(self, desk_client, mia, given):
        row = given.reason
        answer = desk_client(mia).post(
            f"/goodwill/settings/reasons/{row.public_id}/", self.NAMES
        )

        assert answer.status_code == 302
        row.refresh_from_db()
        assert (row.is_active, row.key) == (False, "long-queue")

    def test_move(self, desk_client, mia, programme):
        client = desk_client(mia)
        row = reason(programme, "wrong-price")
        for to in ("up", "up", "up", "down"):
            client.post(f"/goodwill/settings/reasons/{row.public_id}/move/", {"to": to})

        keys = GoodwillReason.objects.filter(programme=programme).order_by("order")
        assert [each.key for each in keys][:3] == [
            "long-queue",
            "wrong-price",
            "article-missing",
        ]


class TestAllowances:
    AMOUNTS = {
        "staff_one_grant": "50",
        "staff_per_day": "100",
        "staff_per_month": "1 000",
        "manager_one_grant": "200",
        "manager_per_day": "400,50",
        "manager_per_month": "4000",
        "store_per_day": "500",
        "store_per_month": "5000",
    }

    @pytest.fixture
    def client(self, desk_client, mia):
        client = desk_client(mia)
        client.cookies["language"] = "sv"
        return client

    def test_of_the_club_hold_in_every_store(self, client, store, other_store):
        answer = client.post("/goodwill/settings/allowance/", self.AMOUNTS)

        assert answer.status_code == 302
        for each in (store, other_store):
            allowance = allowance_of(each)
            assert allowance.staff.per_month == 1000
            assert allowance.manager.per_day == Decimal("400.50")

    def test_of_a_store_come_and_go(self, client, programme, store, other_store):
        own = f"/goodwill/settings/allowance/{store.public_id}/"
        client.post(own, self.AMOUNTS)
        assert allowance_of(store).staff.one_grant == 50
        assert allowance_of(other_store).staff.one_grant == 100

        client.post(f"{own}drop/")
        client.post(f"{own}drop/")

        assert not GoodwillAllowance.objects.exists()
        assert (
            AuditEntry.objects.filter(action="goodwill.allowance_changed").count() == 2
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("staff_per_month", "99"),
            ("staff_one_grant", "101"),
            ("store_per_month", "499"),
            ("manager_one_grant", "-1"),
            ("store_per_day", "NaN"),
            ("store_per_day", ""),
        ],
    )
    def test_that_make_no_sense_are_refused(self, client, name, value):
        answer = client.post(
            "/goodwill/settings/allowance/", {**self.AMOUNTS, name: value}
        )

        assert answer.status_code == 422
        assert not GoodwillAllowance.objects.exists()

    def test_are_shown_with_those_of_stores(self, client, programme, store):
        allow(programme, store, staff_one_grant=77)

        shown = page(client, "/goodwill/settings/")

        assert "77 kr" in shown
        assert "Lång kö" in shown

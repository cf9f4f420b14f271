import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import Member
from stores.models import AuditEntry
from tests.factories.members import REGISTERED_AT, MemberFactory

LIST = "/members/"
EXPORT = "/members/export/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(desk_client, siv):
    return desk_client(siv)


def names_on(response):
    return re.findall(
        r'<a href="/members/[0-9a-f-]{36}/">([^<]*)</a>', response.content.decode()
    )


def body_of(response):
    return b"".join(response.streaming_content).decode()


class TestMemberList:
    def test_shows_the_newest_first(self, desk, programme):
        for day, name in enumerate(["Anna", "Berit", "Cilla"]):
            MemberFactory(
                programme=programme,
                first_name=name,
                registered_at=REGISTERED_AT + timedelta(days=day),
            )

        names = names_on(desk.get(LIST))

        assert names == ["Cilla Lindqvist", "Berit Lindqvist", "Anna Lindqvist"]

    def test_shows_no_contact_details_in_the_open(self, desk, programme):
        member = MemberFactory(programme=programme, phone="+46701234567")

        page = desk.get(LIST).content.decode()

        assert "07•-••• •• 67" in page
        assert member.email not in page
        assert "123" not in re.sub(r"<[^>]*>|\s", "", page).replace(member.number, "")

    def test_leaves_out_other_programmes_and_the_erased(self, desk, programme):
        MemberFactory(first_name="Elsewhere")
        MemberFactory(programme=programme, erased=True)

        assert names_on(desk.get(LIST)) == []

    def test_names_those_who_have_not_given_their_name(self, desk, programme):
        MemberFactory(programme=programme, pending=True)

        assert names_on(desk.get(LIST, headers={"Accept-Language": "en"}))

    def test_sorts_by_last_name_and_puts_the_nameless_last(self, desk, programme):
        MemberFactory(programme=programme, first_name="Bo", last_name="von Essen")
        MemberFactory(programme=programme, first_name="Bo", last_name="Ek")
        MemberFactory(programme=programme, first_name="Al", last_name="Ek")
        MemberFactory(programme=programme, pending=True)

        up = names_on(desk.get(LIST, {"sort": "name"}))
        down = names_on(desk.get(LIST, {"sort": "-name"}))

        assert up[:3] == ["Al Ek", "Bo Ek", "Bo von Essen"]
        assert down == up[::-1]

    def test_filters_by_words_status_and_store(self, desk, programme, store):
        MemberFactory(programme=programme, first_name="Anna", home_store=store)
        MemberFactory(programme=programme, first_name="Annika", left=True)
        MemberFactory(programme=programme, first_name="Bo", home_store=store)

        def shown(**query):
            return {name.split()[0] for name in names_on(desk.get(LIST, query))}

        assert shown(q="ann") == {"Anna", "Annika"}
        assert shown(q="ann", status="LEFT") == {"Annika"}
        assert shown(store=str(store.public_id)) == {"Anna", "Bo"}
        assert shown(q="ann", store=str(store.public_id)) == {"Anna"}

    def test_answers_htmx_with_the_table_alone(self, desk, programme):
        MemberFactory(programme=programme)

        whole = desk.get(LIST).content.decode()
        part = desk.get(LIST, headers=HTMX).content.decode()

        assert "<html" in whole
        assert "<html" not in part
        assert 'id="rows"' in part
        assert 'id="member-export" hx-swap-oob="true"' in part

    def test_survives_nonsense_in_the_address(self, desk, programme):
        MemberFactory(programme=programme)

        for query in (
            "page=0",
            "page=x",
            "page=99999999",
            "sort=phone",
            "sort=;",
            "store=x",
            "status=x",
            "q=%00",
            "q=" + "a" * 5000,
        ):
            assert desk.get(f"{LIST}?{query}").status_code == 200

    def test_asks_as_many_questions_for_many_as_for_one(
        self, desk, programme, store, django_assert_max_num_queries
    ):
        MemberFactory(programme=programme, home_store=store)
        with CaptureQueriesContext(connection) as one:
            desk.get(LIST)
        for _each in range(24):
            MemberFactory(programme=programme, home_store=store)

        with django_assert_max_num_queries(len(one)):
            desk.get(LIST)

    def test_is_closed_to_store_staff(self, desk_client, carl, otto):
        for staff in (carl, otto):
            assert desk_client(staff).get(LIST).status_code == 403
            assert desk_client(staff).get(EXPORT).status_code == 403


class TestMemberListOfMany:
    @pytest.fixture
    def few(self, programme, monkeypatch):
        """Ten members, where a page has two and nobody sees more than six."""
        monkeypatch.setattr("members.search.MOST", 6)
        monkeypatch.setattr("common.ui.tables.CappedPaginator.most", 6)
        monkeypatch.setattr("members.views.listing.MemberList.per_page", 2)
        for _each in range(10):
            MemberFactory(programme=programme)

    def test_counts_no_further_than_it_shows(self, desk, few):
        response = desk.get(LIST, {"page": "3"}, headers={"Accept-Language": "en"})

        table = response.context["table"]
        assert table.paginator.count == 6
        assert table.paginator.is_capped
        assert not table.page.has_next()
        assert len(names_on(response)) == 2

    def test_stops_at_the_last_page_it_shows(self, desk, few):
        assert desk.get(LIST, {"page": "2000"}).context["table"].page.number == 3

    def test_says_that_a_broad_search_found_more(self, desk, few):
        table = desk.get(LIST, {"q": "vera"}).context["table"]

        assert table.paginator.is_capped
        assert table.paginator.count == 6

    def test_counts_a_narrow_search_exactly(self, desk, few, programme):
        MemberFactory(programme=programme, first_name="Anna")

        table = desk.get(LIST, {"q": "anna"}).context["table"]

        assert not table.paginator.is_capped
        assert table.paginator.count == 1

    def test_reads_every_page_from_an_index(self, desk, crowd):
        for query in (
            "",
            "page=40",
            "sort=name",
            "sort=-name&page=40",
            "sort=registered_at",
        ):
            with CaptureQueriesContext(connection) as captured:
                desk.get(f"{LIST}?{query}")

            rows = [
                each["sql"]
                for each in captured
                if "ORDER BY" in each["sql"] and 'FROM "members_member"' in each["sql"]
            ]
            assert rows
            for sql in rows:
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN (COSTS OFF) {sql}")
                    plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan on members_member" not in plan, f"{sql}\n{plan}"
                assert "Sort" not in plan, f"{sql}\n{plan}"


class TestMemberExport:
    def test_asks_why_before_anything_leaves(self, desk, programme):
        MemberFactory(programme=programme)

        asked = desk.get(EXPORT)
        refused = desk.post(EXPORT, {"reason": ""})

        assert asked.status_code == 200
        assert refused.status_code == 422
        assert not AuditEntry.objects.filter(action="member.exported").exists()

    def test_sends_what_the_filters_choose_in_the_open(self, desk, programme, store):
        member = MemberFactory(
            programme=programme,
            first_name="Anna",
            home_store=store,
            phone="+46701234567",
        )
        MemberFactory(programme=programme, first_name="Bo")

        response = desk.post(EXPORT, {"reason": "Yearly audit", "q": "anna"})

        text = body_of(response)
        assert response["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
        assert len(rows) == 2
        assert rows[1][1:5] == ["Anna", "Lindqvist", "'+46701234567", member.email]

    def test_makes_no_formula_of_a_name(self, desk, programme):
        MemberFactory(programme=programme, first_name="=HYPERLINK(1)")

        text = body_of(desk.post(EXPORT, {"reason": "Yearly audit"}))

        assert "'=HYPERLINK(1)" in text

    def test_is_on_record_with_its_reason_but_not_its_search(
        self, desk, programme, siv
    ):
        MemberFactory(programme=programme, first_name="Anna")

        desk.post(EXPORT, {"reason": "Yearly audit", "q": "anna", "status": "ACTIVE"})

        entry = AuditEntry.objects.get(action="member.exported")
        assert entry.actor_id == siv.public_id
        assert entry.reason == "Yearly audit"
        assert entry.data == {"filters": {"q": "…", "status": "ACTIVE"}, "rows": 1}

    def test_refuses_a_search_that_found_more_than_it_shows(
        self, desk, programme, monkeypatch
    ):
        monkeypatch.setattr("members.search.MOST", 1)
        for _each in range(2):
            MemberFactory(programme=programme, first_name="Anna")

        response = desk.post(EXPORT, {"reason": "Yearly audit", "q": "anna"})

        assert response["Content-Type"].startswith("text/html")
        assert not AuditEntry.objects.filter(action="member.exported").exists()

    def test_is_closed_to_the_marketer(self, desk_client, mia, programme):
        client = desk_client(mia)

        assert client.get(LIST).status_code == 200
        assert client.get(EXPORT).status_code == 403
        assert client.post(EXPORT, {"reason": "Because"}).status_code == 403

    def test_is_open_to_the_protection_officer(self, desk_client, dag, programme):
        Member.objects.all().delete()

        assert desk_client(dag).get(EXPORT).status_code == 200

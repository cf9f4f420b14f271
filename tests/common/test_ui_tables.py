import re

import django_filters
import django_tables2 as tables2
import pytest
from django.test import RequestFactory

from common.ui.tables import NumberColumn, SearchFilter, Table, TableView
from stores.models import Staff
from tests.factories.stores import StaffFactory

PARTIAL = {"HX-Request": "true"}


class PeopleTable(Table):
    name = tables2.Column()
    email = tables2.Column(orderable=False)
    pk = NumberColumn()

    class Meta(Table.Meta):
        pass


class PeopleFilter(django_filters.FilterSet):
    q = SearchFilter(field_name="name", lookup_expr="icontains", label="Name")
    is_active = django_filters.ChoiceFilter(
        choices=[("True", "Working"), ("False", "Gone")], label="State"
    )

    class Meta:
        model = Staff
        fields = []


class PeopleView(TableView):
    table_class = PeopleTable
    filterset_class = PeopleFilter
    title = "People"
    per_page = 3
    csv_name = "people"

    def get_queryset(self):
        return Staff.objects.all()


class UncountedView(PeopleView):
    exact_count = False


@pytest.fixture
def people(programme):
    names = ["Anna Ek", "Bo Ek", "Cia Lund", "Dan Lund", "Eva Lund", "Fia Lund", "Gun"]
    return [
        StaffFactory(
            programme=programme,
            name=name,
            email=f"person{index}@example.com",
            is_active=name != "Gun",
        )
        for index, name in enumerate(names)
    ]


@pytest.fixture
def get(people):
    def ask(query="", view=PeopleView, **headers):
        request = RequestFactory().get(f"/people/{query}", headers=headers)
        request.user = people[0]
        return view.as_view()(request)

    return ask


def names_in(response):
    page = response.content.decode()
    return re.findall(r"<td[^>]*>((?:Anna|Bo|Cia|Dan|Eva|Fia|Gun)[^<]*)</td>", page)


def lines_of(response):
    return b"".join(response.streaming_content).decode().splitlines()


class TestTableView:
    def test_gives_a_whole_page_to_a_plain_request(self, get):
        page = get().content.decode()

        assert page.lstrip().startswith("<!doctype html>")
        assert 'id="rows"' in page
        assert 'id="side"' in page

    def test_gives_the_table_alone_to_htmx(self, get):
        page = get(**PARTIAL).content.decode()

        assert "<!doctype" not in page
        assert 'id="side"' not in page
        assert 'id="rows"' in page

    def test_gives_a_whole_page_when_htmx_restores_history(self, get):
        response = get(**PARTIAL, **{"HX-History-Restore-Request": "true"})

        assert b"<!doctype html>" in response.content

    def test_tells_caches_that_the_two_differ(self, get):
        assert "HX-Request" in get()["Vary"]

    def test_sorts_on_the_server(self, get):
        assert names_in(get("?sort=-name")) == ["Gun", "Fia Lund", "Eva Lund"]

    def test_ignores_a_sort_that_is_unknown_or_not_offered(self, get):
        plain = names_in(get())

        assert names_in(get("?sort=password")) == plain
        assert names_in(get("?sort=email")) == plain

    def test_shows_the_asked_page(self, get):
        response = get("?sort=name&page=2")

        assert names_in(response) == ["Dan Lund", "Eva Lund", "Fia Lund"]

    @pytest.mark.parametrize("page", ["99", "0", "-1", "abc", "9" * 30, "²"])
    def test_shows_the_nearest_page_when_the_asked_one_is_not_there(self, get, page):
        assert names_in(get(f"?sort=name&page={page}"))

    def test_searches(self, get):
        assert names_in(get("?q=ek&sort=name")) == ["Anna Ek", "Bo Ek"]

    def test_keeps_the_state_in_its_links(self, get):
        page = get("?q=lund&sort=-name").content.decode()

        assert "?q=lund&amp;sort=-name&amp;page=2" in page
        assert "?q=lund&amp;sort=name" in page

    def test_drops_the_page_when_the_order_changes(self, get):
        page = get("?sort=name&page=2").content.decode()
        sort_links = re.findall(r'id="sort-\w+" href="([^"]*)"', page)

        assert sort_links
        assert not [link for link in sort_links if "page=" in link]

    def test_keeps_what_was_typed_in_the_search_box(self, get):
        page = get("?q=%22%3E%3Cb%3E").content.decode()

        assert 'value="&quot;&gt;&lt;b&gt;"' in page

    def test_names_the_filters_in_force_and_how_to_lift_them(self, get):
        page = get("?is_active=False&sort=name").content.decode()

        assert "State: Gone" in page
        assert 'href="?sort=name"' in page

    def test_says_so_when_nothing_fits(self, get):
        page = get("?q=nobody").content.decode()

        assert "<td" not in page
        assert 'href="?"' in page

    def test_orders_rows_with_equal_values_the_same_on_every_page(self, get, people):
        Staff.objects.update(name="Anna Ek")
        seen = [
            re.findall(
                r">(person\d@example\.com)</td>",
                get(f"?sort=name&page={page}").text,
            )
            for page in (1, 2, 3)
        ]

        assert [len(emails) for emails in seen] == [3, 3, 1]
        assert len({email for emails in seen for email in emails}) == len(people)

    @pytest.mark.parametrize("page", ["99", "0", "-1", "abc", "2"])
    def test_pages_without_counting(self, get, page):
        assert names_in(get(f"?sort=name&page={page}", view=UncountedView))

    def test_can_do_without_counting(self, get, django_assert_max_num_queries):
        with django_assert_max_num_queries(3) as queries:
            response = get("?sort=name", view=UncountedView, **PARTIAL)

        assert names_in(response) == ["Anna Ek", "Bo Ek", "Cia Lund"]
        assert 'id="page-next"' in response.text
        assert not [query for query in queries if "COUNT(" in query["sql"]]


class TestCsvExport:
    def test_holds_the_rows_of_the_filter_on_all_pages(self, get):
        lines = lines_of(get("?format=csv&q=lund&sort=-name"))

        assert [line.split(";")[0] for line in lines[1:]] == [
            "Fia Lund",
            "Eva Lund",
            "Dan Lund",
            "Cia Lund",
        ]

    def test_is_named_after_the_list_and_the_day(self, get):
        header = get("?format=csv")["Content-Disposition"]

        assert re.search(r'filename="people-\d{4}-\d\d-\d\d\.csv"', header)

    def test_disarms_a_name_that_is_a_formula(self, get, people):
        Staff.objects.filter(pk=people[0].pk).update(name="=HYPERLINK(1)")

        assert "'=HYPERLINK(1)" in "\n".join(lines_of(get("?format=csv")))

    def test_runs_what_must_stand_in_the_audit_before_it_leaves(self, get):
        class Audited(PeopleView):
            exports = 0

            def before_export(self):
                Audited.exports += 1

        get("?format=csv", view=Audited)
        get("", view=Audited)

        assert Audited.exports == 1

    def test_is_not_offered_by_a_list_without_a_name_for_it(self, get):
        class Closed(PeopleView):
            csv_name = ""

        response = get("?format=csv", view=Closed)

        assert response["Content-Type"].startswith("text/html")
        assert 'id="export"' not in response.text


class TestEmptyTable:
    def test_says_what_would_stand_here(self, people):
        class InvitingTable(PeopleTable):
            empty_text = "Invite the first one."

        class Nobody(PeopleView):
            table_class = InvitingTable

            def get_queryset(self):
                return Staff.objects.none()

        request = RequestFactory().get("/people/")
        request.user = people[0]

        assert "Invite the first one." in Nobody.as_view()(request).text

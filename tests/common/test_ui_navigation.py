import pytest
from django.test import RequestFactory

from common.ui import navigation


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(navigation, "_entries", {})


@pytest.fixture
def at():
    def request(path, roles=()):
        made = RequestFactory().get(path)
        made.roles = frozenset(roles)
        return made

    return request


def register(label, url_name, group="settings", **options):
    navigation.register(
        group=group, label=label, url_name=url_name, icon="star", **options
    )


class TestRegister:
    def test_refuses_a_group_that_is_not_there(self):
        with pytest.raises(ValueError, match="nowhere is not a group"):
            register("Lost", "common:search", group="nowhere")


class TestGroupsFor:
    def test_follows_the_order_of_groups_and_entries(self, at):
        register("Guide", "common:styleguide", order=20)
        register("Table", "common:styleguide-table", order=10)
        register("Search", "common:search", group="overview")
        groups = navigation.groups_for(at("/"))

        assert [[str(link.entry.label) for link in each.links] for each in groups] == [
            ["Search"],
            ["Table", "Guide"],
        ]

    def test_marks_the_nearest_page_alone(self, at):
        register("Guide", "common:styleguide")
        register("Table", "common:styleguide-table")
        links = navigation.links_for(at("/styleguide/table/?page=2"))

        assert [link.entry.label for link in links if link.is_current] == ["Table"]

    def test_leaves_out_what_the_roles_do_not_open(self, at):
        register("Guide", "common:styleguide", roles=["OWNER"])

        assert navigation.groups_for(at("/", roles=["ANALYST"])) == []
        assert navigation.groups_for(at("/", roles=["OWNER"]))

    def test_leaves_out_a_page_without_an_address(self, at):
        register("Later", "nowhere:later")

        assert navigation.groups_for(at("/")) == []


class TestRolesOf:
    def test_reads_the_roles_of_the_signed_in_person_once(
        self, olga, django_assert_num_queries
    ):
        request = RequestFactory().get("/")
        request.user = olga
        with django_assert_num_queries(1):
            first = navigation.roles_of(request)
            second = navigation.roles_of(request)

        assert first == second == {"OWNER"}

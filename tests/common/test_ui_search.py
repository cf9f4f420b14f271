import pytest
from django.urls import reverse

from common.ui import navigation, search
from common.ui.search import Hit
from stores.roles import Role

PARTIAL = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    """Give each test empty registries and put the real ones back."""
    monkeypatch.setattr(search, "_providers", {})
    monkeypatch.setattr(search, "_actions", {})
    monkeypatch.setattr(navigation, "_entries", {})


@pytest.fixture
def people():
    def find(request, words, limit):
        names = ["Astrid Öberg", "Astrid Ek", "Bo Ek"]
        return [
            Hit(title=name, url=f"/members/{index}/")
            for index, name in enumerate(names)
            if name.casefold().startswith(words.casefold())
        ]

    search.register(key="members", label="Members", find=find, roles=[Role.OWNER])


class TestSearch:
    def test_finds_members_pages_and_actions(self, desk_client, olga, people):
        navigation.register(
            group="settings",
            label="Astronomy",
            url_name="common:styleguide",
            icon="star",
        )
        search.register_action(
            label="Assign a card", url_name="common:styleguide-table", icon="plus"
        )
        page = desk_client(olga).get(reverse("common:search"), {"q": "as"}).text

        for text in ("Astrid Öberg", "Astrid Ek", "Astronomy", "Assign a card"):
            assert text in page
        assert "Bo Ek" not in page

    def test_is_a_page_for_a_plain_request_and_a_list_for_htmx(
        self, desk_client, olga, people
    ):
        client = desk_client(olga)
        page = client.get(reverse("common:search"), {"q": "as"}).text
        fragment = client.get(
            reverse("common:search"), {"q": "as"}, headers=PARTIAL
        ).text

        assert "<!doctype html>" in page
        assert 'value="as"' in page
        assert "<!doctype" not in fragment
        assert 'role="option"' in fragment
        assert "Astrid Ek" in fragment

    def test_asks_no_provider_that_the_role_does_not_open(
        self, desk_client, mia, people
    ):
        page = desk_client(mia).get(reverse("common:search"), {"q": "astrid"}).text

        assert "Astrid Ek" not in page

    def test_hides_pages_and_actions_of_other_roles(self, desk_client, mia):
        navigation.register(
            group="settings",
            label="Vault",
            url_name="common:styleguide",
            icon="lock",
            roles=[Role.OWNER],
        )
        search.register_action(
            label="Vault the lot",
            url_name="common:styleguide-table",
            icon="lock",
            roles=[Role.OWNER],
        )
        page = (
            desk_client(mia)
            .get(reverse("common:search"), {"q": "vault"}, headers=PARTIAL)
            .text
        )

        assert 'role="option"' in page
        assert "styleguide" not in page

    def test_matches_the_beginning_of_every_word_in_any_case(self, desk_client, olga):
        search.register_action(
            label="Register a member",
            url_name="common:styleguide",
            icon="plus",
            keywords="enrol",
        )
        client = desk_client(olga)

        def finds(words):
            answer = client.get(reverse("common:search"), {"q": words}, headers=PARTIAL)
            return "Register a member" in answer.text

        assert finds("MEM reg")
        assert finds("enr")
        assert not finds("ember")

    def test_offers_pages_before_anything_is_typed(self, desk_client, olga, people):
        navigation.register(
            group="overview", label="Home", url_name="common:search", icon="home"
        )
        page = desk_client(olga).get(reverse("common:search"), headers=PARTIAL).text

        assert "Home" in page
        assert "Astrid" not in page

    @pytest.mark.parametrize("words", ["\x00", "x" * 5000, "%", "<script>", "  "])
    def test_stands_anything_typed(self, desk_client, olga, people, words):
        answer = desk_client(olga).get(reverse("common:search"), {"q": words})

        assert answer.status_code == 200
        assert "<script>" not in answer.text.split("<main")[1]

    def test_keeps_to_the_limit_of_the_palette(self, desk_client, olga):
        search.register(
            key="many",
            label="Many",
            find=lambda request, words, limit: [
                Hit(title=f"Hit {index}", url="/") for index in range(100)
            ],
        )
        page = (
            desk_client(olga)
            .get(reverse("common:search"), {"q": "hit"}, headers=PARTIAL)
            .text
        )

        assert page.count('role="option"') == search.FEW

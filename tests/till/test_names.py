"""Finding a member by name: for managers, a few at a time, and on record."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory
from tests.till.conftest import PIN
from till import limits, names
from till.names import NameBegins

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(store):
    return StaffFactory(name="Maj Sund", role=Role.STORE_MANAGER, store=store)


@pytest.fixture
def managed(tablet, manager, with_pin):
    """The device with the store's manager at it."""
    with_pin(manager)
    tablet.post(f"/till/staff/{manager.public_id}/", {"pin": PIN})
    return tablet


@pytest.fixture
def vera(programme, store):
    return MemberFactory(
        programme=programme,
        first_name="Vera",
        last_name="Lindqvist",
        phone="+46701740605",
        home_store=store,
    )


def search(client, last, first):
    answer = client.post(
        "/till/name/", {"last": last, "first": first}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


class TestRead:
    @pytest.mark.parametrize(
        ("first", "last", "read"),
        [
            ("v", "lin", NameBegins("v", "lin")),
            (" Eva-Lena ", " von  Essen", NameBegins("Eva-Lena", "von Essen")),
            ("", "lindqvist", None),
            ("vera", "li", None),
            ("v", "l-i", None),
            ("1", "lind", None),
            ("v", "%%%", None),
            ("\x00", "lind", None),
        ],
    )
    def test_asks_for_enough_letters(self, first, last, read):
        assert names.read(first=first, last=last) == read

    @given(st.text(), st.text())
    def test_never_reads_too_little(self, first, last):
        read = names.read(first=first, last=last)

        assert read is None or sum(map(str.isalpha, read.last)) >= names.FEWEST_LAST


class TestSearch:
    @pytest.mark.parametrize(
        ("last", "first"), [("lin", "v"), ("Lindqvist", "Vera"), ("LINDQ", "ve")]
    )
    def test_finds_by_how_the_names_begin(self, managed, vera, last, first):
        answer = search(managed, last, first)

        assert "Vera Lindqvist" in answer
        assert "07•-••• •• 05" in answer
        assert vera.phone not in answer
        assert vera.email not in answer

    @pytest.mark.parametrize(
        ("last", "first"),
        [("ver", "l"), ("lin", "x"), ("indq", "v"), ("lin%", "v"), ("l:*|v", "v")],
    )
    def test_finds_nobody_otherwise(self, managed, vera, last, first):
        assert "Lindqvist" not in search(managed, last, first)

    @pytest.mark.parametrize("first", ["'", "a'b", "(", "\\", "é", "😀a", "a & b"])
    def test_takes_whatever_is_typed(self, managed, vera, first):
        search(managed, "Lin'd\\", first)

    def test_shows_five_at_most(self, managed, programme):
        for _member in range(5):
            MemberFactory(programme=programme)
        five = search(managed, "lind", "vera")
        MemberFactory(programme=programme)
        six = search(managed, "lind", "vera")

        assert five.count("Vera Lindqvist") >= 5
        assert "Lindqvist" not in six
        assert 'data-outcome="names_many"' in six

    @pytest.mark.parametrize("trait", ["pending", "left", "erased"])
    def test_leaves_out_who_is_not_in_the_club(self, managed, programme, trait):
        member = MemberFactory(programme=programme, **{trait: True})
        if trait != "erased":
            type(member).objects.update(first_name="Vera", last_name="Lindqvist")

        assert "Lindqvist" not in search(managed, "lind", "v")

    def test_is_on_record_without_the_words(self, managed, vera, manager, device):
        search(managed, "Lindq", "Ver")

        entry = AuditEntry.objects.get(action="till.searched_name")
        assert entry.actor_id == manager.public_id
        assert entry.subject == f"device:{device.public_id}"
        assert entry.data == {
            "store": "1",
            "first_letters": 3,
            "last_letters": 5,
            "hits": "1",
        }
        assert "indq" not in json.dumps(entry.data)

    def test_has_a_budget_of_its_own(self, managed, vera):
        with time_machine.travel(datetime.now(UTC), tick=False):
            for _time in range(limits.NAMES_PER_HOUR.amount):
                assert "Lindqvist" in search(managed, "lind", "v")
            refused = search(managed, "lind", "v")
            found = managed.post("/till/find/", {"number": vera.phone})

        assert "Lindqvist" not in refused
        assert "#hand-stop" in refused
        assert "Vera" in found.content.decode()

    def test_pays_nothing_for_what_is_too_short(self, managed, vera):
        for _time in range(limits.NAMES_PER_HOUR.amount + 5):
            search(managed, "li", "v")

        assert "Lindqvist" in search(managed, "lind", "v")

    def test_works_without_scripts(self, managed, vera):
        form = managed.get("/till/name/").content.decode()
        page = managed.post("/till/name/", {"last": "lind", "first": "v"})

        assert 'name="last"' in form
        assert "<html" in page.content.decode()
        assert "Vera Lindqvist" in page.content.decode()

    def test_is_offered_to_managers_only(self, managed):
        assert 'href="/till/name/"' in managed.get("/till/").content.decode()

    def test_is_not_for_clerks(self, till_client, vera):
        assert 'href="/till/name/"' not in till_client.get("/till/").content.decode()
        refused = till_client.post("/till/name/", {"last": "lind", "first": "v"})
        assert refused.status_code == 403


class TestChoose:
    def choose(self, client, member_id):
        return client.post(
            "/till/choose/", {"member": member_id}, headers={"hx-request": "true"}
        )

    def test_shows_the_member_s_card(self, managed, vera):
        answer = self.choose(managed, vera.public_id).content.decode()

        assert 'data-outcome="known"' in answer
        entry = AuditEntry.objects.get(action="till.looked_up")
        assert entry.member_id == vera.public_id
        assert entry.data["by"] == "name"

    def test_counts_as_a_look_up(self, managed, vera):
        with time_machine.travel(datetime.now(UTC), tick=False):
            for _time in range(limits.LOOKUPS_PER_MINUTE.amount):
                self.choose(managed, vera.public_id)
            refused = self.choose(managed, vera.public_id).content.decode()

        assert "Vera" not in refused

    def test_knows_nobody_else(self, managed, programme, vera):
        erased = MemberFactory(programme=programme, erased=True)
        stranger = MemberFactory()

        for member_id in (uuid4(), "x", "", erased.public_id, stranger.public_id):
            assert self.choose(managed, member_id).status_code == 404

    def test_is_not_for_clerks(self, till_client, vera):
        assert self.choose(till_client, vera.public_id).status_code == 403

"""The desk's subjects: what members choose about, and counts of it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from consent import contact
from consent.models import Topic
from consent.topics import services
from consent.topics.selectors import count_wishes
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.preferences import topic

LIST = reverse("privacy:topic-list")
ADD = reverse("privacy:topic-add")
NAMES = {"name_sv": "Kök", "name_da": "Køkken", "name_en": "Kitchen"}


@pytest.fixture
def mias(desk_client, mia):
    return desk_client(mia)


def at(name, of):
    return reverse(f"privacy:topic-{name}", args=[of.public_id])


def wish(programme, of, number, value="UNWANTED"):
    for member in MemberFactory.create_batch(number, programme=programme):
        contact.set_topic_wish(member=member, topic=of, wish=value, now=timezone.now())


class TestTopicList:
    def test_counts_and_names_nobody(self, mias, programme):
        jackets = topic(programme, "Jackor")
        wish(programme, jackets, 2, "WANTED")
        wish(programme, jackets, 1)

        (counted,) = mias.get(LIST).context["used"]

        assert (counted.wanted, counted.unwanted) == (2, 1)

    @pytest.mark.parametrize(("members", "shown"), [(0, None), (9, None), (10, 10)])
    def test_hides_small_counts_of_diets(self, programme, members, shown):
        nuts = topic(programme, "Nötter", kind=Topic.Kind.DIET)
        wish(programme, nuts, members)

        (counted,) = count_wishes(programme)

        assert (counted.wanted, counted.unwanted) == (None, shown)

    def test_is_read_with_few_queries(
        self, mias, programme, django_assert_max_num_queries
    ):
        for number in range(20):
            wish(programme, topic(programme, f"Ä{number}", position=number), 1)
        mias.get(LIST)

        with django_assert_max_num_queries(12):
            mias.get(LIST)


class TestAddTopic:
    def test_offers_it_to_members_last(self, mias, programme):
        topic(programme, position=3)

        assert mias.post(ADD, NAMES | {"kind": "DIET"}).url == LIST

        added = Topic.objects.get(kind="DIET")
        assert added.names == {"sv": "Kök", "da": "Køkken", "en": "Kitchen"}
        assert added.position == 4
        assert AuditEntry.objects.get(action=services.ADDED).subject == str(
            added.public_id
        )

    @pytest.mark.parametrize(
        "change",
        [{"name_da": " "}, {"name_sv": "x" * 41}, {"kind": "RELIGION"}, {"kind": ""}],
    )
    def test_needs_a_name_in_every_language_and_a_kind(self, mias, change):
        answer = mias.post(ADD, NAMES | {"kind": "INTEREST"} | change)

        assert answer.status_code == 422
        assert not Topic.objects.exists()

    def test_takes_no_name_twice(self, mias, programme):
        mias.post(ADD, NAMES | {"kind": "INTEREST"})

        again = mias.post(
            ADD, NAMES | {"kind": "INTEREST", "name_sv": "Mat", "name_da": "KØKKEN"}
        )

        assert again.status_code == 422
        assert set(again.context["form"].errors) == {"name_da"}
        assert Topic.objects.count() == 1


class TestChangeTopic:
    def test_renames_and_keeps_what_members_said(self, mias, programme):
        jackets = topic(programme)
        wish(programme, jackets, 1)

        mias.post(at("edit", jackets), NAMES)

        (counted,) = count_wishes(programme)
        assert counted.topic.names["en"] == "Kitchen"
        assert counted.unwanted == 1

    def test_moves_one_place_and_stops_at_the_ends(self, mias, programme):
        first, second = (topic(programme, name, position=1) for name in "AB")

        for to, order in (("up", [1, 2]), ("down", [2, 1]), ("down", [2, 1])):
            mias.post(at("move", first), {"to": to})

            positions = [
                Topic.objects.get(pk=each.pk).position for each in (first, second)
            ]
            assert positions in (order, [1, 1])

    def test_retires_and_offers_again(self, mias, programme):
        jackets = topic(programme)
        wish(programme, jackets, 1)

        assert mias.get(at("retire", jackets)).status_code == 200
        assert Topic.objects.get().retired_at is None
        mias.post(at("retire", jackets))
        assert Topic.objects.get().retired_at is not None
        assert count_wishes(programme)[0].unwanted == 1

        mias.post(at("return", jackets))
        assert Topic.objects.get().retired_at is None

    def test_does_not_offer_again_what_has_its_name_taken(self, mias, programme):
        old = topic(programme, retired_at=timezone.now())
        topic(programme)

        mias.post(at("return", old))

        old.refresh_from_db()
        assert old.retired_at is not None

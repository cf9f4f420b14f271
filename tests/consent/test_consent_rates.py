"""How many say yes, by where they came from."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from consent.desk import rates
from consent.models import Channel, ConsentEntry, Edition, Purpose
from members.models import Member
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.consent import answer, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory

Action = ConsentEntry.Action


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def dpo(programme):
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


@pytest.fixture
def club(programme, store, other_store, now):
    """Eleven of one store, two of another; each with another history."""
    publish_texts(programme)

    def members(number, **fields):
        return [
            MemberFactory(programme=programme, registered_at=now, **fields)
            for _each in range(number)
        ]

    said_yes = members(5, registered_store=store)
    said_no = members(2, registered_store=store)
    took_back = members(1, registered_store=store)
    objected = members(1, registered_store=store)
    members(2, registered_store=store)
    members(2, registered_store=other_store, source=Member.Source.IMPORT)
    # Of whom nothing is counted.
    gone = MemberFactory(programme=programme, left=True)
    for member in (*said_yes, *took_back, *objected, gone):
        answer(member, Action.GIVEN, at=now - timedelta(days=2))
    for member in said_no:
        answer(member, Action.REFUSED, at=now - timedelta(days=2))
    for member in took_back:
        answer(member, Action.WITHDRAWN, at=now - timedelta(days=1))
    for member in objected:
        answer(member, Action.OBJECTED, at=now - timedelta(days=1))
    return programme


def read(programme, since=None, channel=Channel.SMS):
    return rates.read(
        programme=programme, purpose=Purpose.MARKETING, channel=channel, since=since
    )


def figures(rate):
    return (rate.yes, rate.no, rate.withdrawn, rate.never)


class TestRead:
    def test_counts_the_latest_word_of_active_members(self, club):
        found = {rate.key: figures(rate) for rate in read(club).by_purpose}

        assert found["MARKETING-SMS"] == (5, 2, 2, 4)
        assert found["MARKETING-EMAIL"] == (0, 0, 0, 13)
        assert found["PROFILING-ANY"] == (0, 0, 0, 13)

    def test_counts_by_way_in_and_by_store(self, club, store, other_store):
        found = read(club)

        assert {rate.key: figures(rate) for rate in found.by_source} == {
            "TILL": (5, 2, 2, 2),
            "IMPORT": (0, 0, 0, 2),
        }
        assert {rate.label: figures(rate) for rate in found.by_store} == {
            store.name: (5, 2, 2, 2),
            other_store.name: (0, 0, 0, 2),
        }

    def test_counts_by_the_edition_that_was_answered(self, club):
        (edition,) = read(club).by_edition

        assert figures(edition) == (5, 0, 2, 0)
        assert Edition.objects.get(public_id=edition.key).channel == Channel.SMS

    def test_counts_who_registered_since(self, club, now):
        found = read(club, since=now + timedelta(minutes=1))

        assert [rate.members for rate in found.by_purpose] == [0] * 6

    def test_leaves_another_club_alone(self, club, now):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))
        answer(stranger, Action.GIVEN, at=now)

        assert read(club).by_purpose[0].yes == 5

    def test_counts_what_was_said_by_month(self, club, now):
        today = (now - timedelta(days=2)).astimezone(club.zone).date()
        found = rates.by_month(
            programme=club,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            months=[today.replace(day=1)],
            starts_at=now - timedelta(days=40),
            zone=club.zone,
        )

        # Also of who has left since: that they said it stays true.
        assert found[0].given == 8


class TestConsentRatesPage:
    def test_hides_groups_of_fewer_than_ten(self, desk_client, dpo, club, other_store):
        page = desk_client(dpo).get(reverse("privacy:consent-rates")).content.decode()

        row = page.split(f"<b>{other_store.name}</b>")[1].split("</tr>")[0]
        assert "fewer than ten" in row
        assert ">2<" not in row

    def test_takes_the_same_queries_for_more_members(
        self, desk_client, dpo, club, now, django_assert_max_num_queries
    ):
        client = desk_client(dpo)

        with django_assert_max_num_queries(16):
            client.get(reverse("privacy:consent-rates"))

    def test_is_exported_without_the_small_groups(
        self, desk_client, dpo, club, other_store
    ):
        answered = desk_client(dpo).get(
            reverse("privacy:consent-rates"), {"format": "csv"}
        )

        text = b"".join(answered.streaming_content).decode()
        (line,) = [row for row in text.splitlines() if other_store.name in row]
        assert "fewer than 10" in line
        assert AuditEntry.objects.get(action="privacy.exported").subject == "consents"

    def test_stands_empty_without_members(self, desk_client, dpo):
        page = desk_client(dpo).get(reverse("privacy:consent-rates"))

        assert "Nobody to count yet" in page.content.decode()

    @pytest.mark.parametrize("what", ["MARKETING-EMAIL", "PROFILING-ANY", "nonsense"])
    def test_answers_for_every_question(self, desk_client, dpo, club, what):
        page = desk_client(dpo).get(
            reverse("privacy:consent-rates"), {"what": what, "period": "90"}
        )

        assert page.status_code == 200
        known = "MARKETING-SMS" if what == "nonsense" else what
        assert page.context["asked"].key == known

    def test_is_not_for_marketers(self, desk_client, mia):
        answered = desk_client(mia).get(reverse("privacy:consent-rates"))

        assert answered.status_code == 403

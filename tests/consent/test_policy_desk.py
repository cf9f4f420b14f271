"""How often members are written to, at the desk."""

from datetime import UTC, datetime, time

import pytest
import time_machine
from django.urls import reverse

from consent import contact
from consent.models import (
    Channel,
    ConsentEntry,
    ContactPolicy,
    ContactPolicyChange,
)
from consent.policy.selectors import list_changes, summarize_reach, waking
from tests.factories.consent import answer
from tests.factories.members import MemberFactory

PAGE = reverse("privacy:contact-policy")
EDIT = reverse("privacy:contact-policy-edit")
PANEL = reverse("privacy:contact-policy-sms-panel")
BOUNDS = {
    "quiet_from": "21:00",
    "quiet_until": "09:00",
    "per_week": "2",
    "per_month": "8",
    "gap_hours": "20",
    "surveys_per_year": "4",
    "youngest_years": "16",
    "profiling_from_years": "18",
}


@pytest.fixture(autouse=True)
def _unset(programme):
    """Let the club have the bounds that a club starts with."""
    ContactPolicy.objects.filter(programme=programme).delete()
    ContactPolicyChange.objects.filter(programme=programme).delete()


@pytest.fixture
def olgas(desk_client, olga):
    client = desk_client(olga)
    client.cookies["language"] = "en"
    return client


class TestPolicyEdit:
    def test_changes_the_bounds_and_says_who_did_it(self, olgas, olga, programme):
        assert olgas.post(EDIT, BOUNDS).url == PAGE

        held = contact.policy_of(programme)
        assert (held.quiet_from, held.per_week) == (time(21), 2)
        (change,) = list_changes(programme)
        assert change.staff == olga.name
        assert change.bounds == [
            ("quiet_from", "20:00", "21:00"),
            ("quiet_until", "08:00", "09:00"),
            ("per_week", "3", "2"),
        ]
        page = olgas.get(PAGE).content.decode()
        assert "between 21:00 and 09:00" in page
        assert olga.name in page

    def test_writes_nothing_when_nothing_changes(self, olgas, programme):
        olgas.post(EDIT, BOUNDS)
        olgas.post(EDIT, BOUNDS)

        assert len(list_changes(programme)) == 1

    @pytest.mark.parametrize(
        ("change", "field", "words"),
        [
            ({"quiet_until": "21:00"}, "quiet_until", "no time to write"),
            ({"quiet_from": "x"}, "quiet_from", "such as 20:00"),
            ({"per_month": "1"}, "per_month", "than in seven"),
            ({"per_week": "-1"}, "per_week", "Less than none"),
            ({"per_week": "1e3"}, "per_week", "whole number"),
            ({"gap_hours": "9999999999"}, "gap_hours", "168 at most"),
            ({"youngest_years": "12"}, "youngest_years", "under 13"),
            ({"profiling_from_years": "15"}, "profiling_from_years", "youngest age"),
        ],
    )
    def test_says_what_cannot_be(self, olgas, programme, change, field, words):
        refused = olgas.post(EDIT, BOUNDS | change)

        assert refused.status_code == 422
        assert set(refused.context["form"].errors) == {field}
        assert words in refused.content.decode()
        assert list_changes(programme) == []

    def test_holds_the_least_age_of_the_country(self, olgas, programme):
        programme.country = "DK"
        programme.save()

        refused = olgas.post(EDIT, BOUNDS | {"youngest_years": "14"})

        assert "under 15" in str(refused.context["form"].errors["youngest_years"])

    def test_is_not_for_marketers(self, desk_client, mia):
        client = desk_client(mia)

        assert client.get(PAGE).status_code == 200
        assert EDIT not in client.get(PAGE).content.decode()
        assert client.post(EDIT, BOUNDS).status_code == 403


class TestReach:
    NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
    NIGHT = datetime(2026, 11, 23, 22, tzinfo=UTC)

    @pytest.fixture(autouse=True)
    def _members(self, programme):
        says_yes, says_no, _never = MemberFactory.create_batch(3, programme=programme)
        answer(says_yes, ConsentEntry.Action.GIVEN)
        answer(says_no, ConsentEntry.Action.REFUSED)

    def reach(self, programme, now):
        return summarize_reach(
            programme=programme,
            channel=Channel.SMS,
            message_class="MARKETING",
            now=now,
        )

    def test_counts_whom_a_message_could_go_to_and_what_stops_the_rest(self, programme):
        reach = self.reach(programme, self.NOON)

        assert (reach.reached, reach.members, reach.is_later) == (1, 3, False)
        assert dict(reach.stopped) == {"refused": 1, "never_asked": 1}

    def test_asks_as_of_the_morning_when_it_is_quiet(self, programme):
        reach = self.reach(programme, self.NIGHT)

        assert reach.is_later
        assert reach.asked_at == datetime(2026, 11, 24, 7, tzinfo=UTC)
        assert reach.reached == 1

    def test_wakes_after_a_rest_by_day(self, programme):
        policy = contact.policy_of(programme)
        policy.quiet_from, policy.quiet_until = time(11), time(13)

        assert waking(policy, programme, self.NOON) == datetime(
            2026, 11, 23, 12, tzinfo=UTC
        )
        assert waking(policy, programme, self.NIGHT) == self.NIGHT

    def test_stands_on_the_page_as_a_panel(self, olgas):
        with time_machine.travel(self.NOON, tick=False):
            page = olgas.get(PANEL, headers={"HX-Request": "true"}).content.decode()

        assert "<html" not in page
        assert "of 3 members" in page
        assert "Said no" in page

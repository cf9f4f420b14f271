import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from members import cards, identity
from members.merging import merge_members
from points.models import Entry
from points.services import post
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def look_up(api_key, time_machine):
    time_machine.move_to(NOW)
    EarningRuleFactory(programme=api_key.programme, published=True)

    def send(body, key=api_key):
        return Client().post(
            "/api/v1/members/lookup",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key.plain}"},
        )

    return send


@pytest.fixture
def vera(programme):
    member = MemberFactory(
        programme=programme, phone="+46701740605", email="Vera@Example.se"
    )
    for points, lapses in ((380, None), (40, NOW)):
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=points,
            key=f"k{points}",
            at=NOW - timedelta(days=9),
            now=NOW - timedelta(days=9),
            expires_at=lapses,
        )
    return member


class TestMemberLookup:
    @pytest.mark.parametrize(
        "shown",
        [
            {"mobile": "0701740605"},
            {"mobile": "+46 (0)70-174 06 05"},
            {"mobile": "004670 174 06 05"},
            {"email": " vera@example.SE"},
        ],
    )
    def test_finds_a_member_with_points_and_their_worth(self, look_up, vera, shown):
        found = look_up(shown)

        assert found.status_code == 200
        assert found.json() == {
            "id": str(vera.public_id),
            "status": "ACTIVE",
            "firstName": "Vera",
            "registrationIncomplete": False,
            # The forty that lapsed today are gone, also before the nightly run.
            "points": 380,
            "pointsWorth": "38.00",
            "currency": "SEK",
        }

    def test_finds_by_membership_number(self, look_up, vera):
        spaced = cards.display_number(vera.number)

        assert look_up({"memberNumber": spaced}).json()["id"] == str(vera.public_id)

    def test_finds_by_the_code_on_the_card_while_it_is_good(self, look_up, vera):
        token = cards.card_token(vera, now=NOW)
        stale = cards.card_token(vera, now=NOW - timedelta(hours=1))

        assert look_up({"cardToken": token}).json()["id"] == str(vera.public_id)
        assert look_up({"cardToken": stale}).status_code == 404

    def test_says_when_the_registration_is_not_finished(self, look_up, programme):
        waiting = MemberFactory(programme=programme, pending=True)

        found = look_up({"mobile": waiting.phone}).json()

        assert found["registrationIncomplete"] is True
        assert (found["firstName"], found["points"]) == ("", 0)

    @pytest.mark.parametrize("gone", ["left", "erased"])
    def test_does_not_find_who_has_gone(self, look_up, programme, gone):
        member = MemberFactory(programme=programme, **{gone: True})

        answer = look_up({"memberNumber": member.number})

        assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")

    def test_does_not_find_by_parts(self, look_up, vera):
        assert look_up({"email": "vera@"}).status_code == 404
        assert look_up({"email": "%@example.se"}).status_code == 404

    def test_does_not_see_another_club(self, look_up, vera):
        other = ApiKeyFactory(programme=ProgrammeFactory())

        assert look_up({"mobile": vera.phone}, other).status_code == 404

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({}, "/", "exactly_one"),
            ([], "/", "not_an_object"),
            ({"mobile": "0701740605", "email": "a@b.se"}, "/", "exactly_one"),
            ({"mobile": ""}, "/", "exactly_one"),
            ({"mobile": 701740605}, "/mobile", "not_text"),
            ({"mobile": {"x": 1}}, "/mobile", "not_text"),
            ({"mobile": "12"}, "/mobile", "phone_malformed"),
            ({"email": "vera"}, "/email", "email_malformed"),
            ({"email": "a@\x00"}, "/email", "email_malformed"),
            ({"email": "a@\ud800"}, "/email", "email_malformed"),
            ({"email": "a" * 255}, "/email", "too_long"),
            ({"memberNumber": "123"}, "/memberNumber", "number_malformed"),
        ],
    )
    def test_says_what_is_wrong(self, look_up, body, pointer, code):
        answer = look_up(body)

        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)

    def test_needs_its_scope(self, look_up, programme):
        writer = ApiKeyFactory(programme=programme, scopes=["receipts:write"])

        assert look_up({"mobile": "0701740605"}, writer).status_code == 403

    def test_takes_two_statements(self, look_up, vera, django_assert_num_queries):
        with django_assert_num_queries(3):  # the key, its day of use, the member
            look_up({"mobile": vera.phone})
        with django_assert_num_queries(2):
            look_up({"mobile": vera.phone})


class TestWhoElseIsFound:
    def test_by_a_card_of_plastic(self, look_up, vera):
        identity.add_identifier(
            member=vera, kind="CARD", value="K 7300001", proof="STAFF", now=NOW
        )

        assert look_up({"card": "k7300001"}).json()["id"] == str(vera.public_id)
        assert look_up({"card": vera.number}).json()["id"] == str(vera.public_id)

    def test_by_a_further_number_once_it_is_proven(self, look_up, vera):
        identity.add_identifier(
            member=vera, kind="PHONE", value="+46701740699", now=NOW
        )
        assert look_up({"mobile": "0701740699"}).status_code == 404

        identity.prove(
            member=vera, kind="PHONE", value="+46701740699", proof="CODE", now=NOW
        )

        assert look_up({"mobile": "0701740699"}).json()["points"] == 380

    def test_not_by_a_lost_card(self, look_up, vera):
        old = vera.number
        identity.replace_card(member=vera, end="LOST", now=NOW)

        assert look_up({"card": old}).status_code == 404
        assert look_up({"memberNumber": old}).status_code == 404

    def test_by_the_number_of_a_membership_that_was_merged(
        self, look_up, vera, programme
    ):
        other = MemberFactory(programme=programme, phone="+46701740698", email="")
        token = cards.card_token(other, now=NOW)
        merge_members(kept=vera, merged=other, staff=None, now=NOW)

        for shown in ({"memberNumber": other.number}, {"cardToken": token}):
            found = look_up(shown).json()
            assert found["id"] == str(vera.public_id)
            assert found["status"] == "ACTIVE"

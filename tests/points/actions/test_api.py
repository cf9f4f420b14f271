"""Events of other systems: once for their name and id, and points for them."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from members.cards import card_token
from members.models import Event
from points.actions import following
from points.models import Account, CustomEvent
from points.reading import dump
from points.terms import Action, Per, Terms
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db
AT = "2026-03-14T12:00:00+01:00"


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme, phone="+46701740605", email="v@x.se")


@pytest.fixture
def send(client, api_key):
    def call(**body):
        return client.post(
            "/api/v1/events",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {api_key.plain}"},
        )

    return call


def tasting(**changes):
    body = {"event": "wine-tasting", "id": "17", "at": AT, **changes}
    return {name: value for name, value in body.items() if value is not None}


class TestSend:
    def test_writes_it_on_the_timeline_once(self, send, member):
        first = send(**tasting(memberId=str(member.public_id)))
        again = send(**tasting(memberId=str(member.public_id)))

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]
        assert (first.json()["isNew"], again.json()["isNew"]) == (True, False)
        event = Event.objects.get(kind="custom.wine-tasting")
        assert str(event.public_id) == first.json()["id"]
        assert event.at == datetime(2026, 3, 14, 11, tzinfo=UTC)
        # Nothing of the body stands on the timeline but the name.
        assert event.data == {}

    def test_gives_the_points_of_the_version(self, send, programme, member):
        EarningRuleFactory(
            programme=programme,
            published=True,
            terms=dump(
                Terms(actions=(Action("tasting", "custom.wine-tasting", 50, Per.EACH),))
            ),
        )
        for _time in range(2):
            send(**tasting(memberId=str(member.public_id)))
        send(**tasting(memberId=str(member.public_id), id="18"))

        read = list(Event.objects.filter(kind="custom.wine-tasting"))
        following.give_for(read, now=datetime.now(UTC))

        assert Account.objects.get(member=member).balance == 100

    @pytest.mark.parametrize(
        "contact",
        [
            {"mobile": "070-174 06 05"},
            {"email": "V@X.se"},
            {"memberNumber": "number"},
            {"card": "number"},
            {"cardToken": "token"},
        ],
        ids=lambda contact: next(iter(contact)),
    )
    def test_finds_by_what_the_member_shows(self, send, member, contact):
        shown = {
            "number": member.number,
            "token": card_token(member, now=datetime.now(UTC)),
        }
        contact = {name: shown.get(value, value) for name, value in contact.items()}

        answer = send(**tasting(contact=contact))

        assert answer.status_code == 201
        assert answer.json()["memberId"] == str(member.public_id)

    def test_refuses_an_id_that_meant_something_else(self, send, member):
        send(**tasting(memberId=str(member.public_id)))

        answer = send(**tasting(memberId=str(member.public_id), at="2026-03-15T12:00Z"))

        assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused")
        assert CustomEvent.objects.count() == 1

    def test_takes_the_same_id_of_another_name_and_club(self, send, member, client):
        send(**tasting(memberId=str(member.public_id)))
        other = MemberFactory(programme=ProgrammeFactory())
        key = ApiKeyFactory(programme=other.programme)

        assert (
            send(**tasting(memberId=str(member.public_id), event="talk")).status_code
            == 201
        )
        answer = client.post(
            "/api/v1/events",
            tasting(memberId=str(other.public_id)),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key.plain}"},
        )
        assert answer.status_code == 201

    @pytest.mark.parametrize("trait", ["left", "erased"])
    def test_finds_nobody_who_is_gone(self, send, programme, trait):
        gone = MemberFactory(programme=programme, **{trait: True})

        answer = send(**tasting(memberId=str(gone.public_id)))

        assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")

    def test_finds_nobody_of_another_club(self, send):
        other = MemberFactory(programme=ProgrammeFactory())

        assert send(**tasting(memberId=str(other.public_id))).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"event": "Wine tasting"}, "/event", "event_name_malformed"),
            ({"event": "a" * 41}, "/event", "event_name_malformed"),
            ({"event": "wine\n"}, "/event", "event_name_malformed"),
            ({"event": 7}, "/event", "event_name_malformed"),
            ({"event": None}, "/event", "event_name_malformed"),
            ({"id": ""}, "/id", "event_id_malformed"),
            ({"id": "a b"}, "/id", "event_id_malformed"),
            ({"id": "a" * 129}, "/id", "event_id_malformed"),
            ({"id": 17}, "/id", "event_id_malformed"),
            ({"at": "2026-03-14T12:00:00"}, "/at", "time_malformed"),
            ({"at": "yesterday"}, "/at", "time_malformed"),
            ({"at": "2026-99-01T12:00:00Z"}, "/at", "time_malformed"),
            ({"at": "9999-12-31T23:59:59-12:00"}, "/at", "time_malformed"),
            ({"at": "0001-01-01T00:00:00+12:00"}, "/at", "time_malformed"),
            ({"memberId": "x"}, "/memberId", "not_an_id"),
            ({"memberId": ["x"]}, "/memberId", "not_an_id"),
            ({"memberId": None}, "/", "member_or_contact"),
            ({"contact": {"mobile": "1"}}, "/", "member_or_contact"),
            (
                {"memberId": None, "contact": {"mobile": "12"}},
                "/contact/mobile",
                "phone_malformed",
            ),
            ({"memberId": None, "contact": "x"}, "/contact", "not_an_object"),
            ({"memberId": None, "contact": {}}, "/contact", "exactly_one"),
            (
                {"memberId": None, "contact": {"email": "a@b.se", "card": "1"}},
                "/contact",
                "exactly_one",
            ),
            ({"memberId": None, "contact": {"card": 7}}, "/contact/card", "not_text"),
            (
                {"memberId": None, "contact": {"card": "a" * 300}},
                "/contact/card",
                "too_long",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_says_what_is_wrong(self, send, member, changes, pointer, code):
        answer = send(**tasting(**{"memberId": str(member.public_id), **changes}))

        assert answer.status_code == 422
        faults = [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
        assert (pointer, code) in faults
        assert not CustomEvent.objects.exists()

    def test_refuses_what_has_not_happened(self, send, member):
        ahead = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()

        answer = send(**tasting(memberId=str(member.public_id), at=ahead))

        assert answer.json()["errors"][0]["code"] == "time_in_future"

    def test_asks_for_the_scope(self, client, programme, member):
        key = ApiKeyFactory(programme=programme, scopes=["points:write"])

        answer = client.post(
            "/api/v1/events",
            tasting(memberId=str(member.public_id)),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key.plain}"},
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_write_one_event(self, programme):
        member = MemberFactory(programme=programme)
        plain = ApiKeyFactory(programme=programme).plain
        body = tasting(memberId=str(member.public_id), id=str(uuid4()))
        barrier, answers = Barrier(2), []

        def one():
            try:
                barrier.wait(10)
                answers.append(
                    Client().post(
                        "/api/v1/events",
                        body,
                        content_type="application/json",
                        headers={"Authorization": f"Bearer {plain}"},
                    )
                )
            finally:
                connection.close()

        threads = [Thread(target=one) for _caller in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert sorted(answer.status_code for answer in answers) == [200, 201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert Event.objects.filter(kind="custom.wine-tasting").count() == 1

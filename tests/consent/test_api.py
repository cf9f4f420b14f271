"""Other systems tell and ask what members allow."""

import json
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from consent import services
from consent.models import Channel, ConsentEntry, Purpose, Text
from consent.selectors import current_text, has_objected, permissions_of
from members.models import Event
from stores.models import AuditEntry
from tests.factories.consent import answer, publish_texts, purchase_of
from tests.factories.members import MemberFactory
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory

keys = count(1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def member(programme):
    publish_texts(programme)
    return MemberFactory(programme=programme)


@pytest.fixture
def text(member):
    return text_of(member)


def text_of(member, channel=Channel.EMAIL):
    return current_text(
        programme=member.programme,
        kind=Text.Kind.CONSENT,
        purpose=Purpose.MARKETING,
        channel=channel,
        language="sv",
    )


@pytest.fixture
def send(member, api_key):
    def post(body, *, key=None, by=api_key, to=member):
        return Client().post(
            f"/api/v1/members/{to.public_id}/permissions",
            data=json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {by.plain}",
                "Idempotency-Key": key or f"permissions-{next(keys):06d}",
            },
        )

    return post


@pytest.fixture
def read(member, api_key):
    def get(tail="", *, by=api_key, of=member, **query):
        return Client().get(
            f"/api/v1/members/{of.public_id}/permissions{tail}",
            query,
            headers={"Authorization": f"Bearer {by.plain}"},
        )

    return get


@pytest.fixture
def yes(text, now):
    return {
        "purpose": "MARKETING",
        "channel": "EMAIL",
        "action": "GIVEN",
        "at": now.isoformat(),
        "source": "webbutik, kassa",
        "textId": str(text.public_id),
    }


def faults(response):
    assert response.status_code == 422, response.content
    return [(each["pointer"], each["code"]) for each in response.json()["errors"]]


class TestAYes:
    def test_is_written_down_with_its_source_and_text(
        self, send, yes, member, text, api_key
    ):
        response = send({**yes, "reference": "order-17"})

        assert response.status_code == 201
        entry = ConsentEntry.objects.get()
        assert (entry.action, entry.source, entry.actor) == ("GIVEN", "API", "member")
        assert entry.text == text
        assert entry.evidence == {
            "system": "webbutik, kassa",
            "api_key": str(api_key.public_id),
            "reference": "order-17",
        }
        (told,) = response.json()["recorded"]
        assert told["id"] == str(entry.public_id)
        assert (told["textVersion"], told["enteredLate"]) == (text.version, False)
        assert Event.objects.get(member=member).kind == "consent.given"
        assert AuditEntry.objects.get().action == "consent.recorded"

    @pytest.mark.parametrize("missing", ["source", "textId", "at", "purpose"])
    def test_is_refused_without(self, send, yes, missing):
        del yes[missing]

        assert faults(send(yes)) == [(f"/{missing}", "required")]
        assert not ConsentEntry.objects.exists()

    def test_is_refused_with_the_text_of_another_channel(self, send, yes, member):
        yes["textId"] = str(text_of(member, Channel.SMS).public_id)

        assert faults(send(yes)) == [("/textId", "text_does_not_fit")]

    def test_is_refused_with_the_text_of_another_club(self, send, yes):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))
        publish_texts(stranger.programme)
        yes["textId"] = str(text_of(stranger).public_id)

        assert faults(send(yes)) == [("/textId", "unknown_text")]

    def test_is_refused_before_its_text_was_published(self, send, yes, text):
        yes["at"] = (text.published_at - timedelta(days=1)).isoformat()

        assert faults(send(yes)) == [("/textId", "text_came_later")]

    def test_is_refused_while_an_objection_stands(self, send, yes, member, now):
        services.object_to_marketing(
            member=member, source="PORTAL", evidence={}, now=now
        )

        response = send(yes)

        assert (response.status_code, response.json()["code"]) == (
            409,
            "objection_stands",
        )
        assert has_objected(member)

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"at": "2099-01-01T10:00:00Z"}, ("/at", "in_the_future")),
            ({"at": "2026-01-01T10:00:00"}, ("/at", "not_a_time")),
            ({"at": "yesterday"}, ("/at", "not_a_time")),
            ({"channel": "ANY"}, ("/channel", "does_not_fit_purpose")),
            ({"channel": "PIGEON"}, ("/channel", "unknown_value")),
            ({"action": "IMPORTED"}, ("/action", "unknown_value")),
            ({"action": "LIFTED"}, ("/action", "unknown_value")),
            ({"textId": "17"}, ("/textId", "not_an_id")),
            ({"source": 17}, ("/source", "not_text")),
            ({"source": "x" * 121}, ("/source", "too_long")),
        ],
    )
    def test_is_refused_when_it_is_wrong(self, send, yes, change, fault):
        assert fault in faults(send({**yes, **change}))
        assert not ConsentEntry.objects.exists()

    def test_said_days_ago_is_marked_as_entered_late(self, send, yes, now):
        yes["at"] = (now - timedelta(days=3)).isoformat()

        (told,) = send(yes).json()["recorded"]

        assert told["enteredLate"] is True

    def test_does_not_undo_a_later_no(self, send, yes, member, now):
        answer(member, ConsentEntry.Action.REFUSED, channel=Channel.EMAIL, at=now)

        send({**yes, "at": (now - timedelta(days=3)).isoformat()})

        latest = permissions_of(member)[Purpose.MARKETING, Channel.EMAIL]
        assert latest.action == "REFUSED"

    def test_is_written_once_for_a_key(self, send, yes):
        first, again = send(yes, key="the-same-1"), send(yes, key="the-same-1")

        assert first.json() == again.json()
        assert again["Idempotency-Replayed"] == "true"
        assert ConsentEntry.objects.count() == 1

    def test_needs_a_key_that_was_not_used_for_something_else(self, send, yes):
        send(yes, key="the-same-1")

        other = send({**yes, "source": "butik"}, key="the-same-1")

        assert other.json()["code"] == "idempotency_key_reused"


class TestANo:
    def test_needs_no_text(self, send, yes, member):
        del yes["textId"]
        response = send({**yes, "action": "WITHDRAWN"})

        assert response.status_code == 201
        latest = permissions_of(member)[Purpose.MARKETING, Channel.EMAIL]
        assert latest.action == "WITHDRAWN"

    def test_to_everything_is_an_objection(self, send, yes, member):
        send(yes)
        del yes["textId"]
        objection = {**yes, "channel": "ANY", "action": "OBJECTED"}

        first, again = send(objection), send(objection)

        assert [each["action"] for each in first.json()["recorded"]] == [
            "WITHDRAWN",
            "OBJECTED",
            "OBJECTED",
        ]
        assert (again.status_code, again.json()) == (200, {"recorded": []})
        assert has_objected(member)


class TestACustomerRelation:
    @pytest.fixture
    def soft(self, yes, member, now):
        receipt = purchase_of(member, now - timedelta(minutes=5))
        return {**yes, "receiptId": str(receipt.public_id), "couldRefuse": True}

    def test_rests_on_a_purchase(self, send, soft):
        (told,) = send(soft).json()["recorded"]

        assert (told["basis"], told["receiptId"]) == ("SOFT_OPT_IN", soft["receiptId"])

    def test_needs_a_chance_to_refuse(self, send, soft):
        del soft["couldRefuse"]

        assert faults(send(soft)) == [("/couldRefuse", "no_chance_to_refuse")]

    def test_needs_the_members_own_purchase(self, send, soft):
        soft["receiptId"] = str(uuid4())

        assert faults(send(soft)) == [("/receiptId", "no_such_receipt")]

    def test_stands_behind_a_no(self, send, soft, member, now):
        answer(member, ConsentEntry.Action.REFUSED, channel=Channel.EMAIL, at=now)

        assert faults(send(soft)) == [("/action", "refused_before")]


class TestReading:
    def test_tells_the_last_words_with_their_entries(self, read, send, yes, text):
        recorded = send(yes).json()["recorded"][0]

        told = read().json()

        assert told["objected"] is False
        assert told["permissions"] == [recorded]
        assert recorded["textHash"] == bytes(text.text_hash).hex()

    def test_takes_three_statements_however_much_was_said(
        self, read, member, now, django_assert_num_queries
    ):
        for channel in (Channel.SMS, Channel.EMAIL):
            answer(member, ConsentEntry.Action.GIVEN, channel=channel, at=now)
        read()

        # The key, the member, the permissions, the objection.
        with django_assert_num_queries(4):
            assert len(read().json()["permissions"]) == 2

    def test_answers_as_of_an_instant(self, read, send, yes, now):
        send({**yes, "at": (now - timedelta(minutes=1)).isoformat()})
        asked = {"channel": "EMAIL", "class": "MARKETING", "purpose": "MARKETING"}

        after = read("/as-of", at=_later(), **asked).json()
        before = read("/as-of", at=(now - timedelta(days=1)).isoformat(), **asked)

        assert (after["allowed"], after["code"]) == (True, "consent_given")
        assert after["entry"]["textVersion"] == 1
        assert before.json()["code"] == "never_asked"
        assert len(after["checks"]) >= 10
        assert all(check["ok"] for check in after["checks"])

    @pytest.mark.parametrize(
        ("query", "fault"),
        [
            ({"channel": "SMS", "class": "CODE"}, ("/at", "required")),
            (
                {"channel": "SMS", "class": "CODE", "at": "2099-01-01T10:00:00Z"},
                ("/at", "in_the_future"),
            ),
            ({"class": "CODE", "channel": "ANY"}, ("/channel", "unknown_value")),
            ({"class": "NEWS", "channel": "SMS"}, ("/class", "unknown_value")),
            ({"class": "MARKETING", "channel": "SMS"}, ("/purpose", "required")),
        ],
    )
    def test_refuses_a_question_that_is_wrong(self, read, query, fault):
        assert fault in faults(read("/as-of", **query))


class TestWhoMay:
    def test_need_the_scope(self, send, read, yes, programme):
        reader = ApiKeyFactory(programme=programme, scopes=["members:read"])
        writer = ApiKeyFactory(programme=programme, scopes=["members:write"])

        assert send(yes, by=reader).json()["code"] == "scope_missing"
        assert read(by=writer).json()["code"] == "scope_missing"
        assert read("/as-of", by=writer).json()["code"] == "scope_missing"
        assert read(by=reader).status_code == 200

    def test_see_no_member_of_another_club(self, send, read, yes):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))

        assert read(of=stranger).json()["code"] == "member_not_found"
        assert send(yes, to=stranger).status_code == 404
        assert not ConsentEntry.objects.exists()

    def test_see_nobody_who_was_erased(self, read, programme):
        erased = MemberFactory(programme=programme, erased=True)

        assert read(of=erased).status_code == 404


def _later():

    return timezone.now().isoformat()

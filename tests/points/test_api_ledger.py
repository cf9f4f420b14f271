"""Points over the API: what a member has, every entry, adjustments."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from common import idempotency
from consent.erasure import erase_member
from members.merging import merge_members
from members.models import Member
from points import proof
from points.api import ledger
from points.api.ledger import PAGE
from points.models import Entry, EntryNote, Lot
from points.services import post
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def member(programme):
    EarningRuleFactory(programme=programme, published=True)
    return MemberFactory(programme=programme)


@pytest.fixture
def call(client, api_key):
    """Call an operation on a member."""
    bearer = {"Authorization": f"Bearer {api_key.plain}"}

    def ask(name, member, body=None, *, key=None, **query):
        url = reverse(f"api-points:{name}", args=[member.public_id])
        if body is None:
            return client.get(url, query, headers=bearer)
        return client.post(
            url,
            body,
            content_type="application/json",
            headers={**bearer, "Idempotency-Key": key or str(uuid4())},
        )

    return ask


def earn(member, points, at, key):
    post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=points,
        key=key,
        at=at,
        now=at,
    )


class TestSummary:
    def test_tells_what_a_member_has_and_what_it_is_worth(self, call, member):
        earn(member, 380, MAY, "may")

        told = call("member-summary", member).json()

        assert (told["available"], told["worth"]) == (380, "38.00")
        assert told["pointsToNextVoucher"] == 120
        assert told["pointWorth"] == {"least": "0.1000", "most": "0.1000"}

    def test_tells_what_they_had(self, call, member):
        earn(member, 380, JUNE, "june")

        told = call("member-summary", member, at=MAY.isoformat()).json()

        assert told["available"] == 0

    def test_tells_what_was_missing_then(self, call, member):
        """Vera had 380 of 500 points in May, and bought for 60 more in June."""
        earn(member, 380, MAY, "may")
        earn(member, 60, JUNE, "june")

        now = call("member-summary", member).json()
        then = call("member-summary", member, at=(MAY + DAY).isoformat()).json()

        assert (now["available"], now["pointsToNextVoucher"]) == (440, 60)
        assert (then["available"], then["pointsToNextVoucher"]) == (380, 120)

    def test_does_not_say_of_a_day_in_may_what_lapses_of_junes_points(
        self, call, member
    ):
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=60,
            key="june",
            at=JUNE,
            now=JUNE,
            expires_at=timezone.now() + DAY,
        )

        assert call("member-summary", member).json()["nextExpiry"]["points"] == 60
        then = call("member-summary", member, at=MAY.isoformat()).json()
        assert then["nextExpiry"] is None

    def test_is_the_same_for_now_as_for_the_moment_of_now(self, call, member):
        earn(member, 380, MAY, "may")
        post(
            member_id=member.pk,
            kind=Entry.Kind.REVERSE,
            points=-400,
            key="back",
            at=JUNE,
            now=JUNE,
        )
        parts = ("available", "pending", "reserved", "owed", "pointsToNextVoucher")

        now = call("member-summary", member).json()
        then = call("member-summary", member, at=timezone.now().isoformat()).json()

        assert [now[part] for part in parts] == [-20, 0, 0, 20, 520]
        assert [then[part] for part in parts] == [now[part] for part in parts]

    def test_does_not_add_up_a_history_for_now(self, call, member):
        earn(member, 380, MAY, "may")

        with CaptureQueriesContext(connection) as queries:
            call("member-summary", member)

        asked = " ".join(str(query["sql"]) for query in queries)
        assert "points_parts" in asked
        assert "points_entry" not in asked
        assert "points_lotuse" not in asked

    @pytest.mark.parametrize(
        "at",
        [
            "yesterday",
            "2026-05-10T12:00:00",
            "2026-99-01",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
        ],
    )
    def test_says_what_is_wrong_with_a_time(self, call, member, at):
        answer = call("member-summary", member, at=at)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "time_malformed"

    def test_does_not_see_another_club(self, call):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))

        assert call("member-summary", stranger).status_code == 404

    def test_speaks_of_the_membership_that_stayed(self, call, programme, member):
        other = MemberFactory(programme=programme)
        earn(other, 50, MAY, "theirs")
        merge_members(kept=member, merged=other, staff=None, now=JUNE)

        told = call("member-summary", other).json()

        assert (told["id"], told["available"]) == (str(member.public_id), 50)


class TestLedger:
    def test_gives_every_entry_page_by_page(self, call, member):
        for number in range(PAGE + 3):
            earn(member, 1, MAY, f"n{number}")

        first = call("member-ledger", member).json()
        second = call("member-ledger", member, after=first["next"]).json()

        assert (len(first["entries"]), len(second["entries"])) == (PAGE, 3)
        assert second["next"] is None
        ids = {entry["id"] for entry in first["entries"] + second["entries"]}
        assert len(ids) == PAGE + 3

    @pytest.mark.parametrize("after", ["x", "01a2066e-82a4-7a35-b905-2c30fcbf82dd"])
    def test_says_that_there_is_no_such_entry(self, call, member, after):
        answer = call("member-ledger", member, after=after)

        assert answer.status_code == 422


class TestAdjustments:
    def test_add_points_once_however_often_they_are_sent(self, call, member):
        body = {"points": 100, "reason": "A late delivery"}
        first = call("adjustments", member, body, key="adjustment-1")
        again = call("adjustments", member, body, key="adjustment-1")

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert Entry.objects.get().points == 100

    def test_take_the_longest_key_there_is(self, call, member):
        body = {"points": 100, "reason": "A late delivery"}

        answer = call("adjustments", member, body, key="k" * 128)

        assert answer.status_code == 201
        assert Entry.objects.get().points == 100

    def test_lapse_as_what_is_earned_that_day(self, call, member):
        call("adjustments", member, {"points": 100, "reason": "A late delivery"})

        lasts = Lot.objects.get().expires_at - timezone.now()
        assert timedelta(days=729) < lasts < timedelta(days=765)

    def test_post_nothing_for_a_key_of_long_ago(self, call, member):
        """The answers are kept for a month; the ledger remembers for good."""
        body = {"points": 100, "reason": "A late delivery"}
        first = call("adjustments", member, body, key="adjustment-1")
        idempotency.prune(now=timezone.now() + timedelta(days=32))

        again = call("adjustments", member, body, key="adjustment-1")

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["id"] == first.json()["id"]
        assert Entry.objects.count() == 1

    @pytest.mark.parametrize("other", [{"points": 101}, {"reason": "Another reason"}])
    def test_refuse_a_key_of_long_ago_for_something_else(self, call, member, other):
        body = {"points": 100, "reason": "A late delivery"}
        call("adjustments", member, body, key="adjustment-1")
        idempotency.prune(now=timezone.now() + timedelta(days=32))

        answer = call("adjustments", member, body | other, key="adjustment-1")

        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"
        assert Entry.objects.count() == 1

    def test_go_to_who_was_kept_while_they_were_on_their_way(
        self, call, programme, member, monkeypatch
    ):
        other = MemberFactory(programme=programme)
        stale = Member.objects.select_related("programme").get(pk=other.pk)
        merge_members(kept=member, merged=other, staff=None, now=JUNE)
        read = ledger._member
        answers = [stale]
        monkeypatch.setattr(
            ledger, "_member", lambda *of: answers.pop() if answers else read(*of)
        )

        answer = call("adjustments", other, {"points": 100, "reason": "Late"})

        assert answer.status_code == 201
        assert Entry.objects.get(kind="ADJUST").member_id == member.pk

    def test_leave_nothing_that_was_written_when_the_member_is_erased(
        self, call, member
    ):
        """Somebody in customer service wrote what Vera's neighbour said of her."""
        call("adjustments", member, {"points": 100, "reason": "Vera Ek was rude"})
        (said,) = call("member-ledger", member).json()["entries"]
        assert said["reason"] == "Vera Ek was rude"

        erase_member(member=member, now=timezone.now())

        assert not EntryNote.objects.exists()
        assert list(Entry.objects.values_list("reason", flat=True)) == ["", ""]
        assert not proof.check().differences

    def test_refuse_the_key_for_another_member(self, call, programme, member):
        other = MemberFactory(programme=programme)
        body = {"points": 100, "reason": "A late delivery"}
        call("adjustments", member, body, key="adjustment-1")

        answer = call("adjustments", other, body, key="adjustment-1")

        assert answer.status_code == 422
        assert not Entry.objects.filter(member=other).exists()

    def test_never_take_more_than_there_is(self, call, member):
        earn(member, 10, MAY, "may")

        answer = call("adjustments", member, {"points": -11, "reason": "A mistake"})

        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "insufficient_points",
        )
        assert Entry.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"points": 0, "reason": "x"}, "/points"),
            ({"points": 1.5, "reason": "x"}, "/points"),
            ({"points": True, "reason": "x"}, "/points"),
            ({"points": "5", "reason": "x"}, "/points"),
            ({"points": 1_000_001, "reason": "x"}, "/points"),
            ({"points": 5}, "/reason"),
            ({"points": 5, "reason": " "}, "/reason"),
            ({"points": 5, "reason": "x" * 201}, "/reason"),
            ([], "/"),
        ],
    )
    def test_say_what_is_wrong(self, call, member, body, pointer):
        answer = call("adjustments", member, body)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer

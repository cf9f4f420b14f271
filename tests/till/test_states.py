"""Every state that a member can be in, as the till says it."""

from datetime import UTC, datetime, timedelta

import pytest

from members import identity
from members.identity import End, Kind, Proof
from members.models import Identifier, Member
from messaging.models import Message
from stores.models import AuditEntry
from tests.factories.club import buy, line, open_club
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db

PHONE = "+46701740605"


@pytest.fixture
def club(programme):
    open_club(programme)
    return programme


@pytest.fixture
def vera(club):
    return MemberFactory(
        programme=club, first_name="Vera", last_name="Lindqvist", phone=PHONE
    )


def find(client, typed):
    answer = client.post(
        "/till/find/", {"number": typed}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, where, **fields):
    answer = client.post(f"/till/{where}/", fields, headers={"hx-request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def silence(member, days=400):
    """Let nobody have answered from the member's number for so many days."""
    then = datetime.now(UTC) - timedelta(days=days)
    identity.prove(
        member=member, kind=Kind.PHONE, value=member.phone, proof=Proof.CODE, now=then
    )


class TestKnownMember:
    def test_sees_what_can_be_had_now_and_what_comes_next(
        self, till_client, vera, store
    ):
        buy(vera, store, line("649.00"), now=datetime.now(UTC))

        answer = find(till_client, PHONE)

        assert "#ticket" in answer
        assert "50\u00a0kr" in answer
        assert "351" in answer  # points left to the next one

    def test_sees_nothing_usable_below_a_whole_voucher(self, till_client, vera, store):
        buy(vera, store, line("499.00"), now=datetime.now(UTC))

        answer = find(till_client, PHONE)

        assert "#ticket" not in answer
        assert "499" in answer

    def test_is_shown_with_the_last_three_visits(
        self, till_client, vera, store, other_store
    ):
        now = datetime.now(UTC)
        for days, where in ((40, other_store), (3, store), (2, store), (1, store)):
            buy(vera, where, line("100.00"), now=now - timedelta(days=days))

        answer = find(till_client, PHONE)

        assert answer.count("Uppsala") == 3
        assert "Lund" not in answer

    def test_is_told_plainly_that_points_are_held(self, till_client, vera, store):
        buy(vera, store, line("649.00"), now=datetime.now(UTC))
        Member.objects.update(held_until=datetime.now(UTC) + timedelta(hours=5))

        answer = find(till_client, PHONE)

        assert "#lock" in answer
        assert "#ticket" not in answer

    def test_is_not_held_once_the_time_is_over(self, till_client, vera):
        Member.objects.update(held_until=datetime.now(UTC) - timedelta(seconds=1))

        assert "#lock" not in find(till_client, PHONE)


class TestMergedMember:
    def test_is_found_as_the_one_that_was_kept(self, till_client, club, vera):
        first = MemberFactory(programme=club, phone="", email="")
        second = MemberFactory(programme=club, phone="", email="")
        Member.objects.filter(pk=second.pk).update(
            status=Member.Status.MERGED, merged_into=vera
        )
        Member.objects.filter(pk=first.pk).update(
            status=Member.Status.MERGED, merged_into=second
        )

        for member in (first, second):
            assert "Vera" in find(till_client, member.number)


class TestCards:
    @pytest.mark.parametrize("value", ["FJ-00417", "7312345678901", "00417"])
    def test_of_print_find_their_member(self, till_client, vera, value):
        identity.add_identifier(
            member=vera,
            kind=Kind.CARD,
            value=value,
            proof=Proof.IMPORT,
            now=datetime.now(UTC),
        )

        assert "Vera" in find(till_client, value)
        # As a scanner writes it that names the kind of code first.
        assert "Vera" in find(till_client, f"]C1{value.lower()}")
        entry = AuditEntry.objects.filter(action="till.looked_up").last()
        assert entry.data["by"] == "card"

    def test_that_nobody_has_shown_find_nobody(self, till_client, vera):
        identity.add_identifier(
            member=vera, kind=Kind.CARD, value="FJ-00417", now=datetime.now(UTC)
        )

        assert "Vera" not in find(till_client, "FJ-00417")

    @pytest.mark.parametrize(
        ("end", "outcome"),
        [(End.LOST, "card_lost"), (End.REPLACED, "card_replaced")],
    )
    def test_that_ended_say_so_and_find_nobody(self, till_client, vera, end, outcome):
        old = vera.number
        new = identity.replace_card(member=vera, end=end, now=datetime.now(UTC))

        answer = find(till_client, old)

        assert f'data-outcome="{outcome}"' in answer
        assert "Vera" not in answer
        assert "Vera" in find(till_client, new)

    def test_of_print_that_were_lost_say_so(self, till_client, vera):
        card = identity.add_identifier(
            member=vera,
            kind=Kind.CARD,
            value="FJ-00417",
            proof=Proof.STAFF,
            now=datetime.now(UTC),
        )
        identity.end_identifier(identifier=card, end=End.LOST, now=datetime.now(UTC))

        assert 'data-outcome="card_lost"' in find(till_client, "fj-00417")


class TestSilentNumber:
    def test_shows_neither_name_nor_points(self, till_client, vera, store):
        long_ago = datetime.now(UTC) - timedelta(days=380)
        buy(vera, store, line("649.00"), now=long_ago)
        silence(vera)

        answer = find(till_client, PHONE)

        assert 'data-outcome="silent"' in answer
        assert 'action="/till/prove/"' in answer
        for secret in ("Vera", "Lindqvist", "649", vera.number, vera.email):
            assert secret not in answer

    @pytest.mark.parametrize("days", [0, 300, 364])
    def test_is_none_that_answered_within_a_year(self, till_client, vera, days):
        silence(vera, days)

        assert "Vera" in find(till_client, PHONE)

    def test_is_none_with_which_somebody_shops(self, till_client, vera, store):
        buy(vera, store, line("649.00"), now=datetime.now(UTC) - timedelta(days=30))
        silence(vera)

        assert "Vera" in find(till_client, PHONE)

    def test_does_not_hide_who_shows_the_card(self, till_client, vera):
        silence(vera)

        assert "Vera" in find(till_client, vera.number)

    def test_gets_the_way_to_prove_it(self, till_client, vera, carl):
        silence(vera)

        answer = post(till_client, "prove", phone=PHONE)

        assert 'data-outcome="proof_sent"' in answer
        assert "Vera" not in answer
        message = Message.objects.get()
        assert (message.kind, message.address) == ("number_check", PHONE)
        assert "/me/sign-in/" in message.body
        assert "Vera" not in message.body
        entry = AuditEntry.objects.get(action="till.proof_asked")
        assert (entry.actor_id, entry.member_id) == (carl.public_id, vera.public_id)

    def test_gets_it_three_times_an_hour_at_most(self, till_client, vera):
        silence(vera)
        answers = [post(till_client, "prove", phone=PHONE) for _time in range(4)]

        assert Message.objects.count() == 3
        assert 'data-outcome="sms_refused"' in answers[-1]

    def test_is_known_again_once_it_was_proven(self, till_client, vera):
        silence(vera)
        silence(vera, days=0)

        assert "Vera" in find(till_client, PHONE)

    def test_gives_nobody_else_a_message(self, till_client, vera):
        assert "Vera" in post(till_client, "prove", phone=PHONE)
        assert 'data-outcome="new"' in post(till_client, "prove", phone="0701740699")
        assert not Message.objects.exists()


class TestEveryState:
    @pytest.mark.parametrize(
        ("fields", "outcome"),
        [
            ({}, "known"),
            ({"pending": True}, "pending"),
            ({"left": True}, "left"),
            ({"blocked": True}, "blocked"),
        ],
    )
    def test_has_its_answer_by_number_card_and_phone(
        self, till_client, club, fields, outcome
    ):
        member = MemberFactory(programme=club, phone=PHONE, **fields)
        Identifier.objects.create(
            programme=club,
            member=member,
            kind=Kind.CARD,
            value="FJ-00417",
            added_at=member.registered_at,
            proven_at=member.registered_at,
            proof=Proof.STAFF,
        )

        for typed in (PHONE, member.number, "FJ-00417"):
            assert f'data-outcome="{outcome}"' in find(till_client, typed)

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from members import cards, identity, selectors
from members.identity import IdentifierInvalid
from members.models import Event, Identifier, Member
from members.phones import PhoneInvalid
from members.services import EmailInvalid, MemberExists, StatusForbids
from tests.factories.members import REGISTERED_AT as NOW
from tests.factories.members import MemberFactory

LATER = NOW + timedelta(days=400)
NEW = "+46701799999"


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme, phone="+46700174001", email="Vera@ljung.se"
    )


@pytest.fixture
def siri(programme):
    return MemberFactory(programme=programme)


def live(member):
    rows = Identifier.objects.filter(member=member, ended_at=None)
    return sorted(rows.values_list("kind", "value"))


def ended(member):
    rows = Identifier.objects.filter(member=member, ended_at__isnull=False)
    return sorted(rows.values_list("kind", "value", "end"))


def kinds_of(member):
    rows = Event.objects.filter(member=member).order_by("pk")
    return list(rows.values_list("kind", flat=True))


class TestAddIdentifier:
    def test_finds_the_member_only_from_proof(self, vera):
        def found():
            return selectors.find_by_identifier(
                programme=vera.programme, kind="PHONE", value=NEW
            )

        identity.add_identifier(member=vera, kind="PHONE", value=NEW, now=NOW)
        assert found() is None

        identity.add_identifier(
            member=vera, kind="PHONE", value=NEW, proof="CODE", now=LATER
        )
        assert found() == vera
        row = identity.live_identifier(member=vera, kind="PHONE", value=NEW)
        assert (row.added_at, row.proven_at, row.proof) == (NOW, LATER, "CODE")
        assert kinds_of(vera) == ["member.identifier_added"]

    def test_refuses_what_is_another_members(self, vera, siri):
        for kind, value in (("PHONE", vera.phone), ("CARD", vera.number)):
            with pytest.raises(MemberExists) as raised:
                identity.add_identifier(member=siri, kind=kind, value=value, now=NOW)
            assert raised.value.member == vera
        assert kinds_of(siri) == []

    @pytest.mark.parametrize(
        ("kind", "value", "error"),
        [
            ("PHONE", "08-123 45 67", PhoneInvalid),
            ("EMAIL", "vera@", EmailInvalid),
            ("EMAIL", "", IdentifierInvalid),
            ("CARD", " ", IdentifierInvalid),
            ("CARD", "1" * 33, IdentifierInvalid),
            ("CARD", "12\x0034", IdentifierInvalid),
            ("EXTERNAL", "1" * 129, IdentifierInvalid),
        ],
    )
    def test_refuses_what_is_none(self, vera, kind, value, error):
        with pytest.raises(error):
            identity.add_identifier(
                member=vera,
                kind=kind,
                value=value,
                system="shop" if kind == "EXTERNAL" else "",
                now=NOW,
            )

    @pytest.mark.parametrize("status", ["erased", "merged"])
    def test_refuses_who_is_no_member(self, vera, siri, status):
        change = {"status": status.upper(), "phone": "", "email": ""}
        if status == "merged":
            change["merged_into"] = siri
        else:
            change |= {"first_name": "", "last_name": ""}
        Member.objects.filter(pk=vera.pk).update(**change)

        with pytest.raises(StatusForbids):
            identity.add_identifier(member=vera, kind="CARD", value="77", now=NOW)

    def test_tells_ids_of_two_systems_apart(self, vera, siri):
        for member, system in ((vera, "shop"), (siri, "till")):
            identity.add_identifier(
                member=member, kind="EXTERNAL", system=system, value="7", now=NOW
            )

        assert (
            selectors.find_holder(
                programme=vera.programme, kind="EXTERNAL", system="till", value="7"
            )
            == siri
        )

    def test_proves_an_id_of_the_right_system_alone(self, vera):
        for system in ("shop", "till"):
            identity.add_identifier(
                member=vera,
                kind="EXTERNAL",
                system=system,
                value="7",
                proof="SYSTEM" if system == "till" else "",
                now=NOW,
            )

        proven = Identifier.objects.filter(kind="EXTERNAL", proven_at__isnull=False)
        assert [row.system for row in proven] == ["till"]


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_give_an_identifier_to_one_member(self, vera, siri):
        barrier = threading.Barrier(2)
        outcomes = []

        def add(member):
            barrier.wait()
            try:
                identity.add_identifier(
                    member=member, kind="CARD", value="BUTIK-1", now=NOW
                )
                outcomes.append("added")
            except MemberExists:
                outcomes.append("exists")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=add, args=(m,)) for m in (vera, siri)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["added", "exists"]
        assert Identifier.objects.filter(value="BUTIK-1").count() == 1


class TestChangeContact:
    def change(self, member, value=NEW, **more):
        return identity.change_contact(
            member=member, kind="PHONE", value=value, proof="CODE", now=LATER, **more
        )

    def test_writes_to_the_new_one_and_ends_the_old(self, vera):
        held = LATER + timedelta(hours=24)

        old = self.change(vera, held_until=held)

        vera.refresh_from_db()
        assert (old, vera.phone) == ("+46700174001", NEW)
        assert (vera.phone_verified_at, vera.held_until) == (LATER, held)
        assert live(vera) == [("EMAIL", "vera@ljung.se"), ("PHONE", NEW)]
        assert ended(vera) == [("PHONE", old, "CHANGED")]
        assert kinds_of(vera) == ["member.contact_changed"]

    def test_refuses_another_members_and_leaves_all_as_it_was(self, vera, siri):
        with pytest.raises(MemberExists):
            self.change(vera, siri.phone)

        vera.refresh_from_db()
        assert vera.phone == "+46700174001"
        assert ended(vera) == []

    def test_only_proves_what_it_is_already(self, vera):
        self.change(vera, vera.phone)

        vera.refresh_from_db()
        assert vera.phone_verified_at == LATER
        assert kinds_of(vera) == []

    def test_can_be_undone(self, vera):
        old = self.change(vera, held_until=LATER + timedelta(hours=24))

        assert identity.undo_contact_change(
            member=vera, kind="PHONE", old=old, new=NEW, now=LATER
        )

        vera.refresh_from_db()
        assert (vera.phone, vera.held_until) == (old, None)
        assert ended(vera)[-1] == ("PHONE", NEW, "UNDONE")
        assert ("PHONE", old) in live(vera)

    def test_cannot_be_undone_when_the_old_one_is_anothers(self, vera, programme):
        old = self.change(vera)
        MemberFactory(programme=programme, phone=old)

        done = identity.undo_contact_change(
            member=vera, kind="PHONE", old=old, new=NEW, now=LATER
        )

        vera.refresh_from_db()
        assert (done, vera.phone) == (False, NEW)

    def test_cannot_be_undone_when_it_was_changed_again(self, vera):
        old = self.change(vera)
        self.change(vera, "+46701788888")

        assert not identity.undo_contact_change(
            member=vera, kind="PHONE", old=old, new=NEW, now=LATER
        )


class TestPassOn:
    def test_frees_a_number_for_its_new_owner(self, vera, programme):
        number = vera.phone

        identity.pass_on(member=vera, kind="PHONE", now=NOW)

        vera.refresh_from_db()
        assert (vera.phone, vera.phone_verified_at) == ("", None)
        assert ended(vera) == [("PHONE", number, "PASSED_ON")]
        assert MemberFactory(programme=programme, phone=number).pk

    def test_of_nothing_is_nothing(self, vera):
        identity.pass_on(member=vera, kind="PHONE", now=NOW)
        vera.refresh_from_db()
        identity.pass_on(member=vera, kind="PHONE", now=NOW)

        assert kinds_of(vera) == ["member.identifier_ended"]


class TestEndIdentifier:
    def test_lets_it_find_nobody_once(self, vera):
        card = identity.add_identifier(
            member=vera, kind="CARD", value="butik 1", proof="STAFF", now=NOW
        )

        for _each in range(2):
            identity.end_identifier(identifier=card, end="LOST", now=LATER)

        assert ended(vera) == [("CARD", "BUTIK1", "LOST")]
        assert kinds_of(vera).count("member.identifier_ended") == 1
        found = identity.ended_card(programme=vera.programme, value="butik 1")
        assert found == card

    def test_never_ends_what_we_write_to(self, vera):
        phone = identity.live_identifier(member=vera, kind="PHONE", value=vera.phone)

        with (
            pytest.raises(IntegrityError, match="current contact"),
            transaction.atomic(),
        ):
            identity.end_identifier(identifier=phone, end="CHANGED", now=NOW)


class TestReplaceCard:
    def test_gives_a_number_and_ends_the_old(self, vera):
        old = vera.number

        number = identity.replace_card(member=vera, end="LOST", now=NOW)

        vera.refresh_from_db()
        assert vera.number == number != old
        assert cards.is_number(number)
        find = selectors.find_by_number
        assert find(programme=vera.programme, number=old) is None
        assert find(programme=vera.programme, number=number) == vera
        assert identity.ended_card(programme=vera.programme, value=old).end == "LOST"
        assert kinds_of(vera) == ["member.card_replaced"]

    def test_gives_the_old_number_to_nobody_else(self, vera, programme):
        old = vera.number
        identity.replace_card(member=vera, end="LOST", now=NOW)

        with pytest.raises(IntegrityError), transaction.atomic():
            MemberFactory(programme=programme, number=old)

    def test_draws_again_when_a_number_is_taken(self, vera, siri, monkeypatch):
        numbers = iter([siri.number, cards.new_number()])
        monkeypatch.setattr(cards, "new_number", lambda: next(numbers))

        assert identity.replace_card(member=vera, end="LOST", now=NOW) != siri.number

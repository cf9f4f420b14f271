import threading

import pytest
from django.db import connections

from common.ids import has_valid_check_digit
from members import cards, selectors, services
from members.models import Event, Member
from members.services import (
    ContactMissing,
    EmailInvalid,
    MemberExists,
    StatusForbids,
)
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StoreFactory


@pytest.fixture
def register(programme, now):
    def call(**given):
        options = {"source": Member.Source.TILL, "language": "sv", "now": now} | given
        return services.register_member(programme=programme, **options)

    return call


@pytest.fixture
def activate(now):
    def call(member, **given):
        options = {
            "first_name": "Vera",
            "last_name": "Ek",
            "email": "vera@example.se",
            "language": "sv",
            "now": now,
        } | given
        return services.activate_member(member=member, **options)

    return call


def kinds_of(member):
    return list(member.events.order_by("pk").values_list("kind", flat=True))


class TestRegisterMember:
    def test_makes_a_pending_member_of_a_number(self, register, store):
        member = register(phone="070-123 45 67", store=store)

        assert member.status == Member.Status.PENDING
        assert member.phone == "+46701234567"
        assert member.home_store == member.registered_store == store

    def test_writes_what_happened_on_the_timeline(self, register, store, now):
        member = register(phone="0701234567", store=store)

        event = Event.objects.get(member=member)
        assert event.kind == "member.registered"
        assert event.data == {"source": "TILL", "store_name": store.name}
        assert (event.subject_type, event.subject_id) == ("store", store.public_id)

    def test_gives_a_number_with_a_check_digit(self, register):
        member = register(phone="0701234567")

        assert len(member.number) == 12
        assert has_valid_check_digit(member.number)

    def test_takes_an_address_instead_of_a_number(self, register):
        member = register(email=" Vera@Example.SE ")

        assert member.email == "vera@example.se"

    def test_finds_who_has_the_number_however_it_is_typed(self, register):
        first = register(phone="0701234567")

        with pytest.raises(MemberExists) as refused:
            register(phone="+46 (0)70-123 45 67")

        assert refused.value.member == first

    def test_finds_who_has_the_address_whatever_its_case(self, register):
        first = register(email="vera@example.se")

        with pytest.raises(MemberExists) as refused:
            register(phone="0701234567", email="VERA@example.se")

        assert refused.value.member == first
        assert Event.objects.count() == 1

    def test_lets_a_number_be_in_two_programmes(self, register, now):
        register(phone="0701234567")

        services.register_member(
            programme=ProgrammeFactory(),
            phone="0701234567",
            source=Member.Source.WEB,
            language="sv",
            now=now,
        )

        assert Member.objects.filter(phone="+46701234567").count() == 2

    @pytest.mark.parametrize(
        ("given", "refusal"),
        [({}, ContactMissing), ({"email": "vera@"}, EmailInvalid)],
    )
    def test_refuses_what_reaches_nobody(self, register, given, refusal):
        with pytest.raises(refusal):
            register(**given)

    def test_draws_another_number_when_one_is_taken(self, register, monkeypatch):
        taken = MemberFactory().number
        programme_member = register(phone="0701234567")
        numbers = iter([programme_member.number, taken, cards.new_number()])
        monkeypatch.setattr(cards, "new_number", lambda: next(numbers))

        member = register(phone="0707654321")

        # A number of another programme is free in this one.
        assert member.number == taken

    def test_gives_up_when_every_number_is_taken(self, register, monkeypatch):
        taken = register(phone="0701234567").number
        monkeypatch.setattr(cards, "new_number", lambda: taken)

        with pytest.raises(RuntimeError, match="membership number"):
            register(phone="0707654321")

        assert Member.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_makes_one_member_when_two_tills_register_one_number(self, now):
        programme = ProgrammeFactory()
        stores = [StoreFactory(programme=programme) for _ in range(2)]
        together = threading.Barrier(2)
        answers = []

        def till(store):
            try:
                together.wait(timeout=10)
                answers.append(
                    services.register_member(
                        programme=programme,
                        phone="0701234567",
                        source=Member.Source.TILL,
                        store=store,
                        language="sv",
                        now=now,
                    )
                )
            except MemberExists as refused:
                answers.append(refused)
            finally:
                connections.close_all()

        # More than once, since both have to pass the look-up before the insert.
        for _round in range(5):
            Event.objects.all().delete()
            Member.objects.all().delete()
            answers.clear()
            threads = [threading.Thread(target=till, args=[s]) for s in stores]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=20)

            member = Member.objects.get()
            refused = [a for a in answers if isinstance(a, MemberExists)]
            assert len(answers) == 2
            assert [each.member for each in refused] == [member]
            assert Event.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_tells_the_second_till_also_when_the_look_up_found_nobody(
        self, now, monkeypatch
    ):
        """The insert is what the second till fails on, not the look-up before it."""
        programme = ProgrammeFactory()
        first = MemberFactory(programme=programme, phone="+46701234567")
        look_up = selectors.find_by_phone
        blind = iter([True])

        def find(**given):
            return None if next(blind, False) else look_up(**given)

        monkeypatch.setattr(selectors, "find_by_phone", find)

        with pytest.raises(MemberExists) as refused:
            services.register_member(
                programme=programme,
                phone="0701234567",
                source=Member.Source.TILL,
                language="sv",
                now=now,
            )

        assert refused.value.member == first


class TestActivateMember:
    def test_makes_a_pending_member_active(self, register, activate, now):
        member = activate(register(phone="0701234567"), phone_verified=True)

        member.refresh_from_db()
        assert member.status == Member.Status.ACTIVE
        assert member.name == "Vera Ek"
        assert member.activated_at == member.phone_verified_at == now
        assert kinds_of(member) == ["member.registered", "member.activated"]

    def test_changes_nothing_the_second_time(self, register, activate):
        member = activate(register(phone="0701234567"))

        activate(member, first_name="Siv")

        member.refresh_from_db()
        assert member.first_name == "Vera"
        assert kinds_of(member).count("member.activated") == 1

    def test_takes_back_one_who_left(self, activate, db):
        member = MemberFactory(left=True)

        activate(member)

        event = member.events.get()
        member.refresh_from_db()
        assert member.status == Member.Status.ACTIVE
        assert member.left_at is None
        assert event.data == {"again": True}

    @pytest.mark.parametrize("trait", ["blocked", "erased"])
    def test_refuses_the_blocked_and_the_erased(self, activate, trait, db):
        with pytest.raises(StatusForbids):
            activate(MemberFactory(**{trait: True}))

    def test_refuses_an_address_of_another_member(self, register, activate, programme):
        other = MemberFactory(programme=programme, email="vera@example.se")
        member = register(phone="0701234567")

        with pytest.raises(MemberExists) as refused:
            activate(member)

        member.refresh_from_db()
        assert refused.value.member == other
        assert member.status == Member.Status.PENDING

    def test_keeps_the_store_that_registered_them(self, register, activate, store):
        member = activate(register(phone="0701234567", store=store))

        assert member.home_store == store


class TestUpdateMember:
    def test_says_what_changed_without_saying_to_what(self, now, db):
        member = MemberFactory(first_name="Vera")

        changed = services.update_member(
            member=member, first_name="Siv", last_name="Lindqvist", now=now
        )

        assert changed == ["first_name"]
        assert member.events.get().data == {"fields": ["first_name"]}

    def test_writes_nothing_when_nothing_changes(self, now, db):
        member = MemberFactory()

        assert services.update_member(member=member, email=member.email, now=now) == []
        assert not member.events.exists()

    def test_takes_proof_from_a_new_number(self, now, db):
        member = MemberFactory(phone_verified_at=now, email_verified_at=now)

        services.update_member(member=member, phone="0709999999", now=now)

        member.refresh_from_db()
        assert member.phone_verified_at is None
        assert member.email_verified_at == now

    def test_refuses_a_number_of_another_member(self, now, programme):
        other = MemberFactory(programme=programme)
        member = MemberFactory(programme=programme)

        with pytest.raises(MemberExists) as refused:
            services.update_member(member=member, phone=other.phone, now=now)

        assert refused.value.member == other

    def test_leaves_a_way_to_reach_them(self, now, db):
        member = MemberFactory(email="")

        with pytest.raises(ContactMissing):
            services.update_member(member=member, phone="", now=now)

    def test_refuses_the_erased(self, now, db):
        with pytest.raises(StatusForbids):
            services.update_member(
                member=MemberFactory(erased=True), first_name="Vera", now=now
            )

    def test_knows_no_other_details(self, now, db):
        with pytest.raises(TypeError, match="status"):
            services.update_member(member=MemberFactory(), status="ACTIVE", now=now)


class TestLeave:
    def test_ends_the_membership_once(self, now, db):
        member = MemberFactory()

        services.leave(member=member, now=now)
        services.leave(member=member, now=now)

        member.refresh_from_db()
        assert member.status == Member.Status.LEFT
        assert member.left_at == now
        assert kinds_of(member) == ["member.left"]


class TestFind:
    def test_finds_by_every_key(self, programme, now):
        member = MemberFactory(programme=programme, email="vera@example.se")
        grouped = cards.display_number(member.number)
        token = cards.card_token(member, now=now)

        for found in (
            selectors.find_by_phone(programme=programme, phone=member.phone),
            selectors.find_by_email(programme=programme, email="VERA@example.se "),
            selectors.find_by_number(programme=programme, number=grouped),
            selectors.find_by_card_token(programme=programme, token=token, now=now),
            selectors.get_by_public_id(programme, member.public_id),
        ):
            assert found == member

    def test_finds_nobody_of_another_programme(self, programme, now):
        member = MemberFactory()
        token = cards.card_token(member, now=now)

        for found in (
            selectors.find_by_phone(programme=programme, phone=member.phone),
            selectors.find_by_email(programme=programme, email=member.email),
            selectors.find_by_number(programme=programme, number=member.number),
            selectors.find_by_card_token(programme=programme, token=token, now=now),
        ):
            assert found is None
        with pytest.raises(Member.DoesNotExist):
            selectors.get_by_public_id(programme, member.public_id)

    def test_finds_nobody_by_nothing(self, programme):
        MemberFactory(programme=programme, email="")
        MemberFactory(programme=programme, phone="")

        assert selectors.find_by_phone(programme=programme, phone="") is None
        assert selectors.find_by_email(programme=programme, email=" ") is None

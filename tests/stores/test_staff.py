from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from stores import invitations, selectors, services
from stores.models import AuditEntry, Staff
from stores.roles import Role
from stores.services import Grant, LastOwner, NotYours
from tests.factories.stores import (
    PASSWORD,
    ProgrammeFactory,
    StaffFactory,
    StoreFactory,
    grant,
)


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def invite(actor, now, *, grants, email="new@example.com"):
    return services.invite_staff(
        programme=actor.programme,
        email=email,
        name="Nya Lund",
        grants=grants,
        actor=actor,
        now=now,
    )


class TestInviteStaff:
    def test_makes_an_account_that_nobody_can_sign_in_to_yet(self, olga, store, now):
        staff = invite(
            olga, now, grants=[Grant(Role.ANALYST), Grant(Role.STORE_STAFF, store)]
        )

        assert not staff.has_usable_password()
        held = set(staff.roles.values_list("role", "store"))
        assert held == {("ANALYST", None), ("STORE_STAFF", store.pk)}
        assert actions() == ["staff.invited"]

    def test_writes_no_name_or_address_into_the_trail(self, olga, now):
        invite(olga, now, grants=[Grant(Role.ANALYST)])

        entry = AuditEntry.objects.get()
        everything = f"{entry.subject}{entry.reason}{entry.data}"
        assert "Nya" not in everything
        assert "example.com" not in everything

    def test_refuses_an_address_that_has_an_account(self, olga, mia, now):
        with pytest.raises(services.EmailTaken):
            invite(olga, now, grants=[Grant(Role.ANALYST)], email="MIA@example.com")

        assert actions() == []

    def test_lets_a_store_manager_take_on_staff_of_their_own_store(
        self, otto, other_store, now
    ):
        staff = invite(otto, now, grants=[Grant(Role.STORE_STAFF, other_store)])

        assert staff.roles.get().store == other_store

    @pytest.mark.parametrize("role", [Role.STORE_MANAGER, Role.OWNER, Role.MARKETER])
    def test_lets_a_store_manager_give_nothing_higher(
        self, otto, other_store, now, role
    ):
        store = other_store if role is Role.STORE_MANAGER else None
        with pytest.raises(NotYours):
            invite(otto, now, grants=[Grant(role, store)])

    def test_lets_a_store_manager_reach_no_other_store(self, otto, store, now):
        with pytest.raises(NotYours):
            invite(otto, now, grants=[Grant(Role.STORE_STAFF, store)])

    def test_lets_an_owner_reach_no_store_of_another_club(self, olga, now):
        strange = StoreFactory(programme=ProgrammeFactory(name="Other"))

        with pytest.raises(NotYours):
            invite(olga, now, grants=[Grant(Role.STORE_STAFF, strange)])

    def test_holds_store_roles_to_a_store(self, olga, now):
        with pytest.raises(NotYours):
            invite(olga, now, grants=[Grant(Role.STORE_STAFF)])


class TestUpdateStaff:
    def test_replaces_the_roles_and_says_which(self, olga, mia, now):
        services.update_staff(
            staff=mia,
            name="Mia Lind Ek",
            grants=[Grant(Role.ANALYST)],
            actor=olga,
            now=now,
        )

        assert list(mia.roles.values_list("role", flat=True)) == ["ANALYST"]
        entry = AuditEntry.objects.get(action="staff.changed")
        assert entry.data == {
            "fields": ["name", "roles"],
            "roles_before": ["MARKETER"],
            "roles": ["ANALYST"],
        }

    def test_records_nothing_when_nothing_changes(self, olga, mia, now):
        services.update_staff(
            staff=mia, name=mia.name, grants=[Grant(Role.MARKETER)], actor=olga, now=now
        )

        assert actions() == []

    def test_keeps_the_last_owner(self, olga, now):
        with pytest.raises(LastOwner):
            services.update_staff(
                staff=olga,
                name=olga.name,
                grants=[Grant(Role.ANALYST)],
                actor=olga,
                now=now,
            )

        assert olga.roles.get().role == "OWNER"

    def test_lets_one_of_two_owners_step_back(self, olga, programme, now):
        StaffFactory(programme=programme, role=Role.OWNER)

        services.update_staff(
            staff=olga,
            name=olga.name,
            grants=[Grant(Role.ANALYST)],
            actor=olga,
            now=now,
        )

        assert olga.roles.get().role == "ANALYST"

    def test_keeps_a_manager_from_staff_who_also_work_elsewhere(
        self, otto, carl, other_store, now
    ):
        grant(carl, Role.STORE_STAFF, other_store)

        with pytest.raises(NotYours):
            services.update_staff(
                staff=carl,
                name="X",
                grants=[Grant(Role.STORE_STAFF, other_store)],
                actor=otto,
                now=now,
            )


class TestDeactivateStaff:
    def test_ends_sessions_links_and_pin_at_once(self, olga, mia, now, desk_client):
        services.set_pin(staff=mia, pin="7294", actor=olga, now=now)
        browser = desk_client(mia)
        link = invitations.path_for(mia)
        assert browser.get("/").status_code == 200

        services.deactivate_staff(staff=mia, actor=olga, now=now)

        assert browser.get("/")["Location"].startswith("/account/login/")
        assert Client().get(link).status_code == 410
        mia.refresh_from_db()
        assert not services.check_pin(staff=mia, pin="7294")

    def test_keeps_old_sessions_dead_after_the_account_opens_again(
        self, olga, mia, now, desk_client
    ):
        browser = desk_client(mia)

        services.deactivate_staff(staff=mia, actor=olga, now=now)
        services.reactivate_staff(staff=mia, actor=olga, now=now)

        assert browser.get("/").status_code == 302

    def test_keeps_the_last_owner(self, olga, now):
        with pytest.raises(LastOwner):
            services.deactivate_staff(staff=olga, actor=olga, now=now)

    def test_keeps_a_manager_from_the_owner(self, otto, olga, now):
        with pytest.raises(NotYours):
            services.deactivate_staff(staff=olga, actor=otto, now=now)


class TestInvitation:
    def invited(self, olga, now):
        return invite(olga, now, grants=[Grant(Role.MARKETER)])

    def test_lets_the_person_choose_a_password_once(self, olga, now):
        staff = self.invited(olga, now)
        link = invitations.path_for(staff)
        # Looking, as scanners and previews do, uses nothing up.
        for _ in range(3):
            assert Client().get(link).status_code == 200

        answer = Client().post(link, {"password": PASSWORD, "again": PASSWORD})

        assert answer["Location"] == "/account/login/"
        staff.refresh_from_db()
        assert staff.check_password(PASSWORD)
        assert Client().get(link).status_code == 410
        again = Client().post(link, {"password": "x" * 20, "again": "x" * 20})
        assert again.status_code == 410
        assert actions() == ["staff.invited", "staff.password_set"]

    @pytest.mark.parametrize(
        ("password", "again"),
        [("short", "short"), (PASSWORD, PASSWORD + "!"), ("password123456789", "")],
    )
    def test_refuses_a_weak_or_mistyped_password(self, olga, now, password, again):
        staff = self.invited(olga, now)
        link = invitations.path_for(staff)

        answer = Client().post(link, {"password": password, "again": again})

        assert answer.status_code == 422
        staff.refresh_from_db()
        assert not staff.has_usable_password()

    def test_ends_after_three_days(self, olga, now, time_machine):
        staff = self.invited(olga, now)
        link = invitations.path_for(staff)

        time_machine.move_to(now + timedelta(days=3, minutes=1))

        assert Client().get(link).status_code == 410

    def test_belongs_to_one_person(self, olga, mia, now):
        staff = self.invited(olga, now)
        token = invitations.tokens.make_token(mia)

        link = reverse("stores:invitation", args=[staff.public_id, token])

        assert Client().get(link).status_code == 410

    def test_limits_tries_from_one_address(self, olga, now):
        link = reverse("stores:invitation", args=[olga.public_id, "wrong"])

        codes = [Client().get(link).status_code for _ in range(31)]

        assert codes[:30] == [410] * 30
        assert codes[30] == 429

    def test_signs_out_whoever_sat_at_the_browser(self, olga, now, desk_client):
        staff = self.invited(olga, now)
        browser = desk_client(olga)

        browser.post(
            invitations.path_for(staff), {"password": PASSWORD, "again": PASSWORD}
        )

        assert browser.get("/").status_code == 302


class TestPin:
    @pytest.mark.parametrize("pin", ["7294", "83016", "402917"])
    def test_is_kept_as_a_hash(self, olga, carl, now, pin):
        services.set_pin(staff=carl, pin=pin, actor=olga, now=now)

        carl.refresh_from_db()
        assert pin not in carl.pin_hash
        assert services.check_pin(staff=carl, pin=pin)
        assert not services.check_pin(staff=carl, pin="0000")
        assert actions() == ["pin.set"]

    @pytest.mark.parametrize("pin", ["123", "1234567", "12a4", "", "１２３４"])
    def test_is_four_to_six_digits(self, olga, carl, now, pin):
        with pytest.raises(services.PinNotUsable, match="form"):
            services.set_pin(staff=carl, pin=pin, actor=olga, now=now)

    @pytest.mark.parametrize(
        "pin",
        ["1111", "1234", "4321", "123456", "9012", "1212", "121212", "1987", "2580"],
    )
    def test_is_none_of_those_everybody_tries_first(self, olga, carl, now, pin):
        with pytest.raises(services.PinNotUsable, match="trivial"):
            services.set_pin(staff=carl, pin=pin, actor=olga, now=now)

    def test_of_nobody_is_never_right(self, carl):
        assert not services.check_pin(staff=carl, pin="")
        assert not services.check_pin(staff=carl, pin="7294")


class TestListStaff:
    def test_shows_an_owner_everybody_of_the_club(self, olga, carl, otto):
        StaffFactory(programme=ProgrammeFactory(name="Other"))

        assert set(selectors.list_staff(viewer=olga)) == {olga, carl, otto}

    def test_shows_a_manager_their_own_store(self, olga, carl, otto):
        assert set(selectors.list_staff(viewer=otto)) == {otto}


class TestStaffPages:
    def test_hide_the_people_of_other_stores(self, otto, carl, desk_client):
        browser = desk_client(otto)
        for name in (
            "staff-detail",
            "staff-pin",
            "staff-pin-clear",
            "staff-link",
            "staff-deactivate",
            "staff-reactivate",
            "staff-second-factor",
        ):
            url = reverse(f"stores:{name}", args=[carl.public_id])

            assert browser.get(url).status_code == 404, name
            assert browser.post(url).status_code == 404, name

    def test_show_a_manager_but_not_change_a_colleague_of_rank(
        self, otto, other_store, desk_client
    ):
        boss = StaffFactory(role=Role.STORE_MANAGER, store=other_store)
        url = reverse("stores:staff-detail", args=[boss.public_id])
        browser = desk_client(otto)

        page = browser.get(url)
        browser.post(url, {"name": "Changed"})
        browser.post(reverse("stores:staff-deactivate", args=[boss.public_id]))

        assert page.status_code == 200
        boss.refresh_from_db()
        assert boss.name != "Changed"
        assert boss.is_active

    def test_invite_and_show_the_link_once(self, olga, store, desk_client):
        answer = desk_client(olga).post(
            reverse("stores:staff-invite"),
            {
                "name": "Nya Lund",
                "email": "nya@example.com",
                "works_in": [str(store.public_id)],
            },
        )

        staff = Staff.objects.get(email="nya@example.com")
        assert answer.status_code == 200
        assert f"/account/invitation/{staff.public_id}/" in answer.content.decode()
        assert staff.roles.get().store == store

    def test_ask_for_a_role(self, olga, desk_client):
        answer = desk_client(olga).post(
            reverse("stores:staff-invite"), {"name": "N", "email": "n@example.com"}
        )

        assert answer.status_code == 422
        assert not Staff.objects.filter(email="n@example.com").exists()

    def test_offer_a_manager_their_own_store_alone(
        self, otto, store, other_store, desk_client
    ):
        answer = desk_client(otto).post(
            reverse("stores:staff-invite"),
            {
                "name": "N",
                "email": "n@example.com",
                "works_in": [str(store.public_id)],
                "roles": ["OWNER"],
            },
        )

        assert answer.status_code == 422

    def test_list_in_few_queries_however_many(
        self, olga, store, desk_client, django_assert_max_num_queries
    ):
        for _ in range(20):
            StaffFactory(role=Role.STORE_STAFF, store=store)
        browser = desk_client(olga)

        with django_assert_max_num_queries(9):
            page = browser.get(reverse("stores:staff-list"))

        assert page.content.decode().count("<tr") == 22

    def test_take_codes_where_there_are_too_many_stores_to_tick(
        self, olga, programme, desk_client
    ):
        stores = [StoreFactory(programme=programme) for _ in range(41)]
        url = reverse("stores:staff-invite")
        filled = {"name": "N", "email": "n@example.com"}
        browser = desk_client(olga)

        refused = browser.post(url, {**filled, "works_in": "no-such"})
        browser.post(url, {**filled, "works_in": f"{stores[0].code}, {stores[7].code}"})

        assert refused.status_code == 422
        staff = Staff.objects.get(email="n@example.com")
        assert {each.store for each in staff.roles.all()} == {stores[0], stores[7]}

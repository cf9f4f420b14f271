"""Enrolling a device, identifying on it, locking it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from stores.models import AuditEntry
from stores.roles import Role
from stores.services import add_device, revoke_device
from tests.factories.stores import DeviceFactory, StaffFactory
from tests.till.conftest import PIN
from till import limits
from till.guards import DEVICE_COOKIE

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class TestEnrol:
    def code_for(self, store, olga, name="Surfplatta"):
        _device, code = add_device(
            store=store, name=name, till=None, actor=olga, now=datetime.now(UTC)
        )
        return code

    def test_makes_the_browser_a_device_of_the_store(self, store, olga):
        client = Client()
        code = self.code_for(store, olga)

        answer = client.post("/till/enrol/", {"code": f"{code[:4]} {code[4:].lower()}"})

        assert answer.url == "/till/"
        cookie = client.cookies[DEVICE_COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == 400 * 24 * 3600
        assert client.get("/till/staff/").status_code == 200

    def test_uses_a_code_once(self, store, olga):
        code = self.code_for(store, olga)
        Client().post("/till/enrol/", {"code": code})

        assert Client().post("/till/enrol/", {"code": code}).status_code == 422

    @pytest.mark.parametrize("code", ["", "ABCD EFGH", "x" * 21, "\x00"])
    def test_refuses_what_is_no_code(self, programme, code):
        assert Client().post("/till/enrol/", {"code": code}).status_code == 422

    def test_changes_nothing_when_it_is_only_looked_at(self, store, olga):
        code = self.code_for(store, olga)
        for _ in range(3):
            Client().get(f"/till/enrol/?code={code}")

        assert Client().post("/till/enrol/", {"code": code}).status_code == 302

    def test_is_limited_per_address(self, programme):
        answers = [
            Client().post("/till/enrol/", {"code": "ABCDEFGH"}).status_code
            for _ in range(limits.ENROLMENTS_PER_ADDRESS.amount + 1)
        ]

        assert answers[-1] == 429
        assert set(answers[:-1]) == {422}


class TestDeviceGuard:
    @pytest.mark.parametrize("address", ["/till/", "/till/staff/"])
    def test_sends_a_strange_browser_to_enrolment(self, programme, address):
        client = Client()
        client.cookies[DEVICE_COOKIE] = "made-up"

        answer = client.get(address)

        assert answer.status_code == 302
        assert answer.url.startswith("/till/enrol/")

    def test_shuts_out_a_device_that_was_revoked(self, till_client, device, olga):
        assert till_client.get("/till/").status_code == 200

        revoke_device(device=device, actor=olga, now=datetime.now(UTC))

        assert till_client.get("/till/").url.startswith("/till/enrol/")


class TestStaffPage:
    def test_names_the_store_s_people_and_the_owner_only(
        self, tablet, carl, otto, olga, mia, with_pin
    ):
        for person in (carl, otto, olga, mia):
            with_pin(person)

        page = tablet.get("/till/staff/").content.decode()

        assert "Carl Ek" in page
        assert "Olga Berg" in page
        assert "Otto Dahl" not in page
        assert "Mia Lind" not in page

    def test_leaves_out_who_has_no_pin(self, tablet, carl):
        assert "Carl Ek" not in tablet.get("/till/staff/").content.decode()


class TestPin:
    def enter(self, tablet, person, pin=PIN):
        return tablet.post(f"/till/staff/{person.public_id}/", {"pin": pin})

    def test_lets_the_clerk_to_the_till(self, tablet, carl, with_pin):
        with_pin(carl)

        assert self.enter(tablet, carl).url == "/till/"

        assert tablet.get("/till/").status_code == 200
        entry = AuditEntry.objects.get(action="till.signed_in")
        assert entry.actor_id == carl.public_id

    def test_refuses_a_wrong_one_and_notes_it(self, tablet, carl, with_pin, device):
        with_pin(carl)

        assert self.enter(tablet, carl, "7392").status_code == 422

        assert tablet.get("/till/").status_code == 302
        entry = AuditEntry.objects.get(action="till.pin_refused")
        assert entry.actor_id == device.public_id
        assert entry.subject == f"staff:{carl.public_id}"

    def test_is_no_way_in_for_people_of_another_store(self, tablet, otto, with_pin):
        with_pin(otto)

        assert self.enter(tablet, otto).status_code == 404

    def test_gives_a_new_session_key(self, tablet, carl, with_pin):
        with_pin(carl)
        tablet.get("/till/staff/")
        session = tablet.session
        session["seen"] = True
        session.save()
        before = session.session_key
        tablet.cookies["session"] = before

        self.enter(tablet, carl)

        assert tablet.cookies["session"].value != before

    def test_is_tried_a_few_times_only(self, tablet, carl, with_pin):
        with_pin(carl)
        with time_machine.travel(NOW, tick=False):
            wrong = [
                self.enter(tablet, carl, "7392").status_code
                for _ in range(limits.PINS_PER_PERSON.amount)
            ]
            locked = self.enter(tablet, carl)
        with time_machine.travel(NOW + limits.PINS_PER_PERSON.per, tick=False):
            later = self.enter(tablet, carl)

        assert set(wrong) == {422}
        assert locked.status_code == 429
        assert later.status_code == 302

    def test_is_tried_on_one_device_a_few_times_only(self, tablet, store, with_pin):
        people = [
            with_pin(StaffFactory(role=Role.STORE_STAFF, store=store)) for _ in range(5)
        ]
        with time_machine.travel(NOW, tick=False):
            answers = [
                self.enter(tablet, people[attempt % 5], "7392").status_code
                for attempt in range(limits.PINS_PER_DEVICE.amount)
            ]
            newcomer = with_pin(StaffFactory(role=Role.STORE_STAFF, store=store))
            locked = self.enter(tablet, newcomer)

        assert set(answers) == {422}
        assert locked.status_code == 429

    def test_right_ones_use_nothing_up(self, tablet, carl, with_pin):
        with_pin(carl)
        with time_machine.travel(NOW, tick=False):
            answers = [self.enter(tablet, carl).status_code for _ in range(30)]

        assert set(answers) == {302}


class TestTillGuard:
    def test_locks_after_a_quarter_of_an_hour_without_use(self, tablet, carl, with_pin):
        with_pin(carl)
        with time_machine.travel(NOW, tick=False) as clock:
            tablet.post(f"/till/staff/{carl.public_id}/", {"pin": PIN})
            for minutes in (14, 28, 42):
                clock.move_to(NOW + timedelta(minutes=minutes))
                assert tablet.get("/till/").status_code == 200
            clock.move_to(NOW + timedelta(minutes=57))
            assert tablet.get("/till/").url.startswith("/till/staff/")

    def test_locks_after_twelve_hours_however_busy(self, tablet, carl, with_pin):
        with_pin(carl)
        with time_machine.travel(NOW, tick=False) as clock:
            tablet.post(f"/till/staff/{carl.public_id}/", {"pin": PIN})
            for minutes in range(10, 720, 10):
                clock.move_to(NOW + timedelta(minutes=minutes))
                assert tablet.get("/till/").status_code == 200
            clock.move_to(NOW + timedelta(hours=12))
            assert tablet.get("/till/").status_code == 302

    def test_does_not_carry_over_to_another_device(self, till_client, other_store):
        elsewhere = DeviceFactory(store=other_store)
        till_client.cookies[DEVICE_COOKIE] = elsewhere.plain_key

        assert till_client.get("/till/").url.startswith("/till/staff/")

    def test_shuts_out_who_no_longer_works_there(self, till_client, carl):
        carl.roles.all().delete()

        assert till_client.get("/till/").url.startswith("/till/staff/")

    def test_shuts_out_who_was_deactivated(self, till_client, carl):
        carl.is_active = False
        carl.save()

        assert till_client.get("/till/").status_code == 302

    def test_gives_no_access_to_the_desk(self, till_client):
        answer = till_client.get("/styleguide/")

        assert answer.status_code == 302
        assert "/till/" not in answer.url

    def test_tells_htmx_where_to_go(self, tablet):
        answer = tablet.post(
            "/till/find/", {"number": "1"}, headers={"hx-request": "true"}
        )

        assert answer.status_code == 204
        assert answer.headers["HX-Redirect"] == "/till/staff/"


class TestLock:
    def test_ends_the_person_s_turn_and_notes_it(self, till_client, carl):
        assert till_client.post("/till/lock/").url == "/till/staff/"

        assert till_client.get("/till/").status_code == 302
        entry = AuditEntry.objects.get(action="till.signed_out")
        assert entry.actor_id == carl.public_id

    def test_is_not_done_by_a_link(self, till_client):
        assert till_client.get("/till/lock/").status_code == 405

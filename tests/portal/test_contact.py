"""Changing how one is reached, and taking it back."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client

from members.models import Event, Identifier
from messaging.models import Message
from portal import limits, services
from portal.models import ContactChange, LoginCode, Session
from portal.rules import Undo
from tests.factories.members import MemberFactory
from tests.factories.portal import proven, signed_in

pytestmark = pytest.mark.django_db

PHONE = "/me/details/phone/"
EMAIL = "/me/details/email/"
CODE = "/me/details/code/"
NEW = "+46701740699"


def change(client, last_code, *, address=PHONE, value=NEW):
    client.post(address, {"value": value})
    return client.post(CODE, {"code": last_code(value)})


def link_to(address):
    message = Message.objects.filter(address=address, kind__endswith="_changed").latest(
        "pk"
    )
    return re.search(r"/me/undo/[\w-]{22}/", message.body)[0]


class TestChange:
    def test_of_the_number_takes_a_code_to_the_new_one(self, as_vera, vera, last_code):
        assert as_vera.post(PHONE, {"value": "070-174 06 99"}).url == CODE

        done = as_vera.post(CODE, {"code": last_code(NEW)})

        assert done.url == "/me/details/"
        vera.refresh_from_db()
        assert vera.phone == NEW
        assert vera.phone_verified_at is not None
        assert Event.objects.filter(kind="member.contact_changed").count() == 1

    def test_of_the_address_takes_a_code_to_the_new_one(self, as_vera, vera, last_code):
        change(as_vera, last_code, address=EMAIL, value="vera.ny@example.se")

        vera.refresh_from_db()
        assert vera.email == "vera.ny@example.se"
        assert vera.email_verified_at is not None

    def test_adds_an_address_where_there_was_none(self, as_vera, vera, last_code):
        vera.email = ""
        vera.save()

        change(as_vera, last_code, address=EMAIL, value="vera.ny@example.se")

        vera.refresh_from_db()
        assert vera.email == "vera.ny@example.se"
        # The number was proven, so it is told.
        assert link_to(vera.phone)

    def test_holds_the_points_for_a_day(self, as_vera, vera, last_code, settings):
        now = datetime.now(UTC)
        with time_machine.travel(now, tick=False):
            change(as_vera, last_code)

        vera.refresh_from_db()
        assert vera.held_until == now + timedelta(hours=settings.CONTACT_HOLD_HOURS)
        as_vera.cookies["language"] = "en"
        assert "your points can be used from" in as_vera.get("/me/").content.decode()
        with time_machine.travel(now + timedelta(hours=25)):
            page = as_vera.get("/me/").content.decode()
        assert "your points can be used from" not in page

    def test_signs_every_other_device_out(self, as_vera, vera, last_code):
        other = signed_in(vera, now=datetime.now(UTC))

        change(as_vera, last_code)

        assert other.get("/me/").status_code == 302
        assert as_vera.get("/me/").status_code == 200

    def test_tells_the_old_number_and_the_proven_address(
        self, as_vera, vera, last_code
    ):
        proven(vera, "EMAIL")

        change(as_vera, last_code)

        told = Message.objects.filter(kind="phone_changed")
        assert {message.address for message in told} == {"+46701740605", vera.email}
        assert {message.state for message in told} == {"NEW"}

    def test_tells_an_old_address_that_was_never_proven(self, as_vera, vera, last_code):
        change(as_vera, last_code, address=EMAIL, value="vera.ny@example.se")

        told = Message.objects.filter(kind="email_changed")
        assert {message.address for message in told} == {
            "vera@example.se",
            "+46701740605",
        }

    def test_tells_the_old_number_also_when_it_had_its_fill_of_codes(
        self, as_vera, vera, last_code
    ):
        for _ in range(5):
            Client().post("/me/sign-in/", {"identifier": vera.phone})

        change(as_vera, last_code)

        told = Message.objects.get(kind="phone_changed", address="+46701740605")
        assert told.state == "NEW"

    def test_lets_the_old_number_find_nobody(self, as_vera, vera, last_code):
        change(as_vera, last_code)

        Client().post("/me/sign-in/", {"identifier": "+46701740605"})

        codes = Message.objects.filter(kind="login_code")
        assert not codes.filter(address="+46701740605").exists()

    @pytest.mark.parametrize(
        ("address", "typed"),
        [
            (PHONE, ""),
            (PHONE, "08-123 456"),
            (PHONE, "070-174 06 05"),
            (PHONE, "+354 611 1234"),
            (PHONE, "\x00"),
            (EMAIL, "vera"),
            (EMAIL, "VERA@example.se"),
            (EMAIL, "a" * 250 + "@example.se"),
        ],
    )
    def test_says_what_is_wrong(self, as_vera, vera, address, typed):
        answer = as_vera.post(address, {"value": typed})

        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert not LoginCode.objects.exists()

    def test_takes_no_wrong_code(self, as_vera, vera, last_code):
        as_vera.post(PHONE, {"value": NEW})
        wrong = f"{(int(last_code(NEW)) + 1) % 1_000_000:06d}"

        answer = as_vera.post(CODE, {"code": wrong})

        assert answer.status_code == 422
        assert "070-174 06 99" in answer.content.decode()
        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_is_tried_five_times_at_most(self, as_vera, vera, last_code):
        as_vera.post(PHONE, {"value": NEW})
        code = last_code(NEW)
        for _ in range(5):
            as_vera.post(CODE, {"code": f"{(int(code) + 1) % 1_000_000:06d}"})

        assert as_vera.post(CODE, {"code": code}).status_code == 422
        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_works_only_in_the_browser_that_asked(self, as_vera, vera, last_code):
        as_vera.post(PHONE, {"value": NEW})
        other = signed_in(vera, now=datetime.now(UTC))

        answer = other.post(CODE, {"code": last_code(NEW)})

        assert answer.url == "/me/details/"
        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_can_be_asked_for_ten_times_a_day(self, as_vera, vera, settings):
        settings.TRUSTED_PROXIES = 1
        answers = [
            as_vera.post(
                PHONE,
                {"value": f"+4670{1741 + step}605"},
                headers={"x-forwarded-for": f"192.0.2.{step}"},
            ).status_code
            for step in range(limits.CODES_PER_MEMBER.amount + 1)
        ]

        assert answers == [302] * limits.CODES_PER_MEMBER.amount + [429]


class TestChangeToAnotherMembers:
    """What belongs to somebody else looks the same, and gets nothing."""

    def test_number_gives_the_same_page(self, as_vera, vera, bo):
        def pages(number):
            asked = as_vera.post(PHONE, {"value": number})
            shown = as_vera.get(CODE)
            entered = as_vera.post(CODE, {"code": "000000"})
            return [
                (answer.status_code, self.without(answer, number))
                for answer in (asked, shown, entered)
            ]

        assert pages(bo.phone) == pages("+46701740699")

    def test_number_gets_no_message_and_no_code_that_works(
        self, as_vera, vera, bo, monkeypatch
    ):
        monkeypatch.setattr("portal.codes.new_code", lambda: "123456")
        as_vera.post(PHONE, {"value": bo.phone})

        assert as_vera.post(CODE, {"code": "123456"}).status_code == 422
        assert not Message.objects.exists()
        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_number_stays_theirs_when_they_were_faster(self, as_vera, vera, last_code):
        as_vera.post(PHONE, {"value": NEW})
        MemberFactory(programme=vera.programme, phone=NEW)

        answer = as_vera.post(CODE, {"code": last_code(NEW)})

        assert answer.status_code == 422
        assert as_vera.get("/me/").status_code == 200
        vera.refresh_from_db()
        assert (vera.phone, vera.held_until) == ("+46701740605", None)
        assert not Message.objects.filter(kind="phone_changed").exists()

    def without(self, answer, number):
        text = answer.content.decode().replace(f"070-174 06 {number[-2:]}", "NUMBER")
        # Django masks the token anew for each page.
        return "".join(part for part in text.split('"') if len(part) != 64)


class TestUndo:
    @pytest.fixture
    def link(self, as_vera, vera, last_code):
        proven(vera, "EMAIL")
        change(as_vera, last_code)
        return link_to("+46701740605")

    def test_changes_nothing_when_it_is_only_opened(self, link, vera):
        stranger = Client()

        for answer in [stranger.head(link), *(stranger.get(link) for _ in range(3))]:
            assert answer.status_code == 200

        vera.refresh_from_db()
        assert vera.phone == NEW

    def test_goes_back_without_a_sign_in(self, link, vera, as_vera):
        answer = Client().post(link)

        assert answer.url == "/me/undone/"
        assert Client().get(answer.url).status_code == 200
        vera.refresh_from_db()
        assert vera.phone == "+46701740605"
        assert vera.held_until is None
        assert ContactChange.objects.get().undone_at is not None

    def test_signs_everybody_out(self, link, vera, as_vera):
        Client().post(link)

        assert as_vera.get("/me/").status_code == 302
        assert not Session.objects.filter(ended_at=None).exists()

    def test_ends_codes_that_are_on_their_way(self, link, vera):
        thief = Client()
        thief.post("/me/sign-in/", {"identifier": NEW})
        assert LoginCode.objects.filter(used_at=None, replaced_at=None).exists()

        Client().post(link)

        assert not LoginCode.objects.filter(used_at=None, replaced_at=None).exists()

    def test_comes_from_every_notice(self, link, vera):
        assert Client().post(link_to(vera.email)).url == "/me/undone/"

    def test_works_once(self, link):
        Client().post(link)

        answer = Client().post(link)

        assert answer.status_code == 410
        assert "/me/" in answer.content.decode()

    @pytest.mark.parametrize(
        ("later", "status"),
        [
            (timedelta(hours=71, minutes=59), 302),
            (timedelta(hours=72), 410),
        ],
    )
    def test_works_for_three_days(self, link, vera, later, status):
        changed_at = ContactChange.objects.get().changed_at

        with time_machine.travel(changed_at + later, tick=False):
            assert Client().post(link).status_code == status

    @pytest.mark.parametrize("token", ["x" * 22, "short", "x" * 21 + "%00"])
    def test_helps_with_a_link_that_nobody_knows(self, programme, token):
        for answer in (
            Client().get(f"/me/undo/{token}/"),
            Client().post(f"/me/undo/{token}/"),
        ):
            assert answer.status_code == 404
            assert "<h1>" in answer.content.decode()

    def test_goes_back_over_a_second_change_by_the_same_thief(
        self, link, vera, last_code
    ):
        thief = signed_in(vera, now=datetime.now(UTC))
        thief.session_row.stepped_up_at = datetime.now(UTC)
        thief.session_row.save()
        change(thief, last_code, value="+46701740777")
        vera.refresh_from_db()
        assert vera.phone == "+46701740777"
        theirs = link_to(NEW)

        Client().post(link)

        vera.refresh_from_db()
        assert vera.phone == "+46701740605"
        assert Client().post(theirs).status_code == 410

    def test_says_when_nothing_is_left_to_take_back(self, link, vera):
        vera.phone = "+46701740888"
        vera.save()

        answer = Client().post(link)

        assert answer.status_code == 410
        vera.refresh_from_db()
        assert vera.phone == "+46701740888"

    def test_of_an_address_that_was_added_leaves_none(self, as_vera, vera, last_code):
        vera.email = ""
        vera.save()
        change(as_vera, last_code, address=EMAIL, value="thief@example.se")

        Client().post(link_to("+46701740605"))

        vera.refresh_from_db()
        assert vera.email == ""
        ended = Identifier.objects.get(kind="EMAIL", value="thief@example.se")
        assert ended.end == "UNDONE"

    def test_is_not_stored_as_it_is_sent(self, link):
        stored = bytes(ContactChange.objects.get().token_hash)

        assert link.split("/")[-2].encode() not in stored


@pytest.mark.django_db(transaction=True)
class TestUndoAtOnce:
    def test_takes_effect_once_from_two_taps(self, programme, vera, last_code):
        client = signed_in(vera, now=datetime.now(UTC))
        change(client, last_code)
        token = link_to("+46701740605").split("/")[-2]
        states, barrier = [], threading.Barrier(2)

        def tap():
            barrier.wait()
            states.append(services.undo_change(token=token, now=datetime.now(UTC)))
            connection.close()

        threads = [threading.Thread(target=tap) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(states) == sorted([Undo.OPEN, Undo.USED])
        assert Event.objects.filter(kind="member.contact_restored").count() == 1

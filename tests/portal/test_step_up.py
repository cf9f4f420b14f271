"""A fresh code before what a borrowed phone must not be enough for."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from messaging.models import Message
from portal import rules
from portal.cookies import SESSION_COOKIE, Flow
from portal.models import ContactChange, LoginCode, Session
from tests.factories.portal import proven, signed_in

pytestmark = pytest.mark.django_db

ASK = "/me/confirm/"
CODE = "/me/confirm/code/"
CHANGE = "/me/details/phone/"
GUARDED = ["/me/details/phone/", "/me/details/email/", "/me/details/code/"]


@pytest.fixture
def as_vera(vera):
    """Vera's browser, an hour after she entered her code."""
    return signed_in(vera, now=datetime.now(UTC), fresh=False)


def ask(client, channel="SMS", target=CHANGE):
    return client.post(ASK, {"channel": channel, "next": target})


def enter(client, code):
    return client.post(CODE, {"code": code})


class TestGuard:
    @pytest.mark.parametrize("address", GUARDED)
    def test_asks_for_a_code_and_comes_back(self, as_vera, last_code, vera, address):
        turned = as_vera.get(address)
        assert turned.status_code == 302
        assert turned.url.startswith(f"{ASK}?next=")

        as_vera.get(turned.url)
        ask(as_vera, target=address)

        assert enter(as_vera, last_code(vera.phone)).url == address

    def test_asks_before_the_club_is_left(self, as_vera, vera):
        assert as_vera.get("/me/leave/").status_code == 200

        assert as_vera.post("/me/leave/").url == f"{ASK}?next=%2Fme%2Fleave%2F"

        vera.refresh_from_db()
        assert vera.status == "ACTIVE"

    def test_keeps_what_was_typed(self, as_vera, vera, last_code):
        as_vera.post(CHANGE, {"value": "070-174 06 99"})
        ask(as_vera)

        back = as_vera.get(enter(as_vera, last_code(vera.phone)).url)

        assert 'value="070-174 06 99"' in back.content.decode()
        assert 'value="070-174 06 99"' not in as_vera.get(CHANGE).content.decode()

    def test_shows_what_was_typed_on_its_own_form_only(self, as_vera, vera, last_code):
        as_vera.post(CHANGE, {"value": "070-174 06 99"})
        ask(as_vera, target="/me/details/email/")
        enter(as_vera, last_code(vera.phone))

        assert "06 99" not in as_vera.get("/me/details/email/").content.decode()

    def test_lets_through_who_has_just_signed_in(self, vera):
        client = signed_in(vera, now=datetime.now(UTC))

        assert client.get(CHANGE).status_code == 200
        assert client.get(f"{ASK}?next={CHANGE}").url == CHANGE

    @pytest.mark.parametrize(
        ("later", "status"),
        [(timedelta(minutes=14, seconds=58), 200), (timedelta(minutes=15), 302)],
    )
    def test_lasts_a_quarter_of_an_hour(self, vera, later, status):
        now = datetime.now(UTC)
        client = signed_in(vera, now=now)

        with time_machine.travel(now + later, tick=False):
            assert client.get(CHANGE).status_code == status

    @pytest.mark.parametrize(
        "target", ["https://evil.example/me/", "//evil.example/me/", "/members/", "x"]
    )
    def test_leads_nowhere_else(self, as_vera, vera, last_code, target):
        ask(as_vera, target=target)

        assert enter(as_vera, last_code(vera.phone)).url == "/me/"


class TestStepUp:
    def test_gives_the_session_a_new_key(self, as_vera, vera, last_code):
        before = as_vera.cookies[SESSION_COOKIE].value
        ask(as_vera)

        enter(as_vera, last_code(vera.phone))

        after = as_vera.cookies[SESSION_COOKIE].value
        assert after != before
        assert Session.objects.count() == 1
        thief = Client()
        thief.cookies[SESSION_COOKIE] = before
        assert thief.get("/me/").status_code == 302

    def test_takes_no_wrong_code(self, as_vera, vera, last_code):
        ask(as_vera)
        wrong = f"{(int(last_code(vera.phone)) + 1) % 1_000_000:06d}"

        assert enter(as_vera, wrong).status_code == 422
        assert as_vera.get(CHANGE).status_code == 302

    def test_takes_no_code_that_was_sent_to_sign_in(self, as_vera, vera, last_code):
        ask(as_vera)
        kept = as_vera.cookies[Flow.STEP_UP.cookie].value
        elsewhere = Client()
        elsewhere.post("/me/sign-in/", {"identifier": vera.phone})
        as_vera.cookies[Flow.STEP_UP.cookie] = kept

        assert enter(as_vera, last_code(vera.phone)).status_code == 422

    def test_gives_no_code_to_sign_in_with(self, as_vera, vera, last_code):
        ask(as_vera)
        code = last_code(vera.phone)
        other = Client()
        other.cookies[Flow.SIGN_IN.cookie] = as_vera.cookies[Flow.STEP_UP.cookie].value

        assert other.post("/me/sign-in/code/", {"code": code}).url == "/me/sign-in/"

    def test_works_only_in_the_session_that_asked(self, as_vera, vera, last_code):
        ask(as_vera)
        code = last_code(vera.phone)
        other = signed_in(vera, now=datetime.now(UTC), fresh=False)
        other.cookies[Flow.STEP_UP.cookie] = as_vera.cookies[Flow.STEP_UP.cookie].value

        assert enter(other, code).url == ASK
        assert LoginCode.objects.get().used_at is None

    def test_says_in_the_message_what_the_code_is_for(self, as_vera, vera):
        ask(as_vera)

        message = Message.objects.get()
        assert message.kind == "step_up_code"
        assert message.address == vera.phone

    def test_sends_nothing_when_the_page_is_opened(self, as_vera):
        assert as_vera.get(ASK).status_code == 200
        assert as_vera.get(CODE).url == ASK

        assert not Message.objects.exists()


class TestChannels:
    def test_are_what_was_proven(self, as_vera, vera):
        page = as_vera.get(ASK).content.decode()

        assert 'value="SMS"' in page
        assert 'value="EMAIL"' not in page
        assert ask(as_vera, "EMAIL").status_code == 422
        assert not Message.objects.exists()

    def test_are_shown_masked(self, as_vera, vera):
        proven(vera, "EMAIL")

        page = as_vera.get(ASK).content.decode()

        assert "v•••@e•••.se" in page
        assert vera.email not in page
        assert "070-174 06 05" not in page

    def test_leave_out_a_number_that_was_silent_for_long(self, as_vera, vera):
        proven(vera, "EMAIL")
        proven(vera, "PHONE", days=366)

        page = as_vera.get(ASK).content.decode()

        assert 'value="EMAIL"' in page
        assert 'value="SMS"' not in page

    def test_leave_out_what_was_changed_a_moment_ago(self, as_vera, vera):
        proven(vera, "EMAIL")
        change_of(vera, "PHONE", hours=23)

        page = as_vera.get(ASK).content.decode()

        assert 'value="EMAIL"' in page
        assert 'value="SMS"' not in page
        assert ask(as_vera, "SMS").status_code == 422

    def test_are_none_until_the_hold_is_over_when_all_was_changed(
        self, as_vera, vera, settings
    ):
        as_vera.cookies["language"] = "en"
        change_of(vera, "PHONE", hours=23)

        page = as_vera.get(ASK).content.decode()
        assert "this has to wait until" in page
        assert "<button" not in page.split("</main>")[0].split("<main")[1]

        ContactChange.objects.update(
            changed_at=datetime.now(UTC) - timedelta(hours=24, seconds=1)
        )
        assert 'value="SMS"' in as_vera.get(ASK).content.decode()

    def test_do_not_vouch_for_who_signs_in_with_what_was_just_changed(self, vera):
        change_of(vera, "PHONE", hours=1)

        client = signed_in(vera, now=datetime.now(UTC))

        assert client.get("/me/").status_code == 200
        assert client.get(CHANGE).status_code == 302

    def test_stand_only_once_for_a_code_that_was_on_its_way(
        self, as_vera, vera, last_code
    ):
        ask(as_vera)
        code = last_code(vera.phone)
        change_of(vera, "PHONE", hours=0)

        assert enter(as_vera, code).status_code == 422


class TestRules:
    def test_need_a_code_at_all(self):
        assert not rules.is_stepped_up(None, now=datetime.now(UTC))


def change_of(member, kind, *, hours):
    at = datetime.now(UTC) - timedelta(hours=hours)
    return ContactChange.objects.create(
        member=member,
        kind=kind,
        old="",
        new=getattr(member, kind.lower()),
        token_hash=f"{kind}{hours}".encode(),
        changed_at=at,
        expires_at=at + rules.UNDO_LIFE,
    )

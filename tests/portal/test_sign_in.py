"""From a number to an open session, and what stands in the way of others."""

import time
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from common import even_time as views
from members.models import Event
from messaging.models import Message
from portal.cookies import SESSION_COOKIE, SIGN_IN_COOKIE
from portal.models import LoginCode, Session
from tests.factories.members import MemberFactory
from tests.factories.portal import proven

pytestmark = pytest.mark.django_db

SIGN_IN = "/me/sign-in/"
CODE = "/me/sign-in/code/"


def ask(browser, identifier, **extra):
    return browser.post(SIGN_IN, {"identifier": identifier}, **extra)


def enter(browser, code):
    return browser.post(CODE, {"code": code})


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


class TestSignIn:
    def test_lets_a_member_in_by_the_code_sent_to_the_number(
        self, browser, vera, last_code
    ):
        asked = ask(browser, "070-174 06 05")
        assert asked.status_code == 302
        assert asked.url == CODE

        entered = enter(browser, last_code("+46701740605"))

        assert entered.status_code == 302
        assert entered.url == reverse("portal:home")
        assert browser.get("/me/").status_code == 200
        session = Session.objects.get()
        assert session.member == vera
        assert session.device == "Chrome, Android"
        assert SESSION_COOKIE in browser.cookies
        assert browser.cookies[SESSION_COOKIE]["httponly"]
        assert browser.cookies[SESSION_COOKIE].value not in str(session.key_hash)

    def test_takes_a_code_with_a_space_in_it(self, browser, vera, last_code):
        ask(browser, vera.phone)
        code = last_code(vera.phone)

        assert enter(browser, f"{code[:3]} {code[3:]}").url == "/me/"

    def test_goes_back_to_the_page_that_was_asked_for(self, browser, vera, last_code):
        turned_away = browser.get("/me/receipts/")
        assert turned_away.url == f"{SIGN_IN}?next=%2Fme%2Freceipts%2F"
        browser.post(SIGN_IN, {"identifier": vera.phone, "next": "/me/receipts/"})

        assert enter(browser, last_code(vera.phone)).url == "/me/receipts/"

    @pytest.mark.parametrize(
        "target", ["https://evil.example/me/", "//evil.example/me/", "/settings/", "x"]
    )
    def test_goes_nowhere_else(self, browser, vera, last_code, target):
        browser.post(SIGN_IN, {"identifier": vera.phone, "next": target})

        assert enter(browser, last_code(vera.phone)).url == "/me/"

    def test_writes_it_into_the_timeline(self, browser, vera, last_code):
        ask(browser, vera.phone)
        enter(browser, last_code(vera.phone))

        assert Event.objects.get(kind="portal.signed_in").member == vera

    def test_proves_the_number(self, browser, vera, last_code):
        ask(browser, vera.phone)
        enter(browser, last_code(vera.phone))

        vera.refresh_from_db()
        assert vera.phone_verified_at is not None

    def test_takes_an_address_that_was_proven(self, browser, vera, last_code):
        vera.email_verified_at = datetime.now(UTC)
        vera.save()
        ask(browser, "Vera@Example.se")

        assert enter(browser, last_code("vera@example.se")).url == "/me/"

    def test_sends_nothing_to_an_address_that_nobody_has_proven(self, browser, vera):
        assert ask(browser, vera.email).url == CODE

        assert not Message.objects.exists()

    def test_speaks_the_member_s_language_from_then_on(self, browser, vera, last_code):
        vera.language = "en"
        vera.save()
        ask(browser, vera.phone)

        enter(browser, last_code(vera.phone))

        assert browser.cookies["language"].value == "en"

    def test_shows_no_sign_in_to_who_is_in(self, as_vera):
        assert as_vera.get(SIGN_IN).url == "/me/"

    @pytest.mark.parametrize(
        "typed",
        ["", "hej", "08-123 456", "vera@", "070", "@", "0701740605" * 5, "\x00", "🦊"],
    )
    def test_says_what_is_wrong_with_what_was_typed(self, browser, typed):
        answer = ask(browser, typed)

        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert not LoginCode.objects.exists()

    def test_is_kept_by_no_cache(self, browser, as_vera):
        for answer in (browser.get(SIGN_IN), as_vera.get("/me/")):
            assert answer.headers["Cache-Control"] == "no-store"


class TestCode:
    def test_is_stored_as_a_hash_only(self, browser, vera, last_code):
        ask(browser, vera.phone)
        row = LoginCode.objects.get()

        assert last_code(vera.phone).encode() not in bytes(row.code_hash)
        assert vera.phone.encode() not in bytes(row.identifier_index)

    def test_keeps_the_number_when_it_is_wrong(self, browser, vera, last_code):
        ask(browser, vera.phone)

        answer = enter(browser, wrong(last_code(vera.phone)))

        assert answer.status_code == 422
        assert "070-174 06 05" in answer.content.decode()
        assert not Session.objects.exists()
        assert enter(browser, last_code(vera.phone)).url == "/me/"

    def test_is_tried_five_times_at_most(self, browser, vera, last_code):
        ask(browser, vera.phone)
        code = last_code(vera.phone)
        for _ in range(5):
            enter(browser, wrong(code))

        assert enter(browser, code).status_code == 422
        assert LoginCode.objects.get().tries == 5

    def test_works_once(self, browser, vera, last_code):
        ask(browser, vera.phone)
        kept = browser.cookies[SIGN_IN_COOKIE].value
        code = last_code(vera.phone)
        enter(browser, code)
        thief = Client()
        thief.cookies[SIGN_IN_COOKIE] = kept

        assert enter(thief, code).status_code == 422
        assert Session.objects.count() == 1

    def test_works_for_five_minutes(self, vera, browser, last_code):
        start = datetime(2026, 11, 22, 12, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as clock:
            ask(browser, vera.phone)
            code = last_code(vera.phone)
            clock.move_to(start + timedelta(minutes=5))
            late = enter(browser, code)
            clock.move_to(start + timedelta(minutes=4, seconds=59))
            in_time = enter(browser, code)

        assert late.status_code == 422
        assert in_time.status_code == 302

    def test_ends_when_a_newer_one_is_sent(self, browser, vera, last_code):
        ask(browser, vera.phone)
        older = last_code(vera.phone)
        kept = browser.cookies[SIGN_IN_COOKIE].value
        ask(browser, vera.phone)
        first_tab = Client()
        first_tab.cookies[SIGN_IN_COOKIE] = kept

        assert enter(first_tab, older).status_code == 422
        assert enter(browser, last_code(vera.phone)).status_code == 302

    def test_works_only_in_the_browser_that_asked(self, browser, vera, last_code):
        ask(browser, vera.phone)
        code = last_code(vera.phone)
        thief = Client(REMOTE_ADDR="198.51.100.9")

        assert enter(thief, code).url == SIGN_IN
        # Also when the thief has begun a sign-in of their own for the same number.
        ask(thief, vera.phone)
        assert enter(thief, code).status_code == 422

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
    def test_counts_no_try_for_what_is_no_code(self, browser, vera, typed):
        ask(browser, vera.phone)

        assert enter(browser, typed).status_code == 422
        assert LoginCode.objects.get().tries == 0

    def test_needs_a_sign_in_under_way(self, browser):
        assert browser.get(CODE).url == SIGN_IN
        browser.cookies[SIGN_IN_COOKIE] = "made:up:value"
        assert enter(browser, "123456").url == SIGN_IN


class TestSignInOfStrangers:
    """Who is no member gets the same page, and no message."""

    def strangers(self, programme):
        MemberFactory(programme=programme, phone="+46701740611", left=True)
        MemberFactory(programme=programme, phone="+46701740612", blocked=True)
        return ["+46701740610", "+46701740611", "+46701740612", "nobody@example.se"]

    def test_looks_like_that_of_members(self, vera, programme):
        def pages(identifier):
            browser = Client()
            asked = ask(browser, identifier)
            shown = browser.get(CODE)
            entered = enter(browser, "123456")
            return (
                (asked.status_code, asked.headers.get("Location")),
                (shown.status_code, self.without_the_identifier(shown)),
                (entered.status_code, self.without_the_identifier(entered)),
            )

        known = pages("+46701740605")
        for identifier in self.strangers(programme)[:3]:
            assert pages(identifier) == known

    def test_sends_nothing(self, programme):
        for identifier in self.strangers(programme):
            ask(Client(), identifier)

        assert not Message.objects.exclude(address="+46701740611").exists()

    def test_leads_who_has_left_back_by_a_link(self, programme):
        self.strangers(programme)

        ask(Client(), "+46701740611")

        assert [message.kind for message in Message.objects.all()] == ["join_link"]

    def test_sends_no_link_back_to_a_number_that_was_silent_for_long(self, programme):
        gone = MemberFactory(programme=programme, phone="+46701740614", left=True)
        proven(gone, "PHONE", days=366)

        assert ask(Client(), gone.phone).url == CODE

        assert not Message.objects.exists()

    def test_never_opens_a_session(self, programme, monkeypatch):
        monkeypatch.setattr("portal.codes.new_code", lambda: "123456")
        for identifier in self.strangers(programme):
            browser = Client()
            ask(browser, identifier)

            assert enter(browser, "123456").status_code == 422
        assert not Session.objects.exists()

    def test_reminds_a_pending_member_of_the_link_instead(self, programme):
        MemberFactory(programme=programme, phone="+46701740613", pending=True)
        browser = Client()

        assert ask(browser, "+46701740613").url == CODE

        assert [message.kind for message in Message.objects.all()] == ["join_link"]

    def without_the_identifier(self, answer):
        text = answer.content.decode()
        for shown in ("05", "10", "11", "12"):
            text = text.replace(f"070-174 06 {shown}", "NUMBER")
        # Django masks the token anew for each page.
        return "".join(part for part in text.split('"') if len(part) != 64)


class TestEvenTime:
    def test_takes_as_long_for_a_stranger_as_for_a_member(
        self, vera, monkeypatch, settings
    ):
        monkeypatch.setattr(views, "ANSWER_AFTER_SECONDS", 0.25)
        settings.TRUSTED_PROXIES = 1

        def seconds(identifier):
            client = Client(headers={"x-forwarded-for": f"192.0.2.{len(taken)}"})
            started = time.perf_counter()
            ask(client, identifier)
            taken.append(time.perf_counter() - started)
            return taken[-1]

        taken: list[float] = []
        member = median(seconds(vera.phone) for _ in range(3))
        stranger = median(seconds("+46701749999") for _ in range(3))

        assert min(member, stranger) >= 0.25
        assert abs(member - stranger) < 0.05


class TestSession:
    def test_ends_when_the_member_signs_out(self, as_vera):
        answer = as_vera.post("/me/sign-out/")

        assert answer.url == SIGN_IN
        as_vera.cookies[SESSION_COOKIE] = "put back"
        assert as_vera.get("/me/").status_code == 302
        assert as_vera.session_row.__class__.objects.get().ended_at is not None

    def test_is_not_ended_by_a_link(self, as_vera):
        assert as_vera.get("/me/sign-out/").status_code == 405
        assert as_vera.get("/me/").status_code == 200

    @pytest.mark.parametrize(
        ("away", "is_open"),
        [
            (timedelta(days=29), True),
            (timedelta(days=30), False),
        ],
    )
    def test_ends_after_thirty_days_without_use(self, as_vera, away, is_open):
        with time_machine.travel(datetime.now(UTC) + away):
            assert (as_vera.get("/me/").status_code == 200) is is_open

    def test_ends_after_ninety_days_however_much_it_is_used(self, as_vera):
        start = datetime.now(UTC)
        for days in range(20, 90, 20):
            with time_machine.travel(start + timedelta(days=days)):
                assert as_vera.get("/me/").status_code == 200

        with time_machine.travel(start + timedelta(days=90)):
            assert as_vera.get("/me/").status_code == 302

    @pytest.mark.parametrize("status", ["LEFT", "BLOCKED", "PENDING"])
    def test_ends_with_the_membership(self, as_vera, vera, status):
        vera.status = status
        vera.save()

        assert as_vera.get("/me/").status_code == 302

    def test_is_told_to_htmx_as_an_address(self, browser):
        answer = browser.get("/me/card/qr/", headers={"hx-request": "true"})

        assert answer.status_code == 204
        assert answer.headers["HX-Redirect"] == SIGN_IN

    def test_writes_at_most_every_few_minutes(self, as_vera, django_assert_num_queries):
        as_vera.get("/me/card/qr/")

        with django_assert_num_queries(1):
            as_vera.get("/me/card/qr/")


class TestProveEmail:
    def test_lets_the_address_sign_in(self, as_vera, vera, last_code):
        assert (
            as_vera.post("/me/details/email/confirm/").url == "/me/details/email/code/"
        )

        done = as_vera.post(
            "/me/details/email/code/", {"code": last_code("vera@example.se")}
        )

        assert done.url == "/me/details/"
        vera.refresh_from_db()
        assert vera.email_verified_at is not None

    def test_takes_no_wrong_code(self, as_vera, vera, last_code):
        as_vera.post("/me/details/email/confirm/")

        answer = as_vera.post(
            "/me/details/email/code/", {"code": wrong(last_code("vera@example.se"))}
        )

        assert answer.status_code == 422
        vera.refresh_from_db()
        assert vera.email_verified_at is None

    def test_sends_nothing_for_a_proven_address(self, as_vera, vera):
        vera.email_verified_at = datetime.now(UTC)
        vera.save()

        assert as_vera.post("/me/details/email/confirm/").url == "/me/details/"
        assert not Message.objects.exists()

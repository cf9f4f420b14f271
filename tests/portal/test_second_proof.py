"""A number that was silent for a year: the member's still, or somebody else's."""

import pytest
from django.test import Client

from members.models import Identifier, Member
from messaging.models import Message
from portal import limits, services
from portal.models import Session
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory
from tests.factories.portal import proven

pytestmark = pytest.mark.django_db

SECOND = "/me/sign-in/second/"
SEND = "/me/sign-in/second/code/"
NEW = "/me/sign-in/new/"


@pytest.fixture
def vera(vera):
    """The member, who was last heard of a year and a day ago."""
    proven(vera, "PHONE", days=366)
    return vera


def sign_in(browser, vera, last_code):
    browser.post("/me/sign-in/", {"identifier": vera.phone})
    return browser.post("/me/sign-in/code/", {"code": last_code(vera.phone)})


class TestSignIn:
    def test_asks_for_more_after_a_year_of_silence(self, browser, vera, last_code):
        assert sign_in(browser, vera, last_code).url == SECOND

        assert not Session.objects.exists()
        assert browser.get("/me/").status_code == 302

    def test_does_not_after_a_year_less_a_day(self, browser, vera, last_code):
        proven(vera, "PHONE", days=364)

        assert sign_in(browser, vera, last_code).url == "/me/"

    def test_asks_whoever_shops_with_the_number_too(
        self, browser, vera, store, last_code, now
    ):
        buy(vera, store, line("649.00"), now=now)

        assert sign_in(browser, vera, last_code).url == SECOND

    def test_does_not_for_a_number_that_was_never_proven(
        self, browser, programme, last_code
    ):
        new = MemberFactory(programme=programme, phone="+46701740620")

        assert sign_in(browser, new, last_code).url == "/me/"

    def test_by_e_mail_asks_for_nothing_more(self, browser, vera, last_code):
        proven(vera, "EMAIL")
        browser.post("/me/sign-in/", {"identifier": vera.email})

        answer = browser.post("/me/sign-in/code/", {"code": last_code(vera.email)})

        assert answer.url == "/me/"

    def test_shows_nothing_of_the_member(self, browser, vera, last_code):
        proven(vera, "EMAIL")
        sign_in(browser, vera, last_code)
        browser.post(SEND)

        for address in (SECOND, f"{SECOND}?sent=1", NEW, "/me/sign-in/new/done/"):
            page = browser.get(address).content.decode()
            for secret in ("Vera", "Lindqvist", vera.email, "e•••", vera.number):
                assert secret not in page, address

    def test_needs_the_first_proof_in_the_same_browser(self, vera):
        for address in (SECOND, NEW):
            assert Client().get(address).url == "/me/sign-in/"
            assert Client().post(address).url == "/me/sign-in/"
        assert Client().post(SEND).url == "/me/sign-in/"


class TestProveByEmail:
    def test_signs_the_member_in(self, browser, vera, last_code):
        proven(vera, "EMAIL", days=500)
        sign_in(browser, vera, last_code)
        assert browser.post(SEND).url == f"{SECOND}?sent=1"

        answer = browser.post(SECOND, {"code": last_code(vera.email)})

        assert answer.url == "/me/"
        assert browser.get("/me/").status_code == 200

    def test_makes_the_number_good_again(self, browser, vera, last_code):
        proven(vera, "EMAIL")
        sign_in(browser, vera, last_code)
        browser.post(SEND)
        browser.post(SECOND, {"code": last_code(vera.email)})

        assert sign_in(Client(), vera, last_code).url == "/me/"

    def test_takes_no_wrong_code(self, browser, vera, last_code):
        proven(vera, "EMAIL")
        sign_in(browser, vera, last_code)
        browser.post(SEND)
        wrong = f"{(int(last_code(vera.email)) + 1) % 1_000_000:06d}"

        assert browser.post(SECOND, {"code": wrong}).status_code == 422
        assert not Session.objects.exists()

    def test_cannot_be_passed_by_the_number_on_the_card(
        self, browser, vera, last_code, now
    ):
        proven(vera, "EMAIL")
        sign_in(browser, vera, last_code)

        assert browser.post(SECOND, {"number": vera.number}).status_code == 422
        with pytest.raises(services.ProofRefused):
            services.prove_by_number(
                member=vera,
                phone=vera.phone,
                number=vera.number,
                address_block="192.0.2.1",
                device="",
                now=now,
            )

    def test_sends_nothing_to_an_address_that_nobody_has_proven(
        self, browser, vera, last_code
    ):
        sign_in(browser, vera, last_code)

        assert browser.post(SEND).url == SECOND

        assert not Message.objects.filter(channel="EMAIL").exists()


class TestProveByNumber:
    def test_signs_the_member_in(self, browser, vera, last_code):
        sign_in(browser, vera, last_code)
        number = vera.number

        answer = browser.post(
            SECOND, {"number": f"{number[:4]} {number[4:8]} {number[8:]}"}
        )

        assert answer.url == "/me/"
        assert browser.get("/me/").status_code == 200

    @pytest.mark.parametrize("typed", ["", "123", "402188371150", "x" * 12, "\x00"])
    def test_takes_no_other(self, browser, vera, last_code, typed):
        sign_in(browser, vera, last_code)

        assert browser.post(SECOND, {"number": typed}).status_code == 422
        assert not Session.objects.exists()

    def test_is_tried_five_times_a_day(self, browser, vera, last_code, settings):
        settings.TRUSTED_PROXIES = 1
        sign_in(browser, vera, last_code)
        answers = [
            browser.post(
                SECOND,
                {"number": number},
                headers={"x-forwarded-for": f"192.0.2.{step}"},
            ).status_code
            for step, number in enumerate(["402188371150"] * 5 + [vera.number])
        ]

        assert limits.NUMBERS_PER_MEMBER.amount == 5
        assert answers == [422] * 5 + [429]
        assert not Session.objects.exists()


class TestTakeNumberOver:
    def test_needs_more_than_a_look(self, browser, vera, last_code):
        sign_in(browser, vera, last_code)

        assert browser.get(NEW).status_code == 200

        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_begins_a_membership_of_their_own(self, browser, vera, last_code):
        sign_in(browser, vera, last_code)

        assert browser.post(NEW).url == "/me/sign-in/new/done/"

        vera.refresh_from_db()
        assert (vera.phone, vera.status) == ("", "ACTIVE")
        newcomer = Member.objects.get(phone="+46701740605")
        assert newcomer != vera
        assert (newcomer.status, newcomer.name) == ("PENDING", "")
        link = Message.objects.get(kind="join_link")
        assert (link.member, link.address) == (newcomer, "+46701740605")
        old = Identifier.objects.get(member=vera, kind="PHONE")
        assert old.end == "PASSED_ON"

    def test_tells_the_old_owner_by_a_proven_address(self, browser, vera, last_code):
        proven(vera, "EMAIL")
        sign_in(browser, vera, last_code)

        browser.post(NEW)

        told = Message.objects.get(kind="number_passed_on")
        assert (told.address, told.state) == (vera.email, "NEW")

    def test_tells_nobody_at_an_address_that_was_not_proven(
        self, browser, vera, last_code
    ):
        sign_in(browser, vera, last_code)

        browser.post(NEW)

        assert not Message.objects.filter(kind="number_passed_on").exists()

    def test_happens_once(self, browser, vera, last_code):
        sign_in(browser, vera, last_code)
        kept = browser.cookies["second-proof"].value
        browser.post(NEW)
        browser.cookies["second-proof"] = kept

        assert browser.post(NEW).url == "/me/sign-in/"
        assert Member.objects.filter(phone="+46701740605").count() == 1

    def test_is_refused_once_the_member_was_heard_of_again(
        self, browser, vera, last_code
    ):
        sign_in(browser, vera, last_code)
        proven(vera, "PHONE")

        assert browser.post(NEW).url == "/me/sign-in/"

        vera.refresh_from_db()
        assert vera.phone == "+46701740605"

    def test_keeps_the_old_owner_s_own_devices_signed_in(
        self, browser, vera, last_code
    ):
        proven(vera, "EMAIL")
        home = Client()
        home.post("/me/sign-in/", {"identifier": vera.email})
        home.post("/me/sign-in/code/", {"code": last_code(vera.email)})
        sign_in(browser, vera, last_code)

        browser.post(NEW)

        assert home.get("/me/").status_code == 200
        assert Session.objects.filter(ended_at=None).count() == 1

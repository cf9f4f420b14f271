"""What holds for sessions and their cookies (OWASP ASVS 5.0, chapter 7)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from members.models import Member
from members.services import leave
from portal import codes, services
from portal.cookies import SESSION_COOKIE
from portal.models import Session
from tests.factories.portal import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


class TestKey:
    def test_is_new_at_each_sign_in_whatever_the_browser_brings(self, vera, last_code):
        browser = Client()
        browser.cookies[SESSION_COOKIE] = "fixed by somebody else"
        browser.post("/me/sign-in/", {"identifier": vera.phone})
        browser.post("/me/sign-in/code/", {"code": last_code(vera.phone)})

        first = browser.cookies[SESSION_COOKIE].value
        assert first != "fixed by somebody else"
        again = signed_in(vera, now=NOW).cookies[SESSION_COOKIE].value
        assert again != first

    def test_has_256_bits_and_is_kept_as_a_hash(self, as_vera):
        key = as_vera.cookies[SESSION_COOKIE].value

        assert len(key) == 43
        assert bytes(Session.objects.get().key_hash) == codes.key_hash(key)

    @pytest.mark.parametrize("key", ["", "x", "0" * 43, "\x00", "é"])
    def test_of_nobody_opens_nothing(self, vera, key):
        browser = Client()
        browser.cookies[SESSION_COOKIE] = key

        assert browser.get("/me/").status_code == 302

    def test_is_told_in_no_address_and_on_no_page(self, as_vera):
        key = as_vera.cookies[SESSION_COOKIE].value

        for address in ("/me/", "/me/devices/", "/me/profile/"):
            answer = as_vera.get(address)
            assert key not in answer.content.decode()
            assert "no-store" in answer.headers["Cache-Control"]


class TestCookie:
    def test_is_out_of_reach_of_scripts_and_other_sites(self, vera, last_code):
        browser = Client()
        browser.post("/me/sign-in/", {"identifier": vera.phone})
        browser.post("/me/sign-in/code/", {"code": last_code(vera.phone)})

        cookie = browser.cookies[SESSION_COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""

    def test_goes_at_sign_out(self, as_vera):
        as_vera.post("/me/sign-out/")

        assert as_vera.cookies[SESSION_COOKIE].value == ""


class TestSession:
    @pytest.mark.parametrize("status", ["PENDING", "LEFT", "BLOCKED"])
    def test_is_over_when_the_membership_is(self, as_vera, vera, status):
        Member.objects.filter(pk=vera.pk).update(status=status)

        for address in ("/me/", "/me/card/qr/", "/me/details/"):
            assert as_vera.get(address).status_code == 302

    def test_is_over_after_leaving_by_another_way(self, as_vera, vera):
        leave(member=vera, now=datetime.now(UTC))

        assert as_vera.get("/me/").status_code == 302

    def test_ends_everywhere_but_here(self, as_vera, vera):
        others = [signed_in(vera, now=NOW) for _ in range(3)]

        ended = services.end_sessions(
            member=vera, but=as_vera.session_row, now=datetime.now(UTC)
        )

        assert ended == 3
        assert [other.get("/me/").status_code for other in others] == [302] * 3
        assert as_vera.get("/me/").status_code == 200

    def test_of_one_member_is_not_touched_by_another(self, as_vera, vera, bo):
        signed_in(bo, now=NOW).post("/me/devices/end/")

        assert as_vera.get("/me/").status_code == 200

    def test_cannot_be_forged_by_another_site(self, vera):
        browser = Client(enforce_csrf_checks=True)
        own = signed_in(vera, now=NOW)
        browser.cookies[SESSION_COOKIE] = own.cookies[SESSION_COOKIE].value

        for address in ("/me/leave/", "/me/devices/end/", "/me/card/lost/"):
            assert browser.post(address).status_code == 403
        vera.refresh_from_db()
        assert vera.status == "ACTIVE"

    def test_does_not_live_longer_for_having_been_confirmed(
        self, as_vera, vera, last_code
    ):
        Session.objects.update(stepped_up_at=NOW - timedelta(hours=1))
        expires_at = Session.objects.get().expires_at
        as_vera.post("/me/confirm/", {"channel": "SMS", "next": "/me/"})

        as_vera.post("/me/confirm/code/", {"code": last_code(vera.phone)})

        assert Session.objects.get().expires_at == expires_at

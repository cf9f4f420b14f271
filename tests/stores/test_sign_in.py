import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.stores import PASSWORD, StaffFactory

LOGIN = "/account/login/"


@pytest.fixture
def real(programme):
    """Somebody who is no demo account, with a second factor."""
    staff = StaffFactory(programme=programme, role=Role.OWNER, is_demo=False)
    staff.totp_secret = generate_totp_secret()
    TOTP.activate(staff, staff.totp_secret)
    return staff


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client, staff, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": staff.email, "password": password, **more})


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


class TestSignIn:
    def test_asks_for_the_code_and_opens_the_desk(self, real):
        client = Client()

        answer = sign_in(client, real)
        assert answer["Location"] == "/account/second-factor/code/"
        assert client.get("/").status_code == 302

        answer = client.post(answer["Location"], {"code": code_of(real.totp_secret)})
        assert answer["Location"] == "/"
        assert client.get("/").status_code == 200
        assert actions() == ["sign_in.done"]

    def test_refuses_a_wrong_code_and_says_so_in_the_trail(self, real):
        client = Client()
        sign_in(client, real)

        answer = client.post("/account/second-factor/code/", {"code": "000000"})

        assert answer.status_code == 200
        assert client.get("/").status_code == 302
        entry = AuditEntry.objects.get()
        assert entry.action == "sign_in.code_refused"
        assert entry.subject == f"staff:{real.public_id}"

    def test_takes_a_recovery_code_once(self, real, desk_client):
        browser = Client()
        browser.force_login(real)
        browser.post("/account/second-factor/recovery/new/")
        page = browser.get("/account/second-factor/recovery/").content.decode()
        code = re.search(r"<li>([\w-]{8,})</li>", page)[1]

        first, second = Client(), Client()
        sign_in(first, real)
        sign_in(second, real)
        first.post("/account/second-factor/code/", {"code": code})
        second.post("/account/second-factor/code/", {"code": code})

        assert first.get("/").status_code == 200
        assert second.get("/").status_code == 302

    def test_gives_the_session_a_new_key(self, olga):
        client = Client()
        client.get(LOGIN)
        session = client.session
        session["visited"] = True
        session.save()
        before = session.session_key
        client.cookies["session"] = before

        sign_in(client, olga)

        assert client.session.session_key != before

    def test_is_not_told_apart_for_unknown_addresses(self, olga):
        wrong = sign_in(Client(), olga, password="wrong-password-123")
        unknown = Client().post(
            LOGIN, {"login": "nobody@example.com", "password": "wrong-password-123"}
        )

        def errors(answer):
            return re.findall(
                r'class="errorlist.*?</ul>', answer.content.decode(), re.S
            )

        assert wrong.status_code == unknown.status_code
        assert errors(wrong) == errors(unknown)

    def test_keeps_typed_addresses_out_of_the_trail(self, olga):
        Client().post(LOGIN, {"login": "olga@example.com", "password": "wrong"})
        Client().post(LOGIN, {"login": "secret@example.com", "password": "wrong"})

        known, unknown = AuditEntry.objects.order_by("id")
        assert {known.action, unknown.action} == {"sign_in.refused"}
        assert known.subject == f"staff:{olga.public_id}"
        assert re.fullmatch("unknown:[0-9a-f]{16}", unknown.subject)
        assert "secret" not in f"{unknown.subject}{unknown.data}{unknown.reason}"

    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example/", "javascript:alert(1)"],
    )
    def test_leads_to_no_other_site(self, olga, target):
        answer = sign_in(Client(), olga, next=target)

        assert answer["Location"] == "/"

    def test_leads_back_to_the_page_that_was_asked_for(self, olga):
        client = Client()
        answer = client.get("/settings/staff/?role=OWNER")
        assert answer["Location"] == (
            "/account/login/?next=%2Fsettings%2Fstaff%2F%3Frole%3DOWNER"
        )

        answer = sign_in(client, olga, next="/settings/staff/?role=OWNER")

        assert answer["Location"] == "/settings/staff/?role=OWNER"

    def test_is_limited_per_address_typed(self, olga):
        for _ in range(5):
            sign_in(Client(), olga, password="wrong-password-123")

        answer = sign_in(Client(), olga)

        assert answer.status_code == 200
        assert "sign_in.done" not in actions()

    def test_is_limited_with_the_cache_in_the_database(self, olga, settings):
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "common_cache",
            }
        }
        caches["default"].clear()
        for _ in range(5):
            sign_in(Client(), olga, password="wrong-password-123")

        sign_in(Client(), olga)

        assert "sign_in.done" not in actions()

    def test_is_limited_per_network_address(self, programme):
        answers = [
            Client().post(LOGIN, {"login": f"{n}@example.com", "password": "wrong"})
            for n in range(31)
        ]

        assert answers[-1].status_code == 429

    def test_refuses_a_closed_account(self, olga, mia, now):
        mia.is_active = False
        mia.save()

        sign_in(Client(), mia)

        assert "sign_in.done" not in actions()

    def test_has_no_way_to_sign_up_or_reset_by_oneself(self, programme):
        for path in ("signup/", "password/reset/", "email/", "login/code/"):
            assert Client().get(f"/account/{path}").status_code == 404


class TestSignOut:
    def test_ends_the_session_by_post_alone(self, olga, desk_client):
        browser = desk_client(olga)

        assert browser.get("/account/logout/").status_code == 200
        assert browser.get("/").status_code == 200
        browser.post("/account/logout/")

        assert browser.get("/").status_code == 302
        assert actions() == ["sign_in.done", "sign_out.done"]


class TestSession:
    def test_ends_twelve_hours_after_the_sign_in_however_busy(
        self, olga, desk_client, time_machine
    ):
        start = datetime.now(UTC)
        time_machine.move_to(start)
        browser = desk_client(olga)

        for hour in (4, 8, 11):
            time_machine.move_to(start + timedelta(hours=hour))
            assert browser.get("/").status_code == 200
        time_machine.move_to(start + timedelta(hours=12, minutes=1))

        assert browser.get("/").status_code == 302

    def test_without_a_beginning_is_over(self, olga, desk_client):
        browser = desk_client(olga)
        session = browser.session
        del session["signed_in_at"]
        session.save()

        assert browser.get("/").status_code == 302

    def test_ends_elsewhere_when_the_password_changes(self, olga, desk_client):
        here, elsewhere = desk_client(olga), desk_client(olga)

        here.post(
            "/account/password/",
            {
                "oldpassword": PASSWORD,
                "password1": "havet glittrar i oktober",
                "password2": "havet glittrar i oktober",
            },
        )

        assert here.get("/").status_code == 200
        assert elsewhere.get("/").status_code == 302
        assert "password.changed" in actions()

    def test_is_kept_from_scripts(self, olga):
        client = Client()
        sign_in(client, olga)

        cookie = client.cookies["session"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


class TestSecondFactor:
    def test_is_set_up_before_anything_else(self, programme):
        staff = StaffFactory(programme=programme, role=Role.OWNER, is_demo=False)
        client = Client()
        sign_in(client, staff)

        for path in ("/", "/settings/staff/", "/settings/keys/add/", "/account/me/"):
            answer = client.get(path)
            assert answer["Location"] == "/account/second-factor/set-up/", path
        assert client.post("/settings/audit/check/").status_code == 302

    def test_is_set_up_by_scanning_and_typing(self, programme):
        staff = StaffFactory(programme=programme, role=Role.OWNER, is_demo=False)
        client = Client()
        sign_in(client, staff)

        page = client.get("/account/second-factor/set-up/").content.decode()
        secret = re.search(r'class="mono">([A-Z2-7]{32})<', page)[1]
        wrong = client.post("/account/second-factor/set-up/", {"code": "000000"})
        answer = client.post(
            "/account/second-factor/set-up/", {"code": code_of(secret)}
        )

        assert "<svg" in page
        assert wrong.status_code == 200
        assert answer["Location"] == "/account/second-factor/recovery/"
        assert client.get(answer["Location"]).status_code == 200
        assert client.get("/").status_code == 200
        kinds = set(Authenticator.objects.values_list("type", flat=True))
        assert kinds == {"totp", "recovery_codes"}

    def test_is_written_down_in_the_trail(
        self, programme, django_capture_on_commit_callbacks
    ):
        staff = StaffFactory(programme=programme, role=Role.OWNER, is_demo=False)
        client = Client()
        sign_in(client, staff)
        page = client.get("/account/second-factor/set-up/").content.decode()
        secret = re.search(r'class="mono">([A-Z2-7]{32})<', page)[1]

        with django_capture_on_commit_callbacks(execute=True):
            client.post("/account/second-factor/set-up/", {"code": code_of(secret)})
        client.post("/account/second-factor/remove/")

        found = actions()
        assert found.count("second_factor.added") == 2
        assert "second_factor.removed" in found

    def test_may_be_skipped_by_demo_accounts_while_the_setting_allows(
        self, olga, desk_client, settings
    ):
        assert desk_client(olga).get("/").status_code == 200

        settings.DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR = False

        answer = desk_client(olga).get("/")
        assert answer["Location"] == "/account/second-factor/set-up/"

    def test_cannot_be_skipped_in_production(self):
        program = [sys.executable, "-c", "import loyalty.settings"]
        environment = {
            **os.environ,
            "STAMKUND_ENV": "production",
            "SECRET_KEY": "Kx9#" * 4 + "abcdefghijklmnopqrstuvwxyz0123456789",
            "BLIND_INDEX_KEY": "Lm8!" * 4 + "abcdefghijklmnopqrstuvwxyz0123456789",
            "ALLOWED_HOSTS": "club.example",
            "DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR": "yes",
        }

        ran = subprocess.run(
            program, env=environment, capture_output=True, text=True, check=False
        )

        assert ran.returncode != 0
        assert "DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR must be off" in ran.stderr

    def test_asks_for_the_password_again_when_the_sign_in_is_old(
        self, real, time_machine
    ):
        start = datetime.now(UTC)
        time_machine.move_to(start)
        client = Client()
        client.force_login(real)
        remove = "/account/second-factor/remove/"
        assert client.get(remove).status_code == 200

        time_machine.move_to(start + timedelta(minutes=16))

        answer = client.get(remove)
        assert answer["Location"].startswith("/account/reauthenticate/")
        wrong = client.post(answer["Location"], {"password": "wrong"})
        right = client.post(answer["Location"], {"password": PASSWORD})
        assert wrong.status_code == 200
        assert right["Location"] == remove
        assert client.get(remove).status_code == 200

    def test_that_was_lost_is_reset_by_an_owner(self, olga, desk_client, mia):
        TOTP.activate(mia, generate_totp_secret())

        desk_client(olga).post(
            reverse("stores:staff-second-factor", args=[mia.public_id])
        )

        assert not Authenticator.objects.filter(user=mia).exists()
        assert "staff.second_factor_reset" in actions()


class TestAccountPages:
    @pytest.mark.parametrize(
        "path",
        [
            "/account/me/",
            "/account/me/pin/",
            "/account/password/",
            "/account/second-factor/",
            "/account/reauthenticate/",
        ],
    )
    def test_open(self, olga, desk_client, path):
        assert desk_client(olga).get(path).status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/account/second-factor/",
            "/account/second-factor/recovery/new/",
            "/account/second-factor/again/",
            "/account/second-factor/remove/",
        ],
    )
    def test_open_with_a_second_factor_too(self, real, path):
        client = Client()
        client.force_login(real)

        assert client.get(path).status_code == 200

    def test_let_a_person_choose_their_own_pin(self, carl, desk_client):
        browser = desk_client(carl)

        easy = browser.post("/account/me/pin/", {"pin": "1234", "again": "1234"})
        differ = browser.post("/account/me/pin/", {"pin": "7294", "again": "7295"})
        browser.post("/account/me/pin/", {"pin": "7294", "again": "7294"})

        assert (easy.status_code, differ.status_code) == (422, 422)
        carl.refresh_from_db()
        assert carl.pin_hash
        assert actions().count("pin.set") == 1

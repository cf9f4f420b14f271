"""Devices, cards, the timeline, one's own details, and leaving."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from members import services as members
from members.cards import display_number
from members.identity import add_identifier
from members.models import Event, Identifier
from portal.cookies import SESSION_COOKIE
from portal.models import Session
from tests.factories.club import buy, line, open_club
from tests.factories.portal import signed_in
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
DETAILS = {"first_name": "Vera", "last_name": "Ek", "language": "sv"}


@pytest.fixture(autouse=True)
def _open(programme):
    open_club(programme)


@pytest.fixture
def english(as_vera):
    as_vera.cookies["language"] = "en"
    return as_vera


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


class TestDevices:
    def test_are_listed_with_this_one_marked(self, english, vera):
        signed_in(vera, now=NOW - timedelta(days=2), device="Safari, iPhone")

        page = text(english, "/me/devices/")

        assert page.index("Chrome, Android") < page.index("Safari, iPhone")
        assert page.count("This device") == 1
        assert page.count('name="csrfmiddlewaretoken"') == 2

    def test_leave_out_those_that_are_over(self, english, vera):
        for device, at in (("Idle", timedelta(days=30)), ("Old", timedelta(days=90))):
            signed_in(vera, now=NOW - at, device=device)
        ended = signed_in(vera, now=NOW, device="Ended")
        ended.post("/me/sign-out/")

        page = text(english, "/me/devices/")

        assert not {"Idle", "Old", "Ended"} & set(page.replace("<", " ").split())

    def test_are_signed_out_one_by_one(self, as_vera, vera):
        other = signed_in(vera, now=NOW)

        answer = as_vera.post(f"/me/devices/{other.session_row.public_id}/end/")

        assert answer.url == "/me/devices/"
        assert other.get("/me/").status_code == 302
        assert as_vera.get("/me/").status_code == 200

    def test_are_signed_out_all_at_once(self, as_vera, vera):
        other = signed_in(vera, now=NOW)

        assert as_vera.post("/me/devices/end/").url == "/me/sign-in/"

        assert other.get("/me/").status_code == 302
        assert not Session.objects.filter(ended_at=None).exists()

    def test_of_others_are_not_found(self, as_vera, bo):
        bos = signed_in(bo, now=NOW)

        answer = as_vera.post(f"/me/devices/{bos.session_row.public_id}/end/")

        assert answer.status_code == 404
        assert bos.get("/me/").status_code == 200

    def test_signed_out_lead_to_the_sign_in_when_it_is_this_one(self, as_vera):
        own = as_vera.session_row.public_id

        assert as_vera.post(f"/me/devices/{own}/end/").url == "/me/sign-in/"
        assert as_vera.cookies[SESSION_COOKIE].value == ""

    def test_are_not_signed_out_by_a_link(self, as_vera):
        own = as_vera.session_row.public_id

        assert as_vera.get("/me/devices/end/").status_code == 405
        assert as_vera.get(f"/me/devices/{own}/end/").status_code == 405

    def test_are_read_with_few_queries(
        self, as_vera, vera, django_assert_max_num_queries
    ):
        for _ in range(20):
            signed_in(vera, now=NOW)

        with django_assert_max_num_queries(3):
            as_vera.get("/me/devices/")


class TestSessionsAfterComingBack:
    def test_are_not_those_of_before(self, as_vera, vera):
        with time_machine.travel(NOW + timedelta(hours=1), tick=False):
            members.leave(member=vera, now=datetime.now(UTC))
            assert as_vera.get("/me/").status_code == 302
            members.activate_member(
                member=vera,
                first_name="Vera",
                last_name="Ek",
                email="",
                language="sv",
                now=datetime.now(UTC),
            )

            assert as_vera.get("/me/").status_code == 302


class TestIdentifiers:
    def test_show_numbers_addresses_and_cards(self, english, vera):
        add_identifier(
            member=vera, kind="CARD", value="AB 12 34", proof="STAFF", now=NOW
        )
        add_identifier(
            member=vera,
            kind="EXTERNAL",
            value="customer-77",
            system="webshop",
            proof="SYSTEM",
            now=NOW,
        )

        page = text(english, "/me/identifiers/")

        for shown in (
            display_number(vera.number),
            "070-174 06 05",
            "vera@example.se",
            "AB1234",
            "customer-77",
            "webshop",
            "Not confirmed",
        ):
            assert shown in page

    def test_are_read_with_few_queries(
        self, as_vera, vera, django_assert_max_num_queries
    ):
        for number in range(10):
            add_identifier(
                member=vera, kind="CARD", value=f"C{number}", proof="STAFF", now=NOW
            )

        with django_assert_max_num_queries(4):
            as_vera.get("/me/identifiers/")


class TestLostCard:
    def test_is_blocked_only_when_confirmed(self, as_vera, vera):
        number = vera.number

        assert as_vera.get("/me/card/lost/").status_code == 200

        vera.refresh_from_db()
        assert vera.number == number

    def test_gives_a_new_number(self, english, vera):
        old = vera.number

        assert english.post("/me/card/lost/").url == "/me/identifiers/"

        vera.refresh_from_db()
        assert vera.number != old
        page = text(english, "/me/identifiers/")
        assert old in page
        assert "No longer in use" in page
        assert display_number(vera.number) in page

    def test_of_a_further_one_leaves_the_number(self, as_vera, vera):
        number = vera.number
        card = add_identifier(
            member=vera, kind="CARD", value="AB1234", proof="STAFF", now=NOW
        )

        as_vera.post(f"/me/card/lost/{card.public_id}/")

        card.refresh_from_db()
        vera.refresh_from_db()
        assert (card.end, vera.number) == ("LOST", number)

    def test_of_somebody_else_is_not_found(self, as_vera, bo):
        card = add_identifier(
            member=bo, kind="CARD", value="AB1234", proof="STAFF", now=NOW
        )
        address = f"/me/card/lost/{card.public_id}/"

        assert as_vera.get(address).status_code == 404
        assert as_vera.post(address).status_code == 404
        assert Identifier.objects.get(pk=card.pk).ended_at is None

    def test_is_no_number_or_address(self, as_vera, vera):
        phone = Identifier.objects.get(member=vera, kind="PHONE")

        answer = as_vera.post(f"/me/card/lost/{phone.public_id}/")

        assert answer.status_code == 404


class TestTimeline:
    def test_says_what_happened_in_words(self, english, vera, store):
        buy(vera, store, line("349.00"), now=NOW)

        page = text(english, "/me/timeline/")

        assert "Bought for 349 kr in Uppsala. 349 points earned." in page
        assert "Signed in on Chrome, Android." in page

    def test_goes_on_page_by_page_without_scripts(self, english, vera, store):
        for hours in range(25):
            buy(
                vera, store, line(f"{100 + hours}.00"), now=NOW - timedelta(hours=hours)
            )

        first = text(english, "/me/timeline/")
        older = first.split('href="?before=')[1].split('"')[0]
        second = text(english, f"/me/timeline/?before={older}")

        assert first.count("tl__e") == 20
        assert second.count("tl__e") == 6
        assert "Newest" in second

    @pytest.mark.parametrize("before", ["x", "0", "%00", "9" * 40])
    def test_has_no_page_before_nonsense(self, as_vera, before):
        assert as_vera.get(f"/me/timeline/?before={before}").status_code == 404

    def test_shows_nothing_of_others(self, as_vera, bo, store):
        buy(bo, store, line("777.00"), now=NOW)
        theirs = Event.objects.filter(member=bo).first().public_id

        assert "777" not in text(as_vera, "/me/timeline/")
        assert as_vera.get(f"/me/timeline/?before={theirs}").status_code == 404

    def test_is_read_with_few_queries(
        self, as_vera, vera, store, django_assert_max_num_queries
    ):
        for hours in range(25):
            buy(vera, store, line("10.00"), now=NOW - timedelta(hours=hours))

        with django_assert_max_num_queries(3):
            as_vera.get("/me/timeline/")


class TestDetails:
    def test_put_birthday_postcode_and_store_right(self, as_vera, vera, other_store):
        as_vera.post(
            "/me/details/",
            DETAILS
            | {
                "birthday_on": "1975-02-28",
                "postcode": " 222  22 ",
                "home_store": str(other_store.public_id),
            },
        )

        vera.refresh_from_db()
        assert vera.birthday_on == date(1975, 2, 28)
        assert vera.postcode == "222 22"
        assert vera.home_store == other_store

    def test_can_be_taken_away(self, as_vera, vera, store):
        vera.birthday_on, vera.postcode = date(1975, 2, 28), "222 22"
        vera.home_store = store
        vera.save()

        as_vera.post("/me/details/", DETAILS)

        vera.refresh_from_db()
        assert (vera.birthday_on, vera.postcode, vera.home_store) == (None, "", None)

    def test_are_filled_in_as_they_are(self, as_vera, vera, store):
        vera.birthday_on, vera.home_store = date(1975, 2, 28), store
        vera.save()

        page = text(as_vera, "/me/details/")

        assert 'value="1975-02-28"' in page
        assert f'value="{store.public_id}" selected' in page

    @pytest.mark.parametrize(
        "change",
        [
            {"birthday_on": "2999-01-01"},
            {"birthday_on": "yesterday"},
            {"postcode": "<b>"},
            {"postcode": "1" * 11},
            {"home_store": "nowhere"},
            {"home_store": "0192b5a0-0000-7000-8000-000000000000"},
        ],
    )
    def test_say_what_is_wrong_and_keep_the_rest(self, as_vera, vera, change):
        answer = as_vera.post("/me/details/", DETAILS | change)

        assert answer.status_code == 422
        assert 'value="Ek"' in answer.content.decode()
        vera.refresh_from_db()
        assert vera.last_name == "Lindqvist"

    def test_offer_open_stores_and_one_s_own(self, english, vera, programme):
        closed = StoreFactory(programme=programme, code="8", name="Kiruna")
        gone = StoreFactory(programme=programme, code="9", name="Falun")
        for each in (closed, gone):
            each.is_active = False
            each.save()
        vera.home_store = closed
        vera.save()

        page = text(english, "/me/details/")

        assert "Kiruna" in page
        assert "Falun" not in page


class TestLeave:
    def test_says_first_what_is_lost(self, english, vera, store):
        buy(vera, store, line("740.00"), now=NOW)

        page = text(english, "/me/leave/")

        assert "<b>740 points</b>, worth 74 kr" in page
        vera.refresh_from_db()
        assert vera.status == "ACTIVE"

    def test_says_so_when_there_is_nothing_to_lose(self, english):
        assert "no points to lose" in text(english, "/me/leave/")

    def test_ends_the_membership_and_every_session(self, as_vera, vera):
        other = signed_in(vera, now=NOW)

        answer = as_vera.post("/me/leave/")

        assert answer.url == "/me/left/"
        assert Client().get(answer.url).status_code == 200
        vera.refresh_from_db()
        assert vera.status == "LEFT"
        assert as_vera.get("/me/").status_code == 302
        assert other.get("/me/").status_code == 302
        assert not Session.objects.filter(ended_at=None).exists()


class TestApp:
    def test_can_be_kept_on_a_first_screen(self, client, programme):
        told = client.get("/me/manifest.webmanifest").json()

        assert told["display"] == "standalone"
        assert told["start_url"] == told["scope"] == "/me/"
        assert told["theme_color"] == programme.brand_color
        assert told["lang"] == "sv"
        assert {(icon["sizes"], icon["purpose"]) for icon in told["icons"]} == {
            (size, purpose)
            for size in ("192x192", "512x512")
            for purpose in ("any", "maskable")
        }
        for icon in told["icons"]:
            picture = client.get(icon["src"])
            assert picture.headers["Content-Type"] == "image/png"
            assert picture.content.startswith(b"\x89PNG")

    def test_has_icons_in_the_club_s_colour(self, client, programme):
        programme.brand_color = "#aa3311"
        programme.save()

        picture = client.get("/me/icon-192.png")

        assert bytes.fromhex("aa3311") in picture.content
        assert "no-store" not in picture.headers["Cache-Control"]

    @pytest.mark.parametrize("size", [0, 1, 193, 99999])
    def test_has_icons_of_two_sizes_only(self, client, programme, size):
        assert client.get(f"/me/icon-{size}.png").status_code == 404

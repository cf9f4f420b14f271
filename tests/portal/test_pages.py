"""What members see of themselves, and that they see nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from members.cards import display_number, read_token
from points.models import Entry
from points.services import post
from portal.models import Session
from tests.factories.club import buy, discount, line, open_club, returned
from tests.factories.portal import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _open(programme):
    open_club(programme)


@pytest.fixture
def english(as_vera):
    """Vera's browser, in English, so that tests can read."""
    as_vera.cookies["language"] = "en"
    return as_vera


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


class TestHome:
    def test_shows_points_and_what_they_are_worth(self, english, vera, store):
        buy(vera, store, line("740.00"), now=NOW)

        page = text(english, "/me/")

        assert "Hello Vera" in page
        assert '<div class="pass__p">740</div>' in page
        assert "worth 74 kr" in page
        assert "260 points left to your next 50 kr voucher" in page
        assert display_number(vera.number) in page

    def test_shows_the_latest_three_receipts(self, english, vera, store):
        for days in range(5):
            buy(vera, store, line(f"{100 + days}.00"), now=NOW - timedelta(days=days))

        page = text(english, "/me/")

        assert [f"{100 + days} kr" in page for days in range(5)] == [True] * 3 + [
            False,
            False,
        ]

    def test_welcomes_who_has_bought_nothing(self, english):
        page = text(english, "/me/")

        assert "No purchases yet" in page
        assert '<div class="pass__p">0</div>' in page

    def test_explains_a_balance_below_zero(self, english, vera, store):
        bought = buy(vera, store, line("500.00"), now=NOW)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-500,
            key="spend",
            at=NOW,
            now=NOW,
        )
        buy(vera, store, returned("500.00"), now=NOW, original=bought)

        page = text(english, "/me/")

        assert "\u2212500" in page or "-500" in page
        assert "you owe nothing" in page

    def test_tells_of_points_that_expire_soon(self, english, vera, store):
        # The rule lets them expire when the month 24 months later ends.
        buy(vera, store, line("180.00"), now=NOW - timedelta(days=24 * 30.4 - 10))

        page = text(english, "/me/")

        assert "180 points expire when" in page
        assert "worth 18 kr" in page

    def test_asks_the_database_a_few_times_only(
        self, english, vera, store, django_assert_max_num_queries
    ):
        for days in range(5):
            buy(vera, store, line("100.00"), now=NOW - timedelta(days=days))
        english.get("/me/")

        with django_assert_max_num_queries(24):
            english.get("/me/")


class TestCard:
    def test_holds_a_fresh_code_and_not_the_number(self, as_vera, vera):
        answer = as_vera.get("/me/card/")

        token = answer.context["token"]
        assert read_token(token, now=NOW) == vera.public_id
        assert vera.number not in token

    def test_changes_its_code_by_itself(self, as_vera):
        page = as_vera.get("/me/card/").content.decode()
        fragment = as_vera.get("/me/card/qr/")

        assert 'data-src="/me/card/qr/"' in page
        assert "<html" not in fragment.content.decode()
        assert fragment.context["token"] != as_vera.get("/me/card/qr/").context["token"]


class TestReceipts:
    def test_lists_twenty_a_page(self, english, vera, store):
        for number in range(23):
            buy(vera, store, line("10.00"), now=NOW - timedelta(hours=number))

        first, second = (text(english, f"/me/receipts/?page={page}") for page in (1, 2))

        assert "23 receipts" in first
        assert first.count("rows__w") == 20
        assert second.count("rows__w") == 3

    @pytest.mark.parametrize("page", ["0", "-1", "999", "x", "%00", "1e9"])
    def test_takes_any_page_number(self, english, vera, store, page):
        buy(vera, store, line("10.00"), now=NOW)

        assert "10 kr" in text(english, f"/me/receipts/?page={page}")

    def test_reads_a_page_with_few_queries(
        self, english, vera, store, django_assert_max_num_queries
    ):
        for number in range(10):
            buy(vera, store, line("10.00"), now=NOW - timedelta(hours=number))
        english.get("/me/receipts/")

        with django_assert_max_num_queries(8):
            english.get("/me/receipts/")


class TestReceipt:
    def test_shows_each_line_with_its_points_and_why(self, english, vera, store):
        receipt = buy(
            vera,
            store,
            line("349.00"),
            line("90.00", name="Cigaretter", article_group="Tobak"),
            line("50.00", name="Påse", awards_bonus=False),
            line("0.50", name="Snöre"),
            line("200.00", name="Mössa", discounts=(discount("100.00"),)),
            now=NOW,
        )

        page = text(english, f"/me/receipts/{receipt.public_id}/")

        assert "Vantar Lovikka" in page
        assert "+349 points" in page
        assert "No points for Tobak" in page
        assert "Gives no points" in page
        assert "Discount 100 kr" in page
        assert "689.50 kr" in page or "689,50 kr" in page
        assert "VAT 25 %" in page

    def test_ties_a_return_to_its_purchase(self, english, vera, store):
        bought = buy(vera, store, line("300.00"), line("100.00"), now=NOW)
        back = buy(vera, store, returned("100.00", number=2), now=NOW, original=bought)

        purchase = text(english, f"/me/receipts/{bought.public_id}/")
        refund = text(english, f"/me/receipts/{back.public_id}/")

        assert "Returned later" in purchase
        assert f"/me/receipts/{back.public_id}/" in purchase
        assert "You bought it here" in refund
        assert f"/me/receipts/{bought.public_id}/" in refund
        assert "\u2212100" in refund
        assert "taken back" in refund


class TestOwnDataOnly:
    def addresses(self, member, store):
        """Return every address of the portal that names something of a member's."""
        return [f"/me/receipts/{buy(member, store, line('10.00'), now=NOW).public_id}/"]

    def test_holds_for_every_id(self, vera, bo, store):
        vera_sees, bo_sees = (signed_in(member, now=NOW) for member in (vera, bo))
        of_vera, of_bo = (self.addresses(member, store) for member in (vera, bo))

        assert [vera_sees.get(a).status_code for a in of_vera] == [200] * len(of_vera)
        assert [vera_sees.get(a).status_code for a in of_bo] == [404] * len(of_bo)
        assert [bo_sees.get(a).status_code for a in of_vera] == [404] * len(of_vera)

    def test_holds_for_receipts_without_a_member(self, as_vera, vera, store):
        receipt = buy(vera, store, line("10.00"), now=NOW)
        receipt.__class__.objects.filter(pk=receipt.pk).update(member=None)

        assert as_vera.get(f"/me/receipts/{receipt.public_id}/").status_code == 404

    def test_leaves_out_a_return_that_somebody_else_made(
        self, english, vera, bo, store
    ):
        bought = buy(vera, store, line("300.00"), now=NOW)
        back = buy(bo, store, returned("300.00"), now=NOW, original=bought)

        page = text(english, f"/me/receipts/{bought.public_id}/")

        assert str(back.public_id) not in page

    def test_needs_a_sign_in_for_every_page(self, client, programme):
        for name in (
            "",
            "card/",
            "card/qr/",
            "receipts/",
            "choices/",
            "profile/",
            "details/",
            "help/",
        ):
            answer = client.get(f"/me/{name}")
            assert answer.status_code == 302, name
            assert answer.url.startswith("/me/sign-in/")


class TestDetails:
    def test_change_name_and_language(self, as_vera, vera):
        answer = as_vera.post(
            "/me/details/",
            {"first_name": " Vera  Maria ", "last_name": "Ek", "language": "da"},
        )

        assert answer.url == "/me/details/"
        vera.refresh_from_db()
        assert vera.name == "Vera Maria Ek"
        assert vera.language == "da"
        assert as_vera.cookies["language"].value == "da"

    @pytest.mark.parametrize(
        "change",
        [
            {"first_name": ""},
            {"last_name": "x" * 61},
            {"language": "xx"},
            {"first_name": "\x00"},
        ],
    )
    def test_say_what_is_wrong(self, as_vera, vera, change):
        fields = {"first_name": "Vera", "last_name": "Ek", "language": "sv"}

        answer = as_vera.post("/me/details/", fields | change)

        assert answer.status_code == 422
        vera.refresh_from_db()
        assert vera.last_name == "Lindqvist"

    def test_change_neither_number_nor_address(self, as_vera, vera):
        as_vera.post(
            "/me/details/",
            {
                "first_name": "Vera",
                "last_name": "Ek",
                "language": "sv",
                "phone": "+46701740699",
                "email": "other@example.se",
                "status": "BLOCKED",
            },
        )

        vera.refresh_from_db()
        assert (vera.phone, vera.email) == ("+46701740605", "vera@example.se")


class TestMe:
    def test_shows_name_and_number(self, english, vera):
        page = text(english, "/me/profile/")

        assert "Vera Lindqvist" in page
        assert display_number(vera.number) in page


class TestHelp:
    def test_tells_how_points_work(self, english):
        page = text(english, "/me/help/")

        assert "500 points" in page
        assert "50 kr" in page


class TestManifest:
    def test_starts_the_app_at_home(self, client, programme):
        answer = client.get("/me/manifest.webmanifest")

        assert answer.headers["Content-Type"] == "application/manifest+json"
        assert answer.json()["start_url"] == "/me/"


class TestEveryPage:
    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    def test_is_shown_in_every_language(self, as_vera, vera, store, language):
        receipt = buy(vera, store, line("10.00"), now=NOW)
        as_vera.cookies["language"] = language

        for name in ("", "card/", "receipts/", "choices/", "profile/", "details/"):
            assert f'lang="{language}"' in text(as_vera, f"/me/{name}")
        assert as_vera.get(f"/me/receipts/{receipt.public_id}/").status_code == 200

    def test_carries_no_script_or_style_of_its_own(self, as_vera):
        page = as_vera.get("/me/").content.decode()

        assert "style=" not in page
        assert "<script>" not in page
        assert Client().get("/me/sign-in/").content.decode().count("<script>") == 0
        assert Session.objects.count() == 1

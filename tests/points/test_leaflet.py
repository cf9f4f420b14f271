"""The programme on one page, for each who is told."""

import re
import zlib
from base64 import a85decode
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from points.programme import leaflet_pdf
from points.programme.leaflet import in_short, leaflet_of
from points.reading import dump
from points.terms import (
    Goods,
    Ladder,
    Multiplier,
    Terms,
    Tier,
    When,
)
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def published(programme):
    """Publish a version with coffee for Gold, a shop's own, and an old campaign."""
    StoreFactory(programme=programme, code="7", name="Torget")
    tiers = tuple(
        Tier(key, {"sv": name, "da": name, "en": name}, Decimal(needs))
        for key, name, needs in (("base", "Bas", 0), ("gold", "Guld", 9000))
    )
    terms = Terms(
        ladder=Ladder(tiers=tiers),
        multipliers=(
            Multiplier(
                "coffee", Decimal(2), When(goods=Goods(("Kaffe",)), tiers=("gold",))
            ),
            Multiplier("shop", Decimal(3), When(stores=("7",))),
            Multiplier("gone", Decimal(5), When(stores=("8",))),
            Multiplier("old", Decimal(4), When(ends_on=date(2026, 3, 13))),
        ),
    )
    return EarningRuleFactory(programme=programme, terms=dump(terms), published=True)


def text_of(pdf):
    """Return what a PDF of ours writes, from its compressed pages."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    pages = b"".join(
        zlib.decompress(a85decode(stream.strip(), adobe=False))
        if not stream.strip().endswith(b"~>")
        else zlib.decompress(a85decode(b"<~" + stream.strip(), adobe=True))
        for stream in streams
    )
    parts = re.findall(rb"\((.*?)(?<!\\)\) Tj", pages, re.DOTALL)
    text = b" ".join(parts).decode("cp1252")
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), text)


class TestLeaflet:
    def test_puts_what_is_in_force_under_headings(self, programme, published):
        with translation.override("en"):
            leaflet = leaflet_of(programme, now=NOW)

        by_key = {each.key: each.sentences for each in leaflet.sections}
        assert list(by_key) == [
            "earn",
            "worth",
            "vouchers",
            "levels",
            "lapse",
            "returns",
            "do",
        ]
        assert by_key["earn"][:3] == (
            "You get 1 point per krona.",
            "Double points on kaffe for Guld.",
            "Triple points in the store Torget.",
        )
        assert leaflet.version == published.version

    def test_leaves_out_campaigns_that_are_over_and_shops_that_are_gone(
        self, programme, published
    ):
        with translation.override("en"):
            sections = leaflet_of(programme, now=NOW).sections
            before = leaflet_of(programme, now=datetime(2026, 3, 13, tzinfo=UTC))

        said = " ".join(text for each in sections for text in each.sentences)
        assert "4 times" not in said
        assert "5 times" not in said
        assert "4 times" in " ".join(before.sections[0].sentences)

    def test_says_the_most_worth_knowing_in_short(self, programme, published):
        with translation.override("en"):
            said = [
                text.replace("\u00a0", " ") for text in in_short(programme, now=NOW)
            ]

        assert said == [
            "You get 1 point per krona.",
            "Double points on kaffe for Guld.",
            "Triple points in the store Torget.",
            "1 point is worth 10 öre.",
            "500 points become a 50 kr voucher.",
        ]

    def test_is_empty_without_a_programme_in_force(self, programme):
        assert leaflet_of(programme, now=NOW) is None
        assert in_short(programme, now=NOW) == []

    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    def test_is_one_page_to_print(self, programme, published, language):
        with translation.override(language):
            leaflet = leaflet_of(programme, now=NOW)
            pdf = leaflet_pdf.to_pdf(leaflet)

        assert pdf.startswith(b"%PDF-")
        assert pdf.count(b"/Type /Page\n") == 1
        written = text_of(pdf)
        for section in leaflet.sections:
            assert section.heading in written

    def test_stays_one_page_however_much_is_said(self, programme, published):
        many = tuple(
            Multiplier(f"m{number}", Decimal(2), When(goods=Goods((f"Vara {number}",))))
            for number in range(60)
        )
        EarningRuleFactory(
            programme=programme,
            terms=dump(Terms(multipliers=many)),
            starts_at=datetime(2026, 1, 1, tzinfo=UTC),
            published=True,
        )

        with translation.override("en"):
            pdf = leaflet_pdf.to_pdf(leaflet_of(programme, now=NOW))

        assert pdf.count(b"/Type /Page\n") == 1
        written = text_of(pdf)
        assert all(f"vara {number}." in written for number in range(60))


class TestPages:
    def test_explain_it_to_anybody_in_three_languages(
        self, client, programme, published
    ):
        for language in ("sv", "da", "en"):
            response = client.get(f"/join/how-it-works/{language}/")

            assert response.status_code == 200
            assert "Torget" in response.content.decode()
        assert client.get("/join/how-it-works/fi/").status_code == 404

    def test_have_nothing_to_explain_without_a_programme(self, client, programme):
        assert client.get("/join/how-it-works/sv/").status_code == 404

    def test_are_printed_at_the_desk(self, desk_client, olga, published):
        client = desk_client(olga)

        page = client.get("/points/programme/leaflet/?language=en")
        file = client.get("/points/programme/leaflet.pdf?language=en")

        assert "Triple points in the store Torget." in page.content.decode()
        assert file["Content-Type"] == "application/pdf"
        assert "Triple points in the store Torget." in text_of(file.content)

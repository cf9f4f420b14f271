"""Posters: who makes them, what they say, and files that printers take."""

import io
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
import segno
from django.urls import reverse
from django.utils import translation
from PIL import Image

from common.ui import brand
from enrolment import posters
from enrolment.posters import Paper
from enrolment.posters.layout import WIDTH, Code, Line, width_of, wrapped
from stores.models import Programme
from stores.roles import Role
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
LONG = "Kundklubben för alla som älskar fjäll, form och långa promenader i regn"


@pytest.fixture
def programme(programme, settings):
    settings.PUBLIC_URL = "https://klubb.example"
    EarningRuleFactory(programme=programme, published=True)
    return programme


def make(programme, store, language="sv", placement="entrance"):
    with translation.override(language):
        return posters.poster_for(
            programme=programme, store=store, placement=placement, now=NOW
        )


def lines(poster):
    return [shape for shape in posters.draw(poster) if isinstance(shape, Line)]


class TestContent:
    def test_opens_the_page_of_the_store_and_says_where_it_hangs(
        self, programme, store
    ):
        poster = make(programme, store)

        assert poster.url == "https://klubb.example/join/1/?poster=1&via=entrance"
        assert poster.address == "klubb.example/join/1"
        assert poster.place == f"{store.name} · entrance"

    def test_says_what_one_gets_in_the_words_of_the_rule(self, programme, store):
        poster = make(programme, store, "en")

        assert poster.gains == (
            "1 point per krona",
            "500 points become a 50\xa0kr voucher",
        )

    def test_promises_nothing_without_a_rule(self):
        store = StoreFactory()

        assert make(store.programme, store, "en").gains == ()


class TestDraw:
    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    @pytest.mark.parametrize("name", ["Fjäll & Form Klubb", LONG])
    def test_keeps_every_line_on_the_paper(self, programme, store, language, name):
        Programme.objects.update(name=name, company_name=f"{LONG} AB")
        programme.refresh_from_db()
        store.name = "Nordiska Kompaniets varuhus vid Hamngatan i Stockholm"

        for line in lines(make(programme, store, language, "x" * 40)):
            width = width_of(line.text, line.size, bold=line.is_bold)
            left = line.x - width / 2 if line.is_centered else line.x
            assert left >= 8, line.text
            assert left + width <= WIDTH - 8, line.text

    @pytest.mark.parametrize("color", ["#1d4a44", "#ffe600", "#000000", "#ffffff"])
    def test_can_be_read_on_any_colour(self, programme, store, color):
        programme.brand_color = color
        first = lines(make(programme, store))[0]

        assert brand.contrast(brand.read(first.fill), brand.read(color)) >= 4.5

    def test_leaves_the_code_its_quiet_zone(self, programme, store):
        (code,) = [
            shape
            for shape in posters.draw(make(programme, store))
            if isinstance(shape, Code)
        ]

        module = code.side / code.modules
        # In the middle of a white card of 104 mm.
        assert code.x - (WIDTH - 104) / 2 >= 4 * module - 0.01
        assert module >= 2

    def test_wraps_by_words(self):
        assert wrapped("ett två tre", 10, width_of("ett två", 10)) == ["ett två", "tre"]


class TestFiles:
    def test_svg_is_well_formed_and_escapes(self, programme, store):
        programme.name = "Fjäll & <Form>"
        shapes = posters.draw(make(programme, store))

        root = ElementTree.fromstring(  # noqa: S314 - our own
            posters.to_svg(shapes, title="A & B")
        )

        texts = [node.text for node in root.iter() if node.tag.endswith("text")]
        assert "Fjäll & <Form>" in texts
        assert root.attrib["viewBox"] == "0 0 210 297"
        assert "style=" not in posters.to_svg(shapes, title="")

    @pytest.mark.parametrize(
        ("paper", "size"), [(Paper.A4, (595.3, 841.9)), (Paper.A6, (297.6, 420.9))]
    )
    def test_pdf_is_one_page_of_the_paper(self, programme, store, paper, size):
        shapes = posters.draw(make(programme, store))

        body = posters.to_pdf(shapes, paper=paper, title="T", author="A")

        assert body.startswith(b"%PDF-")
        assert body.rstrip().endswith(b"%%EOF")
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", body)
        assert [round(float(side), 1) for side in box.groups()] == pytest.approx(
            size, abs=0.2
        )
        assert body.count(b"/Type /Page\n") == 1

    def test_code_is_drawn_as_it_should_be_read(self, programme, store):
        """The runs of the drawing, put on a grid, are the code of the address."""
        poster = make(programme, store)
        (code,) = [shape for shape in posters.draw(poster) if isinstance(shape, Code)]
        drawn = Image.new("1", (code.modules, code.modules), 1)
        for x, y, run in code.runs:
            for step in range(run):
                drawn.putpixel((x + step, y), 0)

        file = io.BytesIO()
        segno.make_qr(poster.url, error="m").save(file, kind="png", scale=1, border=0)
        expected = Image.open(file).convert("1")
        assert drawn.tobytes() == expected.tobytes()


class TestThePage:
    def url(self, store):
        return reverse("enrolment:poster", args=[store.public_id])

    def file(self, store, name):
        return reverse("enrolment:poster-file", args=[store.public_id, name])

    def test_shows_the_poster_and_its_files(self, desk_client, mia, programme, store):
        page = desk_client(mia).get(
            self.url(store), {"language": "da", "placement": "kasse 3"}
        )

        assert page.status_code == 200
        query = "?language=da&placement=kasse+3"
        assert page.context["files"]["svg"] == self.file(store, "svg") + query
        assert "kasse+3" in page.context["poster"].url

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("svg", "image/svg+xml"),
            ("a4", "application/pdf"),
            ("a6", "application/pdf"),
        ],
    )
    def test_gives_the_files(self, desk_client, mia, programme, store, name, kind):
        answer = desk_client(mia).get(
            self.file(store, name), {"placement": "kassa 3", "download": 1}
        )

        assert answer.status_code == 200
        assert answer["Content-Type"] == kind
        assert "kassa-3" in answer["Content-Disposition"]

    def test_gives_no_other_file(self, desk_client, mia, programme, store):
        assert desk_client(mia).get(self.file(store, "a0")).status_code == 404

    @pytest.mark.parametrize(
        "query", [{"language": "xx"}, {"placement": "x" * 500}, {"placement": "\x00"}]
    )
    def test_bears_any_choice(self, desk_client, mia, programme, store, query):
        client = desk_client(mia)

        assert client.get(self.url(store), query).status_code == 200
        assert client.get(self.file(store, "a4"), query).status_code == 200

    def test_is_for_the_manager_of_the_store_and_no_other(
        self, desk_client, programme, store, otto
    ):
        own = StaffFactory(programme=programme, role=Role.STORE_MANAGER, store=store)

        assert desk_client(own).get(self.url(store)).status_code == 200
        assert desk_client(otto).get(self.url(store)).status_code == 404
        assert desk_client(otto).get(self.file(store, "a4")).status_code == 404

import re

import pytest
from django.test import Client
from django.urls import reverse


class TestStyleguide:
    def test_shows_every_component_to_staff(self, desk_client, mia):
        page = desk_client(mia).get(reverse("common:styleguide")).text

        for mark in ("lp-chart", 'class="pass"', "lp-keypad", 'class="phone"', "kpis"):
            assert mark in page
        # What cotton or a tag left behind would stand in the page as it is.
        assert "<c-" not in page
        assert "{{" not in page

    def test_keeps_what_was_typed_in_the_form_with_errors(self, desk_client, mia):
        page = desk_client(mia).get(reverse("common:styleguide"), {"errors": 1}).text

        assert 'value="Åsa"' in page
        assert 'role="alert"' in page

    def test_is_closed_to_everybody_else(self, db):
        answer = Client().get(reverse("common:styleguide"))

        assert answer.status_code == 302

    def test_reports_how_far_a_job_is(self, desk_client, mia):
        client = desk_client(mia)
        fragment = client.get(
            reverse("common:styleguide-progress"), headers={"HX-Request": "true"}
        ).text

        assert "aria-valuenow" in fragment
        assert "<!doctype" not in fragment

    def test_pages_its_table(self, desk_client, mia):
        page = (
            desk_client(mia)
            .get(reverse("common:styleguide-table"), {"page": 2, "sort": "-points"})
            .text
        )

        assert "13–24" in page


class TestChooseTheme:
    def test_is_remembered_and_rendered_by_the_server(self, desk_client, mia):
        client = desk_client(mia)
        answer = client.post(
            reverse("common:theme"), {"theme": "dark", "next": "/styleguide/"}
        )
        page = client.get(reverse("common:styleguide")).text

        assert answer["Location"] == "/styleguide/"
        assert '<html lang="sv" data-theme="dark">' in page

    def test_follows_the_system_again(self, db):
        client = Client()
        client.post(reverse("common:theme"), {"theme": "dark"})
        client.post(reverse("common:theme"), {"theme": "auto"})

        assert client.cookies["theme"].value == ""

    @pytest.mark.parametrize("theme", ["", "pink", '"><script>'])
    def test_takes_no_other(self, db, theme):
        client = Client()
        client.post(reverse("common:theme"), {"theme": theme})

        assert client.cookies["theme"].value == ""

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example"])
    def test_leads_nowhere_else(self, db, target):
        answer = Client().post(
            reverse("common:theme"), {"theme": "dark", "next": target}
        )

        assert answer["Location"] == "/"

    def test_is_not_changed_by_a_link(self, db):
        assert Client().get(reverse("common:theme")).status_code == 405


class TestChooseLanguage:
    def test_speaks_it_from_then_on(self, desk_client, mia):
        client = desk_client(mia)
        client.post(reverse("common:language"), {"language": "en"})

        assert '<html lang="en"' in client.get(reverse("common:search")).text

    def test_keeps_to_the_languages_we_have(self, db):
        client = Client()
        client.post(reverse("common:language"), {"language": "xx"})

        assert "language" not in client.cookies


class TestBrandCss:
    def test_is_the_programmes_colour(self, programme):
        programme.brand_color = "#8a1c3c"
        programme.save()
        answer = Client().get(reverse("common:brand"))

        assert answer["Content-Type"].startswith("text/css")
        assert "--brand:light-dark(#8a1c3c," in answer.text

    def test_answers_before_there_is_a_programme(self, db):
        assert "--brand" in Client().get(reverse("common:brand")).text


class TestErrorPages:
    def test_404_leads_back_and_says_what_to_quote(self, programme):
        answer = Client().get("/no/such/page/")

        assert answer.status_code == 404
        assert 'href="/"' in answer.text
        assert answer["X-Request-ID"] in answer.text


class TestShell:
    def test_marks_up_one_main_and_a_way_past_the_menu(self, desk_client, mia):
        page = desk_client(mia).get(reverse("common:styleguide-table")).text

        assert page.count("<main") == 1
        assert page.count("<h1") == 1
        assert '<a class="skip" href="#main">' in page

    def test_carries_the_token_for_htmx(self, desk_client, mia):
        page = desk_client(mia).get(reverse("common:styleguide-table")).text

        assert re.search(r"hx-headers='\{\"X-CSRFToken\": \"\w{20,}\"\}'", page)

    def test_obeys_its_own_policy(self, desk_client, mia):
        answer = desk_client(mia).get(reverse("common:styleguide"))

        assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
        assert not re.search(r"\sstyle=\"|<script(?![^>]*src=)|\son\w+=\"", answer.text)

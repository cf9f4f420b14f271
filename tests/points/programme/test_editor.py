"""The editor: what is typed is kept, faults stand at their fields, roles hold."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from points.models import EarningRule
from points.programme import drafts, panels
from points.programme.drafts import content_of
from points.terms import Goods
from stores.roles import Role
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory
from tests.points.programme.versions import TERMS

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(programme, mia, now, in_force):
    return drafts.create_draft(programme=programme, staff=mia, now=now)


@pytest.fixture
def full(draft, mia, now, programme, store):
    """Give a draft with something in every part of it."""
    content = replace(content_of(draft), terms=TERMS)
    return drafts.change_draft(draft=draft, content=content, staff=mia, now=now)


def url(name, row, *more):
    return reverse(f"points:{name}", args=[row.public_id, *more])


def typed(page):
    """Return what a browser would send of a page's form, as it stands there."""
    html = page.content.decode()
    form = html[html.index('id="draft-form"') :]
    form = form[: form.index("</form>")]
    data = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)[1]
        value = re.search(r'value="([^"]*)"', tag)
        if kind in {"checkbox", "radio"} and " checked" not in tag:
            continue
        if name:
            empty = "on" if kind == "checkbox" else ""
            data.setdefault(name[1], []).append(value[1] if value else empty)
    for name, body in re.findall(
        r'<select name="([^"]*)"[^>]*>(.*?)</select>', form, re.S
    ):
        found = re.search(r'value="([^"]*)" selected', body)
        data[name] = [found[1] if found else ""]
    for name, body in re.findall(
        r'<textarea name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S
    ):
        data[name] = [body.strip()]
    return data


class TestDraftEdit:
    def test_saves_again_what_it_shows(self, desk, full):
        before = content_of(full)
        data = typed(desk.get(url("draft-edit", full)))

        answer = desk.post(url("draft-edit", full), {**data, "do": "save"})

        assert answer.status_code == 302
        full.refresh_from_db()
        assert content_of(full) == before

    def test_keeps_what_was_typed_when_something_cannot_be_read(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))
        data |= {"points_per_unit": "många", "title": "Vår 2027"}

        page = desk.post(url("draft-edit", draft), {**data, "do": "save"})

        assert page.status_code == 422
        assert 'value="många"' in page.content.decode()
        assert 'value="Vår 2027"' in page.content.decode()
        draft.refresh_from_db()
        assert draft.title == ""

    def test_reads_a_comma_as_people_write_it(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))

        desk.post(url("draft-edit", draft), {**data, "points_per_unit": "1,5"})

        draft.refresh_from_db()
        assert str(draft.points_per_unit) == "1.5000"

    def test_saves_what_is_not_right_and_says_so_at_its_field(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))

        answer = desk.post(url("draft-edit", draft), {**data, "pending_days": "999"})
        page = desk.get(answer["Location"]).content.decode()

        assert answer.status_code == 302
        field = page[page.index('id="id_pending_days"') :][:600]
        assert 'class="errorlist"' in field

    @pytest.mark.parametrize("part", ["actions", "steps", "tiers", "currencies"])
    def test_gives_one_more_row_and_saves_nothing(self, desk, draft, part):
        data = typed(desk.get(url("draft-edit", draft)))
        rows = int(data[f"{part}-TOTAL_FORMS"][0])

        page = desk.post(
            url("draft-edit", draft),
            {**data, "title": "Ny", "has_ladder": "on", "do": f"add:{part}"},
        )

        assert page.status_code == 200
        again = typed(page)
        assert again[f"{part}-TOTAL_FORMS"] == [str(rows + 1)]
        assert again["title"] == ["Ny"]
        draft.refresh_from_db()
        assert draft.title == ""
        # Left as it is, the new row says nothing and is not saved.
        saved = desk.post(url("draft-edit", draft), {**again, "do": "save"})
        assert saved.status_code == 302
        draft.refresh_from_db()
        terms = content_of(draft).terms
        assert terms.actions == ()
        assert terms.currencies == {}
        assert terms.vouchers.steps == ()
        assert terms.ladder is None or terms.ladder.tiers == ()

    def test_removes_a_row_that_is_ticked(self, desk, full):
        data = typed(desk.get(url("draft-edit", full)))

        desk.post(
            url("draft-edit", full),
            {**data, "tiers-1-DELETE": "on", "currencies-0-DELETE": "on"},
        )

        full.refresh_from_db()
        terms = content_of(full).terms
        assert [tier.key for tier in terms.ladder.tiers] == ["brons", "guld"]
        assert terms.currencies == {}

    def test_keeps_at_least_one_step(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))

        page = desk.post(url("draft-edit", draft), {**data, "steps-0-DELETE": "on"})

        assert page.status_code == 422

    def test_works_out_the_worth_of_a_point_from_the_first_step(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))
        data |= {"steps-0-points": "300", "steps-0-value": "20", "point_value": ""}

        desk.post(url("draft-edit", draft), data)

        draft.refresh_from_db()
        assert str(draft.point_value) == "0.0667"
        assert draft.reward_points == 300
        assert drafts.faults_of(draft, content_of(draft)) == []

    def test_removes_a_multiplier(self, desk, full):
        data = typed(desk.get(url("draft-edit", full)))

        desk.post(url("draft-edit", full), {**data, "do": "remove:kaffe"})

        full.refresh_from_db()
        assert [each.key for each in content_of(full).terms.multipliers] == ["kvall"]

    @pytest.mark.parametrize(
        ("do", "leads_to"),
        [
            ("multiplier:", "multiplier-add"),
            ("basket", "basket"),
            ("publish", "draft-publish"),
        ],
        ids=["multiplier", "basket", "publish"],
    )
    def test_saves_before_it_goes_on(self, desk, draft, do, leads_to):
        data = typed(desk.get(url("draft-edit", draft)))

        answer = desk.post(url("draft-edit", draft), {**data, "title": "A", "do": do})

        assert answer["Location"] == url(leads_to, draft)
        draft.refresh_from_db()
        assert draft.title == "A"

    def test_does_not_write_over_what_somebody_else_saved(
        self, desk, draft, olga, desk_client
    ):
        mine = typed(desk.get(url("draft-edit", draft)))
        theirs = desk_client(olga)
        data = typed(theirs.get(url("draft-edit", draft)))
        theirs.post(url("draft-edit", draft), {**data, "title": "Olgas"})

        page = desk.post(url("draft-edit", draft), {**mine, "title": "Mias"})

        assert page.status_code == 422
        assert olga.name in page.content.decode()
        assert 'value="Mias"' in page.content.decode()
        draft.refresh_from_db()
        assert draft.title == "Olgas"

    def test_leads_from_a_published_version_to_its_page(self, desk, in_force):
        answer = desk.get(url("draft-edit", in_force))

        assert answer["Location"] == url("version-detail", in_force)

    def test_has_a_place_for_panels_of_other_rooms(self, desk, draft, monkeypatch):
        monkeypatch.setattr(panels, "_panels", {})
        panels.register("Effekt", "points:version-detail", 1)
        panels.register("Saknas", "points:nowhere", 2)

        page = desk.get(url("draft-edit", draft)).content.decode()

        assert f'hx-get="{url("version-detail", draft)}"' in page
        assert "Saknas" not in page

    def test_asks_few_questions_however_many_multipliers(
        self, desk, full, mia, now, django_assert_max_num_queries
    ):
        content = content_of(full)
        first = content.terms.multipliers[0]
        many = tuple(replace(first, key=f"nr-{number}") for number in range(12))
        drafts.change_draft(
            draft=full,
            content=replace(content, terms=replace(content.terms, multipliers=many)),
            staff=mia,
            now=now,
        )
        desk.get(url("draft-edit", full))

        with django_assert_max_num_queries(30):
            desk.get(url("draft-edit", full))


class TestLanguages:
    """The one that the desk speaks comes first, and is the one that is open."""

    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    @pytest.mark.parametrize("name", ["draft-edit", "draft-publish", "version-detail"])
    def test_begin_with_the_desks_own(self, desk, draft, in_force, language, name):
        desk.cookies["language"] = language
        row = in_force if name == "version-detail" else draft

        html = desk.get(url(name, row)).content.decode()

        tabs = re.findall(r'<input type="radio" class="tab-(\w\w)"[^>]*>', html)
        chosen = re.findall(r'class="tab-(\w\w)"[^>]* checked', html)
        assert (tabs[0], chosen) == (language, [language])
        assert sorted(tabs) == ["da", "en", "sv"]


class TestDraftSay:
    def test_says_what_is_typed_in_three_languages_and_saves_nothing(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))

        said = desk.post(
            url("draft-say", draft), {**data, "points_per_unit": "3"}
        ).content.decode()

        assert "<html" not in said
        for language in ("sv", "da", "en"):
            assert f'lang="{language}"' in said
        assert "You get 3 points per krona." in said
        assert "LIX" in said
        draft.refresh_from_db()
        assert draft.points_per_unit == 1

    def test_says_what_was_saved_while_something_cannot_be_read(self, desk, draft):
        data = typed(desk.get(url("draft-edit", draft)))

        said = desk.post(
            url("draft-say", draft), {**data, "points_per_unit": "x"}
        ).content.decode()

        assert 'href="#id_points_per_unit"' in said
        assert "You get 1 point per krona." in said


class TestMultiplierEdit:
    ASKED = {
        "factor": "2",
        "goods": ["categories:Kaffe"],
        "weekdays": ["6", "7"],
        "birthday": "",
        "do": "save",
    }

    def test_adds_one_with_a_key_that_says_something(self, desk, draft, coffee):
        answer = desk.post(url("multiplier-add", draft), self.ASKED)

        assert answer.status_code == 302
        draft.refresh_from_db()
        (made,) = content_of(draft).terms.multipliers
        assert made.key == "kaffe"
        assert made.when.goods == Goods(categories=("Kaffe",))
        assert made.when.weekdays == (6, 7)

    def test_gives_the_second_another_key(self, desk, draft, coffee):
        desk.post(url("multiplier-add", draft), self.ASKED)
        desk.post(url("multiplier-add", draft), self.ASKED)

        draft.refresh_from_db()
        keys = [each.key for each in content_of(draft).terms.multipliers]
        assert keys == ["kaffe", "kaffe-2"]

    def test_changes_one_in_its_place(self, desk, full):
        page = desk.get(url("multiplier-edit", full, "kaffe")).content.decode()
        assert 'value="categories:Kaffe" checked' in page

        desk.post(url("multiplier-edit", full, "kaffe"), {**self.ASKED, "factor": "3"})

        full.refresh_from_db()
        found = content_of(full).terms.multipliers
        assert [(each.key, each.factor) for each in found] == [
            ("kaffe", 3),
            ("kvall", 3),
        ]

    def test_keeps_what_was_typed_and_says_what_is_wrong(self, desk, draft, coffee):
        page = desk.post(url("multiplier-add", draft), {**self.ASKED, "factor": "40"})

        html = page.content.decode()
        assert page.status_code == 422
        assert 'value="40"' in html
        assert 'value="categories:Kaffe" checked' in html
        assert 'href="#id_factor"' in html
        draft.refresh_from_db()
        assert content_of(draft).terms.multipliers == ()

    def test_asks_for_both_hours(self, desk, draft):
        page = desk.post(
            url("multiplier-add", draft), {**self.ASKED, "from_hour": "18:00"}
        )

        assert page.status_code == 422
        assert 'href="#id_to_hour"' in page.content.decode()

    def test_finds_goods_without_scripts_and_keeps_the_rest(self, desk, draft, coffee):
        page = desk.post(
            url("multiplier-add", draft),
            {"factor": "4", "goods": ["brands:Fjäll"], "q": "kaff", "do": "search"},
        ).content.decode()

        assert 'value="categories:Kaffe">' in page
        assert 'value="brands:Fjäll" checked' in page
        assert 'value="4"' in page

    def test_is_nowhere_for_a_key_that_is_not_there(self, desk, draft):
        assert desk.get(url("multiplier-edit", draft, "nix")).status_code == 404

    def test_is_said_in_three_languages_as_it_is_typed(self, desk, draft, coffee):
        said = desk.post(url("multiplier-say", draft), self.ASKED).content.decode()

        assert "<html" not in said
        assert re.findall(r'lang="(\w\w)"', said) == ["en", "sv", "da"]
        assert "Double points on kaffe at weekends." in said

    def test_says_why_it_cannot_be_said(self, desk, draft):
        said = desk.post(
            url("multiplier-say", draft), {**self.ASKED, "factor": "1"}
        ).content.decode()

        assert "Once the points changes nothing." in said


class TestGoodsPanel:
    def address(self, q):
        return f"{reverse('points:goods-panel')}?in=goods&q={q}"

    def test_finds_by_a_part_of_the_name(self, desk, coffee):
        part = desk.get(
            self.address("kaff"), headers={"HX-Request": "true"}
        ).content.decode()

        assert "<html" not in part
        assert 'value="categories:Kaffe"' in part
        assert 'value="skus:7310"' in part

    def test_is_a_page_of_its_own_too(self, desk, coffee):
        assert "<html" in desk.get(self.address("kaff")).content.decode()

    def test_keeps_what_is_ticked(self, desk, coffee):
        part = desk.get(
            self.address("fjä") + "&goods=categories:Kaffe",
            headers={"HX-Request": "true"},
        ).content.decode()

        assert 'value="categories:Kaffe" checked' in part
        assert 'value="brands:Fjäll">' in part

    def test_shows_nothing_of_another_club(self, desk, coffee):
        coffee.programme = ProgrammeFactory()
        coffee.save()

        part = desk.get(self.address("kaff")).content.decode()

        assert "categories:Kaffe" not in part


class TestOverview:
    def test_says_what_holds(self, desk, in_force):
        page = desk.get(reverse("points:programme")).content.decode()

        assert "You get 1 point per krona." in page
        assert "1 point is worth 10" in page

    def test_stands_without_any_version(self, desk, programme):
        page = desk.get(reverse("points:programme"))

        assert page.status_code == 200

    def test_counts_in_a_panel(self, desk, in_force):
        address = reverse("points:programme-figures-panel")

        assert "<html" in desk.get(address).content.decode()
        part = desk.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part

    def test_asks_few_questions_however_many_versions(
        self, desk, programme, mia, now, in_force, django_assert_max_num_queries
    ):
        for _time in range(8):
            drafts.create_draft(programme=programme, staff=mia, now=now)

        with django_assert_max_num_queries(16):
            desk.get(reverse("points:programme"))

    def test_lets_the_analyst_look_and_not_write(
        self, programme, in_force, desk_client
    ):
        analyst = desk_client(StaffFactory(programme=programme, role=Role.ANALYST))

        page = analyst.get(reverse("points:programme"))

        assert page.status_code == 200
        assert reverse("points:draft-add") not in page.content.decode()
        assert analyst.post(reverse("points:draft-add")).status_code == 403
        assert analyst.get(url("version-detail", in_force)).status_code == 200

    def test_begins_a_draft_from_a_version(self, desk, in_force):
        answer = desk.post(
            reverse("points:draft-add"), {"source": str(in_force.public_id)}
        )

        draft = EarningRule.objects.get(status="DRAFT")
        assert answer["Location"] == url("draft-edit", draft)

    def test_discards_a_draft(self, desk, draft):
        desk.post(url("draft-discard", draft))

        assert not EarningRule.objects.filter(pk=draft.pk).exists()

    def test_shows_no_version_of_another_club(self, desk, draft):
        other = EarningRuleFactory(published=True)

        assert desk.get(url("version-detail", other)).status_code == 404
        assert desk.get(url("basket", other)).status_code == 404

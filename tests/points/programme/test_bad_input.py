"""The programme's desk answers whatever is sent, and keeps what was typed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from points.models import EarningRule
from points.programme import drafts
from points.programme.drafts import content_of
from tests.bad_input import all_bad
from tests.points.programme.test_editor import typed, url
from tests.points.programme.versions import TERMS

pytestmark = pytest.mark.django_db

MULTIPLIER = {
    "factor": "2",
    "goods": "categories:Kaffe",
    "weekdays": "6",
    "from_hour": "10:00",
    "to_hour": "12:00",
    "stores": "1",
    "channels": "SHOP",
    "tiers": "guld",
    "birthday": "",
    "starts_on": "2027-01-01",
    "ends_on": "2027-02-01",
    "least_total": "5",
    "do": "save",
}
START = {
    "starts_on": "2027-03-01",
    "starts_at_hour": "00:00",
    "told_on": "2027-01-01",
    "runs_down_until": "2027-06-01",
}
BASKET = {
    "store": "1",
    "at": "2027-01-01T10:00",
    "tier": "guld",
    "birthday": "week",
    "voucher": "5",
    "lines-TOTAL_FORMS": "1",
    "lines-0-article": "kaff",
    "lines-0-quantity": "1",
    "lines-0-price": "10",
    "lines-0-vat": "25",
    "do": "add",
}


@pytest.fixture
def draft(programme, mia, now, in_force):
    return drafts.create_draft(programme=programme, staff=mia, now=now)


@pytest.fixture
def full(draft, mia, now, store, coffee):
    """Give a draft with something in every part of it."""
    content = replace(content_of(draft), terms=TERMS)
    return drafts.change_draft(draft=draft, content=content, staff=mia, now=now)


@pytest.fixture
def worse(draft, mia, now):
    """Give a draft that takes from members, of what they have too."""
    content = replace(
        content_of(draft), points_per_unit=Decimal("0.5"), point_value=Decimal("0.05")
    )
    return drafts.change_draft(draft=draft, content=content, staff=mia, now=now)


class TestDraftEdit:
    @pytest.mark.parametrize(
        "typed_in",
        [
            {"points_per_unit": "0"},
            {"point_value": "0"},
            {"expires_after_months": "99999"},
            {"pending_days": "9" * 400},
            {"valid_days": "2147483648"},
            {"excluded_groups": "Tobak, \0"},
            {"excluded_groups": "å" * 61},
            {"steps-0-points": "0"},
            {"steps-0-value": "0"},
            # So little, or so much, for a point that it cannot be written down.
            {"point_value": "", "steps-0-points": "1000000", "steps-0-value": "1"},
            {"point_value": "", "steps-0-points": "1", "steps-0-value": "9999999.99"},
            {"actions-0-points": "9" * 5000},
            {"tiers-0-benefits_sv": "Fika\n\0"},
            {"tiers-TOTAL_FORMS": None, "steps-TOTAL_FORMS": None},
            {"actions-TOTAL_FORMS": "9" * 5000},
        ],
        ids=lambda each: "-".join(each),
    )
    def test_keeps_what_cannot_be_saved(self, desk, full, typed_in):
        before = content_of(full)
        data = typed(desk.get(url("draft-edit", full))) | {"title": "Vår 2027"}
        data |= typed_in
        data = {name: value for name, value in data.items() if value is not None}

        page = desk.post(url("draft-edit", full), {**data, "do": "save"})

        assert page.status_code == 422
        assert 'value="Vår 2027"' in page.content.decode()
        full.refresh_from_db()
        assert content_of(full) == before

    @pytest.mark.parametrize("opened", ["", "2026-02-30T25:99", "2026-11-23T10:00"])
    def test_writes_over_nobody_when_it_is_not_told_what_was_read(
        self, desk, full, olga, now, opened
    ):
        data = typed(desk.get(url("draft-edit", full)))
        drafts.change_draft(draft=full, content=content_of(full), staff=olga, now=now)

        page = desk.post(url("draft-edit", full), {**data, "opened": opened})

        assert page.status_code == 422
        assert olga.name in page.content.decode()

    @pytest.mark.parametrize(
        "do",
        ["search", "remove:\0", "add:tiers"],
    )
    def test_takes_any_number_of_rows_for_none(self, desk, full, do):
        data = typed(desk.get(url("draft-edit", full)))
        bad = {"tiers-TOTAL_FORMS": "9" * 5000}

        page = desk.post(
            url("draft-edit", full),
            {**data, **bad, "q": "\0", "excluded": "skus:\0", "do": do},
        )

        assert page.status_code in {200, 422}

    def test_finds_no_goods_by_a_name_that_cannot_be(self, desk, full):
        data = typed(desk.get(url("draft-edit", full)))

        desk.post(
            url("draft-edit", full), {**data, "excluded": "skus:\0", "do": "save"}
        )

        full.refresh_from_db()
        assert not content_of(full).terms.excluded


class TestAnswers:
    """All at once, and every field by itself; the answer is a page of the house."""

    def refuse_nothing(self, desk, address, forms, *, by="post"):
        for what, data in forms:
            answer = getattr(desk, by)(address, data)
            assert answer.status_code in {200, 302, 422}, what

    def test_come_from_the_editor(self, desk, full):
        data = typed(desk.get(url("draft-edit", full)))
        # Every number of rows means sixty of them.
        rows = {name: data.pop(name) for name in [*data] if name.endswith("_FORMS")}
        bad = [(what, {**rows, **value}) for what, value in all_bad(data)]

        self.refuse_nothing(desk, url("draft-edit", full), bad)
        self.refuse_nothing(desk, url("draft-say", full), bad[:3])

    def test_come_from_a_multiplier(self, desk, full):
        address = url("multiplier-edit", full, "kaffe")
        bad = dict.fromkeys(("weekdays", "tiers"))

        self.refuse_nothing(desk, address, all_bad(MULTIPLIER))
        self.refuse_nothing(
            desk,
            address,
            (
                (what, {**MULTIPLIER, field: value[field]})
                for what, value in all_bad(bad)
                for field in bad
            ),
        )

    @pytest.mark.parametrize("name", ["multiplier-add", "multiplier-say"])
    def test_come_from_a_new_multiplier(self, desk, full, name):
        self.refuse_nothing(desk, url(name, full), all_bad(MULTIPLIER))

    def test_come_from_publishing(self, desk_client, olga, worse):
        desk = desk_client(olga)
        start = {**START, "without_looking": "on"}

        self.refuse_nothing(desk, url("draft-publish", worse), all_bad(start))
        for field in ("starts_on", "told_on", "runs_down_until"):
            days = ({**START, field: "9999-12-31"}, {**START, field: "0001-01-01"})
            for each in days:
                assert desk.post(url("draft-publish", worse), each).status_code == 422
        worse.refresh_from_db()
        assert worse.status == EarningRule.Status.DRAFT

    def test_come_from_the_basket(self, desk, full):
        bad = [(what, {**BASKET, **value}) for what, value in all_bad(["at"])]
        bad.append(("rows", {**BASKET, "lines-TOTAL_FORMS": "9" * 5000}))

        self.refuse_nothing(desk, url("basket", full), bad, by="get")

    @pytest.mark.parametrize("name", ["goods-panel", "articles-panel"])
    def test_come_from_what_finds_goods(self, desk, full, name):
        fields = {"q": "kaff", "lines-0-article": "kaff", "goods": "skus:1"}

        self.refuse_nothing(desk, reverse(f"points:{name}"), all_bad(fields), by="get")

    def test_come_from_a_new_draft(self, desk, in_force):
        address = reverse("points:draft-add")

        self.refuse_nothing(desk, address, all_bad(["source"]))

"""Publishing at the desk, and the programme over the API."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from points import reading
from points.models import EarningRule
from points.programme import drafts
from points.programme.drafts import content_of
from points.terms import Multiplier, Terms, When
from tests.factories.points import EarningRuleFactory
from tests.points.programme.test_drafts import change
from tests.points.programme.versions import TERMS
from tests.purchases.replaying import tried

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(programme, mia, now, in_force):
    return drafts.create_draft(programme=programme, staff=mia, now=now)


def publish(desk, draft, now, **typed):
    with time_machine.travel(now, tick=False):
        return desk.post(
            reverse("points:draft-publish", args=[draft.public_id]),
            {"starts_on": "2027-02-01", "starts_at_hour": "00:00", **typed},
        )


def try_out(draft, now):
    """Have it tried on what was bought until now."""
    draft.refresh_from_db()
    with time_machine.travel(now, tick=False):
        tried(draft)


def look(desk, draft, now):
    with time_machine.travel(now, tick=False):
        page = desk.get(reverse("points:draft-publish", args=[draft.public_id]))
    return page.content.decode()


class TestDraftPublish:
    def test_says_what_changes_and_what_will_hold(self, desk, draft, mia, now):
        change(draft, mia, now, points_per_unit=2)

        page = look(desk, draft, now)

        assert "You get 1 point per krona.</del>" in page
        assert "You get 2 points per krona.</ins>" in page
        assert "told_on" not in page

    def test_publishes_in_the_zone_of_the_club(self, desk, draft, now):
        answer = publish(desk, draft, now, starts_at_hour="08:30")

        draft.refresh_from_db()
        assert answer["Location"] == reverse(
            "points:version-detail", args=[draft.public_id]
        )
        assert draft.starts_at == datetime(2027, 2, 1, 7, 30, tzinfo=UTC)

    def test_says_what_is_worse_and_asks_for_a_notice(self, desk, draft, mia, now):
        change(draft, mia, now, expires_after_months=12)
        try_out(draft, now)

        assert "Points expire sooner" in look(desk, draft, now)
        refused = publish(desk, draft, now)
        assert refused.status_code == 422
        late = publish(desk, draft, now, told_on="2027-01-20")
        assert 'value="2027-01-20"' in late.content.decode()
        assert late.status_code == 422
        past = publish(desk, draft, now, told_on="2026-11-01")
        assert past.status_code == 422

        done = publish(desk, draft, now, told_on="2026-12-01")

        draft.refresh_from_db()
        assert done.status_code == 302
        assert draft.told_on == date(2026, 12, 1)

    def test_asks_how_long_points_keep_their_worth(self, desk, draft, mia, now):
        content = content_of(draft)
        assert content.point_value > 0
        change(draft, mia, now, point_value="0.05")
        try_out(draft, now)

        refused = publish(
            desk, draft, now, told_on="2026-12-01", runs_down_until="2027-02-02"
        )
        done = publish(
            desk, draft, now, told_on="2026-12-01", runs_down_until="2027-05-01"
        )

        assert (refused.status_code, done.status_code) == (422, 302)

    def test_shows_what_an_earlier_start_asks_for(self, desk, programme, mia, now):
        """A multiplier that ends before the new version starts is lost by nobody."""
        christmas = Multiplier("jul", Decimal(2), When(ends_on=date(2026, 12, 28)))
        EarningRuleFactory(
            programme=programme,
            published=True,
            terms=reading.dump(Terms(multipliers=(christmas,))),
        )
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        change(draft, mia, now, multipliers=())
        assert "told_on" not in look(desk, draft, now)

        early = publish(desk, draft, now, starts_on="2026-12-27")

        page = early.content.decode()
        assert early.status_code == 422
        assert 'name="told_on" value="2026-11-23"' in page
        assert "This start needs it." in page
        assert "This goes away" in page
        try_out(draft, now)
        sent_again = publish(
            desk, draft, now, starts_on="2026-12-27", told_on="2026-11-24"
        )
        draft.refresh_from_db()
        assert sent_again.status_code == 302
        assert draft.told_on == date(2026, 11, 24)

    @pytest.mark.parametrize(
        "typed", [{}, {"told_on": ""}, {"told_on": "2026-12-01"}, {"starts_on": ""}]
    )
    def test_shows_every_field_that_it_says_is_needed(
        self, desk, draft, mia, now, typed
    ):
        change(draft, mia, now, point_value="0.05")
        try_out(draft, now)

        page = publish(desk, draft, now, **typed)

        assert page.status_code == 422
        html = page.content.decode()
        for name in page.context["form"].errors:
            assert f'name="{name}"' in html
        assert 'name="runs_down_until"' in html

    def test_asks_for_notice_of_what_another_version_made_worse(
        self, desk, draft, programme, mia, now, monkeypatch
    ):
        """Between the look at the form and the lock somebody publishes a better one."""
        change(draft, mia, now, points_per_unit=2)
        true = drafts.publish

        def first_another(**given):
            EarningRuleFactory(
                programme=programme,
                published=True,
                points_per_unit=3,
                starts_at=datetime(2027, 1, 15, tzinfo=UTC),
            )
            return true(**given)

        monkeypatch.setattr(drafts, "publish", first_another)
        page = publish(desk, draft, now)

        assert page.status_code == 422
        assert 'name="told_on" value="2026-11-23"' in page.content.decode()

    def test_does_not_offer_it_while_something_is_wrong(self, desk, draft, mia, now):
        change(draft, mia, now, pending_days=999)

        page = look(desk, draft, now)
        refused = publish(desk, draft, now)

        assert 'class="complaints"' in page
        assert "Points wait 365 days at most." in page
        assert refused.status_code == 422
        draft.refresh_from_db()
        assert draft.status == EarningRule.Status.DRAFT

    def test_refuses_a_start_that_has_passed_at_its_field(self, desk, draft, now):
        refused = publish(desk, draft, now, starts_on="2026-11-01")

        assert refused.status_code == 422
        assert "It must start after now." in refused.content.decode()

    def test_leads_on_when_it_was_published_meanwhile(self, desk, draft, now):
        publish(desk, draft, now)

        again = publish(desk, draft, now)

        assert again.status_code == 302

    def test_shows_the_version_with_what_changed(self, desk, draft, mia, now):
        change(draft, mia, now, points_per_unit=2)
        publish(desk, draft, now)

        page = desk.get(
            reverse("points:version-detail", args=[draft.public_id])
        ).content.decode()

        assert "You get 2 points per krona.</ins>" in page
        assert mia.name in page


class TestLookingFirst:
    """Worse terms are tried on past purchases before they are published."""

    @pytest.fixture
    def worse(self, draft, mia, now):
        change(draft, mia, now, expires_after_months=12)
        return draft

    def test_is_asked_of_the_marketer(self, desk, worse, now):
        page = look(desk, worse, now)
        refused = publish(desk, worse, now, told_on="2026-12-01", without_looking="on")

        assert "was not tried on past purchases" in page
        assert 'name="without_looking"' not in page
        assert refused.status_code == 422
        assert "only the owner can publish it without" in refused.content.decode()

    def test_is_left_out_by_the_owner_who_says_so(self, desk_client, olga, worse, now):
        owner = desk_client(olga)
        assert 'name="without_looking"' in look(owner, worse, now)

        silent = publish(owner, worse, now, told_on="2026-12-01")
        said = publish(owner, worse, now, told_on="2026-12-01", without_looking="on")

        assert (silent.status_code, said.status_code) == (422, 302)

    def test_is_done_and_says_who_loses_a_right(self, desk, worse, now):
        try_out(worse, now)

        page = look(desk, worse, now)

        assert "Nobody loses a right already earned." in page
        assert "was not tried on past purchases" not in page

    def test_is_asked_again_when_the_draft_was_changed_since(
        self, desk, worse, mia, now
    ):
        try_out(worse, now)
        change(worse, mia, now, expires_after_months=11)

        refused = publish(desk, worse, now, told_on="2026-12-01")

        assert refused.status_code == 422

    def test_is_asked_of_nobody_for_better_terms(self, desk, draft, mia, now):
        change(draft, mia, now, points_per_unit=2)

        assert "past purchases:" not in look(desk, draft, now)
        assert publish(desk, draft, now).status_code == 302


class TestProgrammeApi:
    def ask(self, api_key, **query):
        return Client().get(
            "/api/v1/programme", query, headers={"Authorization": api_key.header}
        )

    @pytest.fixture
    def key(self, api_key):
        api_key.header = f"Bearer {api_key.plain}"
        return api_key

    def test_says_what_holds_in_the_language_asked_for(self, key, in_force):
        answer = self.ask(key, language="en")

        body = json.loads(answer.content)
        assert answer.status_code == 200
        assert body["version"] == in_force.version
        assert "You get 1 point per krona." in body["sentences"]
        assert body["worthOfAPoint"]["least"] == "0.1000"
        assert body["voucherSteps"] == [
            {"points": 500, "value": "50.00", "needsPurchase": True}
        ]
        assert body["tiers"] == []

    def test_names_tiers_in_that_language(self, key, programme, mia, now):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        change(draft, mia, now, ladder=TERMS.ladder)
        drafts.publish(
            draft=draft,
            start=drafts.Start(datetime(2024, 1, 1, tzinfo=UTC)),
            staff=mia,
            now=now,
        )

        body = json.loads(self.ask(key, language="en").content)

        assert [each["name"] for each in body["tiers"]] == ["Brons", "Silver", "Guld"]
        assert body["tiers"][2]["benefits"] == ["Fri frakt"]
        assert body["tiersReachedBy"] == "spend"

    def test_refuses_a_language_that_nobody_speaks(self, key, in_force):
        assert self.ask(key, language="fi").status_code == 422

    def test_says_when_nothing_is_in_force(self, key, programme):
        answer = self.ask(key)

        assert answer.status_code == 404
        assert json.loads(answer.content)["code"] == "no_programme"

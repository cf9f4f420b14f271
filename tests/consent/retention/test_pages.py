"""The desk's pages of retention."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from consent.models import RetentionPeriod, RetentionRun
from consent.retention import kinds, runs
from purchases.models import Receipt
from tests.factories.club import buy, line, open_club
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StoreFactory


@pytest.fixture
def desk(desk_client, olga):
    client = desk_client(olga)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def held(programme, store, settings):
    """A run that has stopped at receipts."""
    settings.RETENTION_HOLD_ROWS = 0
    open_club(programme)
    at = datetime.now(UTC)
    buy(
        MemberFactory(programme=programme),
        store,
        line("10.00"),
        now=at - timedelta(days=800),
    )
    return runs.run(programme=programme, now=at, staff=None)


class TestOverview:
    def test_shows_every_kind(self, desk):
        page = desk.get(reverse("privacy:retention")).content.decode()

        for kind in kinds.kinds():
            assert reverse("privacy:retention-kind", args=[kind.key]) in page

    def test_asks_few_questions(self, desk, held, django_assert_max_num_queries):
        desk.get(reverse("privacy:retention"))
        with django_assert_max_num_queries(22):
            desk.get(reverse("privacy:retention"))

    def test_asks_a_person_to_look(self, desk, held):
        page = desk.get(reverse("privacy:retention")).content.decode()

        address = reverse(
            "privacy:retention-confirm", args=[held.public_id, "receipts"]
        )
        assert address in page

    def test_has_a_card_for_the_privacy_desk(self, desk, held):
        url = reverse("privacy:retention-panel")

        assert "<html" in desk.get(url).content.decode()
        card = desk.get(url, headers={"hx-request": "true"}).content.decode()
        assert "<html" not in card
        assert "privacy-retention-panel" in card


class TestCount:
    def test_changes_nothing_and_says_what_it_found(self, desk, programme, held):
        answer = desk.post(reverse("privacy:retention-dry"))

        assert answer.url == reverse("privacy:retention")
        run = RetentionRun.objects.get(is_dry=True)
        assert run.state == RetentionRun.State.DONE
        assert run.counts.get(kind="receipts").found == 1
        assert Receipt.objects.exclude(member=None).count() == 1

    def test_shows_how_far_it_is(self, desk, programme, olga):
        run = runs.begin(
            programme=programme, is_dry=True, staff=olga, now=datetime.now(UTC)
        )
        url = reverse("privacy:retention-progress", args=[run.public_id])

        bar = desk.get(url, headers={"hx-request": "true"}).content.decode()
        assert "hx-trigger" in bar
        assert desk.post(reverse("privacy:retention-dry")).status_code == 302

        RetentionRun.objects.update(state=RetentionRun.State.DONE)
        over = desk.get(url, headers={"hx-request": "true"})
        assert over["HX-Redirect"] == reverse("privacy:retention")


class TestPeriod:
    def test_is_changed_in_months(self, desk, programme):
        url = reverse("privacy:retention-kind", args=["receipts"])
        assert "24 months" in desk.get(url).content.decode()

        desk.post(url, {"length": "12"})

        assert RetentionPeriod.objects.get().days == 365

    @pytest.mark.parametrize("length", ["11", "37", "0", "", "many"])
    def test_is_refused_outside_its_bounds(self, desk, length):
        url = reverse("privacy:retention-kind", args=["receipts"])

        answer = desk.post(url, {"length": length})

        assert answer.status_code == 422
        assert f'value="{length}"' in answer.content.decode() or not length
        assert not RetentionPeriod.objects.exists()

    def test_of_the_law_is_in_years(self, desk):
        url = reverse("privacy:retention-kind", args=["receipts-books"])

        assert desk.post(url, {"length": "6"}).status_code == 422
        assert desk.post(url, {"length": "8"}).status_code == 302
        assert RetentionPeriod.objects.get().days == 8 * 365

    def test_of_the_house_cannot_be_changed(self, desk):
        url = reverse("privacy:retention-kind", args=["audit"])

        desk.post(url, {"length": "1"})

        assert not RetentionPeriod.objects.exists()
        assert 'name="length"' not in desk.get(url).content.decode()

    def test_of_nothing_is_not_found(self, desk):
        url = reverse("privacy:retention-kind", args=["nothing"])

        assert desk.get(url).status_code == 404


class TestConfirm:
    def test_asks_first_and_then_lets_go(self, desk, held):
        url = reverse("privacy:retention-confirm", args=[held.public_id, "receipts"])
        assert "Let 1 go" in desk.get(url).content.decode()
        assert Receipt.objects.exclude(member=None).exists()

        desk.post(url)

        assert not Receipt.objects.exclude(member=None).exists()
        held.refresh_from_db()
        assert held.state == RetentionRun.State.DONE
        assert "nothing to confirm" in desk.get(url).content.decode()

    def test_is_of_the_own_club(self, desk, held):
        other = ProgrammeFactory()
        StoreFactory(programme=other)
        run = runs.begin(
            programme=other, is_dry=False, staff=None, now=datetime.now(UTC)
        )

        url = reverse("privacy:retention-run", args=[run.public_id])
        assert desk.get(url).status_code == 404


class TestHistory:
    def test_lists_runs_with_what_they_let_go(self, desk, held):
        page = desk.get(reverse("privacy:retention-runs")).content.decode()

        url = reverse("privacy:retention-run", args=[held.public_id])
        assert url in page
        assert "Receipts of a member" in desk.get(url).content.decode()

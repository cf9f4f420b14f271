"""The panel on a version's page, the page of a replay, and its file."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from purchases.replay.forms import ReplayForm
from purchases.replay.models import Replay
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import line, receipt
from tests.factories.stores import ProgrammeFactory
from tests.purchases.replaying import ask, draft_of, now, tried

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia_at_the_desk(mia, desk_client):
    client = desk_client(mia)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def bought(programme, till):
    for place in range(6):
        till.record(
            receipt(
                line("1000.00"),
                phone=MemberFactory(programme=programme).phone,
                at=now() - timedelta(days=20 + place),
            )
        )


@pytest.fixture
def worse(rule):
    """A draft that gives a tenth less, and asks more points for a voucher."""
    return draft_of(rule, points_per_unit=Decimal("0.9"), reward_points=1200)


def panel_of(draft):
    return f"/points/replays/version/{draft.public_id}/"


def page_of(replay):
    return f"/points/replays/{replay.public_id}/"


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


class TestPanel:
    def test_asks_to_try_what_was_never_tried(self, mia_at_the_desk, worse):
        answer = mia_at_the_desk.get(panel_of(worse), headers=HTMX)

        assert answer.status_code == 200
        assert "See what this version would have given" in text_of(answer)
        assert "<html" not in text_of(answer)

    def test_is_a_page_without_scripts(self, mia_at_the_desk, worse):
        assert "<html" in text_of(mia_at_the_desk.get(panel_of(worse)))

    def test_asks_again_while_it_runs(self, mia_at_the_desk, worse, bought):
        replay = ask(worse)
        Replay.objects.filter(pk=replay.pk).update(state="RUNNING", total=80, done=20)

        text = text_of(mia_at_the_desk.get(panel_of(worse), headers=HTMX))

        assert 'hx-trigger="every 1s"' in text
        assert "20 of 80" in text
        assert 'aria-valuenow="25"' in text
        assert f"{page_of(replay)}cancel/" in text

    def test_says_who_loses_when_it_is_done(self, mia_at_the_desk, worse, bought):
        tried(worse)

        text = text_of(mia_at_the_desk.get(panel_of(worse), headers=HTMX))

        assert "600 points fewer than by version 1" in text
        assert "6 members lose 10 kr on average." in text
        assert "6 members lose a right already earned." in text
        assert "Holds for this version" in text
        assert "every 1s" not in text

    def test_says_when_it_is_outdated(self, mia_at_the_desk, worse, bought):
        tried(worse)
        worse.reward_points = 800
        worse.save()

        text = text_of(mia_at_the_desk.get(panel_of(worse), headers=HTMX))

        assert "Outdated" in text
        assert "Try it again before you rely on it." in text

    @pytest.mark.parametrize(
        ("state", "failure", "said"),
        [
            ("FAILED", "stopped", "It stopped several times on its way."),
            ("CANCELLED", "", "The last try was cancelled."),
        ],
        ids=["failed", "cancelled"],
    )
    def test_says_how_it_ended(self, mia_at_the_desk, worse, state, failure, said):
        replay = ask(worse)
        Replay.objects.filter(pk=replay.pk).update(state=state, failure=failure)

        text = text_of(mia_at_the_desk.get(panel_of(worse), headers=HTMX))

        assert said in text
        assert "Try it again" in text

    def test_waits_for_another_version(self, mia_at_the_desk, rule, worse):
        other = draft_of(rule)
        ask(other)

        text = text_of(mia_at_the_desk.get(panel_of(worse), headers=HTMX))

        assert f"Version {other.version} is being tried." in text
        assert "/start/" not in text

    def test_of_another_club_is_not_there(self, mia_at_the_desk):
        other = EarningRuleFactory(programme=ProgrammeFactory())

        assert mia_at_the_desk.get(panel_of(other)).status_code == 404

    def test_asks_few_questions(
        self, mia_at_the_desk, worse, bought, django_assert_max_num_queries
    ):
        tried(worse)
        mia_at_the_desk.get(panel_of(worse), headers=HTMX)

        with django_assert_max_num_queries(10):
            mia_at_the_desk.get(panel_of(worse), headers=HTMX)


class TestStart:
    def test_begins_and_shows_how_far_it_is(self, mia_at_the_desk, worse, mia):
        answer = mia_at_the_desk.post(
            f"{panel_of(worse)}start/", {"months": "18"}, headers=HTMX
        )

        assert "Trying the version on past purchases" in text_of(answer)
        assert Replay.objects.get().started_by == mia

    def test_leads_back_without_scripts(self, mia_at_the_desk, worse):
        answer = mia_at_the_desk.post(f"{panel_of(worse)}start/", {"months": "12"})

        assert (answer.status_code, answer.url) == (302, panel_of(worse))

    @pytest.mark.parametrize(
        ("language", "said"), [("sv", "12 månader"), ("en", "12 months")]
    )
    def test_is_asked_for_in_the_language_of_who_asks(self, language, said):
        with translation.override(language):
            assert said in str(ReplayForm()["months"])

    def test_refuses_other_months(self, mia_at_the_desk, worse):
        answer = mia_at_the_desk.post(
            f"{panel_of(worse)}start/", {"months": "999"}, headers=HTMX
        )

        assert answer.status_code == 422
        assert not Replay.objects.exists()

    def test_says_that_one_is_under_way(self, mia_at_the_desk, rule, worse):
        ask(draft_of(rule))

        answer = mia_at_the_desk.post(
            f"{panel_of(worse)}start/", {"months": "12"}, follow=True
        )

        assert "Wait for it." in text_of(answer)
        assert Replay.objects.count() == 1

    def test_changes_nothing_when_it_is_looked_at(self, mia_at_the_desk, worse):
        assert mia_at_the_desk.get(f"{panel_of(worse)}start/").status_code == 405


class TestCancel:
    def test_calls_it_off(self, mia_at_the_desk, worse):
        replay = ask(worse)

        answer = mia_at_the_desk.post(f"{page_of(replay)}cancel/", headers=HTMX)

        assert "The last try was cancelled." in text_of(answer)
        assert Replay.objects.get().state == "CANCELLED"

    def test_says_when_it_was_over(self, mia_at_the_desk, worse, bought):
        replay = tried(worse)

        answer = mia_at_the_desk.post(f"{page_of(replay)}cancel/", follow=True)

        assert "It was over already." in text_of(answer)
        assert Replay.objects.get().state == "DONE"


class TestPage:
    def test_shows_both_versions(self, mia_at_the_desk, worse, bought):
        replay = tried(worse)

        text = text_of(mia_at_the_desk.get(page_of(replay)))

        assert "5 400" in text
        assert "6 000 in force, −600" in text
        assert "The two are equal for every member." in text
        assert "Without a tier" in text

    def test_explains_what_differs_from_the_ledger(
        self, mia_at_the_desk, programme, worse, bought
    ):
        from_today = EarningRuleFactory(
            programme=programme,
            published=True,
            points_per_unit=Decimal(2),
            starts_at=now() - timedelta(hours=1),
        )
        replay = tried(draft_of(from_today))

        text = text_of(mia_at_the_desk.get(page_of(replay)))

        assert "Another version was in force when it was bought." in text
        assert "6 receipts: +6 000" in text

    def test_of_a_running_one_says_so(self, mia_at_the_desk, worse):
        text = text_of(mia_at_the_desk.get(page_of(ask(worse))))

        assert "The version is being tried on past purchases." in text

    def test_without_purchases_is_empty(self, mia_at_the_desk, worse):
        text = text_of(mia_at_the_desk.get(page_of(tried(worse))))

        assert "Nobody bought anything in this time" in text

    def test_asks_few_questions(
        self, mia_at_the_desk, worse, bought, django_assert_max_num_queries
    ):
        replay = tried(worse)
        mia_at_the_desk.get(page_of(replay))

        with django_assert_max_num_queries(12):
            mia_at_the_desk.get(page_of(replay))


class TestFile:
    def test_holds_the_figures(self, mia_at_the_desk, worse, bought):
        replay = tried(worse)

        answer = mia_at_the_desk.get(f"{page_of(replay)}?format=csv")
        lines = b"".join(answer.streaming_content).decode().splitlines()

        assert "Points after returns,5400,6000" in lines
        assert sum("2" in each[:1] and "-" in each[:7] for each in lines) == 12
        assert f"impact-version-{worse.version}.csv" in answer["Content-Disposition"]

    def test_runs_no_formula(self, mia_at_the_desk, shop, worse, bought):
        shop.name = "=HYPERLINK(1)"
        shop.save()
        replay = tried(worse)

        answer = mia_at_the_desk.get(f"{page_of(replay)}?format=csv")
        text = b"".join(answer.streaming_content).decode()

        assert "'=HYPERLINK(1),6,6,10.00,0,,6,-60.00" in text

    def test_is_not_there_while_it_runs(self, mia_at_the_desk, worse):
        answer = mia_at_the_desk.get(f"{page_of(ask(worse))}?format=csv")

        assert "text/html" in answer["Content-Type"]


class TestWords:
    def test_say_nothing_of_few(self, mia_at_the_desk, programme, till, worse):
        till.record(
            receipt(
                phone=MemberFactory(programme=programme).phone,
                at=now() - timedelta(days=3),
            )
        )
        replay = tried(worse)

        text = text_of(mia_at_the_desk.get(page_of(replay)))

        assert "Fewer than 5 members lose money." in text

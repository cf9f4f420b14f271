"""The screens of tiers: the ladder, a member's panel, giving one; the API's answer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from points.models import TierPeriod, TierRun
from points.tiers import nightly, services
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory
from tests.factories.tiers import did, publish_ladder

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def desk_client(desk_client, settings):
    """Give a desk in English, whatever the club speaks."""

    def sign_in(staff):
        client = desk_client(staff)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return client

    return sign_in


@pytest.fixture
def ladder(programme):
    return publish_ladder(programme)


@pytest.fixture
def vera(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def now():
    return datetime.now(UTC)


def buy(member, spend, at):
    did(member, at.date(), spend, now=at)


def review(programme):
    return nightly.run(programme=programme, clock=timezone.now)


class TestTheLadder:
    URL = "/points/tiers/"

    def test_says_where_to_add_one(self, desk_client, olga):
        page = desk_client(olga).get(self.URL).content.decode()

        assert "The programme has no tiers" in page
        assert reverse("points:programme") in page

    @pytest.mark.usefixtures("ladder")
    def test_shows_thresholds_and_sentences_before_the_first_night(
        self, desk_client, olga
    ):
        page = desk_client(olga).get(self.URL).content.decode()

        assert "Gold" in page
        assert "10\u00a0000\u00a0kr" in page
        assert "reviewed for the first time tonight" in page
        assert "nobody loses a tier before its last day" in page

    @pytest.mark.usefixtures("ladder")
    def test_shows_who_is_near_and_who_is_about_to_lose_theirs(
        self, desk_client, olga, programme, now
    ):
        near = MemberFactory(programme=programme, first_name="Nea", last_name="Norr")
        soon = MemberFactory(programme=programme, first_name="Lo", last_name="Lund")
        buy(near, 4100, now)
        buy(soon, 5000, now - timedelta(days=340))
        review(programme)

        page = desk_client(olga).get(self.URL).content.decode()

        assert "Nea Norr" in page
        assert "900\u00a0kr left to Silver" in page
        assert "Lo Lund" in page

    @pytest.mark.usefixtures("ladder")
    def test_tells_an_analyst_how_many_and_not_who(self, desk_client, programme, now):
        near = MemberFactory(programme=programme, first_name="Nea", last_name="Norr")
        buy(near, 4100, now)
        review(programme)
        ana = StaffFactory(
            programme=programme, email="ana@example.com", role=Role.ANALYST
        )

        page = desk_client(ana).get(self.URL).content.decode()

        assert "Near it" in page
        assert "Norr" not in page
        assert str(near.public_id) not in page

    @pytest.mark.usefixtures("ladder")
    def test_asks_as_often_however_many_there_are(
        self, desk_client, olga, programme, now, django_assert_max_num_queries
    ):
        for _each in range(12):
            buy(MemberFactory(programme=programme), 4100, now)
        review(programme)
        client = desk_client(olga)
        client.get(self.URL)

        with django_assert_max_num_queries(14):
            page = client.get(self.URL)

        assert len(page.context["near"]) == 10
        assert "and 2 more" in page.content.decode()

    @pytest.mark.usefixtures("ladder")
    def test_shows_nothing_of_another_club(self, desk_client, olga, now):
        other = MemberFactory(programme=ProgrammeFactory(), first_name="Otis")
        publish_ladder(other.programme)
        buy(other, 4100, now)
        review(other.programme)

        assert "Otis" not in desk_client(olga).get(self.URL).content.decode()

    @pytest.mark.usefixtures("ladder")
    def test_reviews_at_a_press(
        self,
        desk_client,
        olga,
        vera,
        programme,
        now,
        django_capture_on_commit_callbacks,
    ):
        with django_capture_on_commit_callbacks(execute=True):
            answer = desk_client(olga).post(f"{self.URL}review/")

        assert answer.status_code == 302
        assert TierRun.objects.get(programme=programme).figures["members"] == {"bas": 1}
        assert vera.programme == programme
        assert TierRun.objects.get().ended_at >= now


class TestTheMembersPanel:
    def url(self, member):
        return f"/members/{member.public_id}/tier/"

    def test_says_that_there_are_no_tiers(self, desk_client, olga, vera):
        page = desk_client(olga).get(self.url(vera)).content.decode()

        assert "The programme has no tiers" in page

    @pytest.mark.usefixtures("ladder")
    def test_says_what_they_have_why_and_what_is_missing(
        self, desk_client, olga, vera, now
    ):
        buy(vera, 6000, now)

        client = desk_client(olga)
        card = client.get(self.url(vera), headers={"hx-request": "true"})
        text = card.content.decode()

        assert "<html" not in text
        assert "Silver" in text
        assert "was reached on" in text
        assert "4\u00a0000\u00a0kr more" in text
        assert "<html" in client.get(self.url(vera)).content.decode()

    @pytest.mark.usefixtures("ladder")
    def test_lets_only_those_give_a_tier_who_may(self, desk_client, olga, mia, vera):
        grant = f"/members/{vera.public_id}/tier/grant/"

        assert grant in desk_client(olga).get(self.url(vera)).content.decode()
        assert grant not in desk_client(mia).get(self.url(vera)).content.decode()
        assert desk_client(mia).get(grant).status_code == 403

    def test_asks_as_often_however_long_the_history(
        self, desk_client, olga, programme, vera, now, django_assert_max_num_queries
    ):
        publish_ladder(programme, starts_at=now - timedelta(days=5000))
        for year in range(12):
            buy(vera, 10000, now - timedelta(days=365 * (12 - year)))
            services.settle_members(
                programme_id=vera.programme_id,
                now=now - timedelta(days=365 * (12 - year) - 180),
            )
        assert TierPeriod.objects.filter(member=vera).count() == 12
        client = desk_client(olga)
        client.get(self.url(vera), headers={"hx-request": "true"})

        with django_assert_max_num_queries(16):
            client.get(self.url(vera), headers={"hx-request": "true"})


class TestGiving:
    def url(self, member):
        return f"/members/{member.public_id}/tier/grant/"

    @pytest.mark.usefixtures("ladder")
    def test_gives_it_with_a_reason_until_a_day(self, desk_client, olga, vera, now):
        until = (now + 90 * DAY).date()

        answer = desk_client(olga).post(
            self.url(vera),
            {"tier": "guld", "until": until.isoformat(), "reason": "Flood in the shop"},
        )

        assert answer.status_code == 302
        period = TierPeriod.objects.get(member=vera)
        assert (period.key, period.holds_until) == ("guld", until)
        assert period.granted_by == olga
        assert AuditEntry.objects.filter(action="tiers.granted").count() == 1
        page = desk_client(olga).get(f"/members/{vera.public_id}/tier/")
        assert "Flood in the shop" in page.content.decode()

    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"until": "2020-01-01"}, "The day has passed."),
            ({"until": "2099-01-01"}, "At most two years from today."),
            ({"reason": ""}, 'id="id_reason_error"'),
            ({"tier": "diamond"}, 'id="id_tier_error"'),
        ],
        ids=["passed", "far", "unsaid", "unknown"],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(
        self, desk_client, olga, vera, now, changes, fault
    ):
        values = {
            "tier": "guld",
            "until": (now + 90 * DAY).date().isoformat(),
            "reason": "Flood in the shop",
            **changes,
        }

        answer = desk_client(olga).post(self.url(vera), values)

        assert answer.status_code == 422
        page = answer.content.decode()
        assert fault in page
        assert values["reason"] in page
        assert not TierPeriod.objects.exists()

    @pytest.mark.usefixtures("ladder")
    def test_is_taken_back_at_a_press(self, desk_client, olga, vera, now):
        services.grant(
            member=vera,
            key="guld",
            until=(now + 90 * DAY).date(),
            reason="Flood in the shop",
            staff=olga,
            now=now - DAY,
        )

        desk_client(olga).post(f"/members/{vera.public_id}/tier/end/")

        period = TierPeriod.objects.get(member=vera, ends_at=None)
        assert (period.key, period.cause) == ("bas", "ENDED")

    def test_is_not_there_without_tiers(self, desk_client, olga, vera):
        assert desk_client(olga).get(self.url(vera)).status_code == 404


class TestTheApi:
    def summary(self, client, api_key, member):
        url = reverse("api-points:member-summary", args=[member.public_id])
        bearer = {"Authorization": f"Bearer {api_key.plain}"}
        return client.get(url, headers=bearer).json()["tier"]

    def test_says_none_without_tiers(self, client, api_key, vera):
        assert self.summary(client, api_key, vera) is None

    @pytest.mark.usefixtures("ladder")
    def test_says_what_is_had_and_what_is_missing(self, client, api_key, vera, now):
        buy(vera, "6000.50", now)

        tier = self.summary(client, api_key, vera)

        assert (tier["key"], tier["name"], tier["isGranted"]) == (
            "silver",
            "Silver",
            False,
        )
        progress = tier["progress"]
        assert progress["measure"] == "spend"
        assert progress["counted"] == "6000.50"
        assert progress["next"]["key"] == "guld"
        assert progress["next"]["missing"] == "3999.50"
        assert progress["keep"]["needs"] == "4000"
        assert len(progress["words"]) == 2

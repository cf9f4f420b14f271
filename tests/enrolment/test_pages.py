"""The pages behind the link."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent import texts
from consent.models import ConsentEntry, Purpose, Text
from consent.selectors import permissions_of
from consent.texts import Wording
from enrolment import services
from enrolment.models import JoinLink
from enrolment.rules import LINK_LIFE
from members.models import Member
from messaging.models import Message
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register, token_in
from tests.factories.members import MemberFactory

CHANGES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    return programme


@pytest.fixture
def registration(programme, store, now):
    return register(programme, now=now, store=store)


@pytest.fixture
def url(registration):
    return reverse("enrolment:join", args=[token_in(registration.message)])


def answers(page, **changes):
    """Fill the form that a page shows."""
    values = {
        "first_name": "Vera",
        "last_name": "Lindqvist",
        "email": "vera@example.se",
        "birthday": "",
        "language": "sv",
        "shown": page.context["form"]["shown"].value(),
        "accepts_terms": "on",
        "SMS": "yes",
        "EMAIL": "no",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def post(client, url, **changes):
    return client.post(url, answers(client.get(url), **changes))


class TestOpening:
    @pytest.mark.parametrize("method", ["get", "head"])
    def test_changes_nothing_however_often(self, client, url, method):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for _time in range(5):
                assert getattr(client, method)(url).status_code == 200

        assert [
            query["sql"] for query in queries if query["sql"].startswith(CHANGES)
        ] == []
        assert JoinLink.objects.get().used_at is None
        # And then a person comes.
        assert post(client, url).status_code == 302

    def test_ticks_nothing_beforehand(self, client, url):
        page = client.get(url).content.decode()

        assert " checked" not in page

    def test_speaks_the_members_language(self, client, programme, now):
        made = register(programme, now=now, phone="070-174 06 06", language="da")
        url = reverse("enrolment:join", args=[token_in(made.message)])

        page = client.get(url)

        assert 'lang="da"' in page.content.decode()
        assert "Tilbud og nyheder på sms" in page.content.decode()

    def test_switches_language_when_asked(self, client, url):
        page = client.get(url, {"language": "en"}).content.decode()

        assert "Offers and news by SMS" in page

    def test_says_where_it_began_but_not_who_it_is_for(self, client, url, store):
        page = client.get(url).content.decode()

        assert store.name in page
        assert "174 06 05" not in page

    def test_costs_few_queries(self, client, url, django_assert_max_num_queries):
        with django_assert_max_num_queries(10):
            client.get(url)


class TestFinishing:
    def test_makes_a_member_and_welcomes_them(self, client, url, programme):
        answer = post(client, url)

        assert answer.url == reverse("enrolment:welcome")
        member = Member.objects.get()
        assert member.status == Member.Status.ACTIVE
        actions = {
            key[1]: entry.action for key, entry in permissions_of(member).items()
        }
        assert actions == {"SMS": "GIVEN", "EMAIL": "REFUSED"}
        welcome = client.get(answer.url).content.decode()
        assert "Vera" not in welcome

    def test_says_so_when_it_is_sent_twice(self, client, url):
        form = answers(client.get(url))
        client.post(url, form)

        again = client.post(url, form)

        assert again.status_code == 200
        assert again.context["state"] == "used"
        assert ConsentEntry.objects.count() == 2

    def test_shows_a_used_link_as_a_membership_without_its_owner(self, client, url):
        post(client, url)

        page = client.get(url)

        assert page.context["state"] == "used"
        assert "Vera" not in page.content.decode()
        assert "/me/" in page.content.decode()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"first_name": " "}, "first_name"),
            ({"last_name": ""}, "last_name"),
            ({"email": "vera(at)example.se"}, "email"),
            ({"email": "", "EMAIL": "yes"}, "email"),
            ({"birthday": "2020-01-01"}, "birthday"),
            ({"birthday": "2999-01-01"}, "birthday"),
            ({"language": "fi"}, "language"),
            ({"accepts_terms": None}, "accepts_terms"),
            ({"SMS": None}, "SMS"),
            ({"EMAIL": "perhaps"}, "EMAIL"),
        ],
    )
    def test_asks_again_beside_the_field_and_loses_nothing(
        self, client, url, changes, field
    ):
        page = post(client, url, **{"first_name": 'Ve"ra', **changes})

        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        html = page.content.decode()
        assert 'value="Lindqvist"' in html or "last_name" in changes
        assert 'value="Ve&quot;ra"' in html or "first_name" in changes
        assert Member.objects.get().status == Member.Status.PENDING

    def test_keeps_a_choice_that_was_made_when_another_is_missing(self, client, url):
        page = post(client, url, EMAIL=None).content.decode()

        assert page.count(" checked") == 2  # SMS: yes, and the terms

    def test_asks_again_when_the_texts_changed_meanwhile(
        self, client, url, programme, now
    ):
        form = answers(client.get(url))
        texts.publish(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel="SMS",
            wordings={"sv": Wording("Nytt via sms", "Nya ord.")},
            now=now,
        )

        page = client.post(url, form)

        assert page.status_code == 422
        html = page.content.decode()
        assert "Nya ord." in html
        assert 'value="Lindqvist"' in html
        # The old yes was to other words.
        assert " checked" not in html
        assert client.post(url, answers(page)).status_code == 302
        assert (
            permissions_of(Member.objects.get())["MARKETING", "SMS"].text.version == 2
        )

    def test_answers_the_same_whether_or_not_the_address_is_anothers(
        self, client, url, programme, now
    ):
        MemberFactory(programme=programme, email="vera@example.se")
        other = register(programme, now=now, phone="070-174 06 06")
        other_url = reverse("enrolment:join", args=[token_in(other.message)])

        taken = post(client, url, email="vera@example.se")
        free = post(client, other_url, email="free@example.se")

        assert (taken.status_code, taken.url) == (free.status_code, free.url)
        assert Member.objects.filter(status="ACTIVE").count() == 3

    def test_speaks_the_chosen_language_from_then_on(self, client, url):
        answer = post(client, url, language="en")

        assert "Welcome to" in client.get(answer.url).content.decode()


class TestAnUnusableLink:
    def test_that_is_unknown_says_what_to_do(self, client, programme):
        page = client.get(reverse("enrolment:join", args=["x" * 22]))

        assert (page.status_code, page.context["state"]) == (404, "unknown")

    @pytest.mark.parametrize("token", ["x", "%00", "å" * 22, "x" * 400, "terms"])
    def test_may_be_anything(self, client, programme, token):
        assert client.get(f"/join/{token}/").status_code == 404

    def test_that_is_too_old_offers_a_new_one_to_the_same_number(
        self, client, url, registration
    ):
        JoinLink.objects.update(
            expires_at=registration.message.queued_at,
            created_at=registration.message.queued_at - LINK_LIFE,
        )
        page = client.get(url)
        assert (page.status_code, page.context["state"]) == (410, "expired")

        answer = client.post(f"{url}resend/", {"phone": "+46701749999"})

        assert answer.url == reverse("enrolment:sent")
        assert client.get(answer.url).status_code == 200
        newest = Message.objects.latest("pk")
        assert newest.address == registration.member.phone
        new_url = reverse("enrolment:join", args=[token_in(newest)])
        assert client.get(new_url).status_code == 200

    def test_that_was_replaced_says_so(self, client, url, registration, now):
        services.resend_link(member=registration.member, now=now + timedelta(minutes=1))

        page = client.get(url)
        assert (page.status_code, page.context["state"]) == (410, "replaced")
        assert client.post(url, {}).status_code == 410

    def test_of_a_blocked_member_leads_to_the_store(self, client, url):
        Member.objects.update(status=Member.Status.BLOCKED)

        page = client.get(url)
        assert (page.status_code, page.context["state"]) == (403, "closed")


class TestResend:
    def test_waits_a_minute(self, client, url):
        page = client.post(f"{url}resend/")

        assert page.status_code == 429
        assert 0 < int(page["Retry-After"]) <= 60
        assert Message.objects.count() == 1

    def test_stops_at_the_limit_of_the_number(self, client, url, registration):
        for _time in range(4):
            JoinLink.objects.update(
                created_at=registration.message.queued_at - timedelta(hours=1)
            )
            page = client.post(f"{url}resend/")

        assert page.status_code == 429
        assert page.context["is_refused"]
        assert Message.objects.count() == 3

    def test_sends_nothing_to_a_member_who_has_finished(self, client, url):
        post(client, url)
        before = Message.objects.count()

        page = client.post(f"{url}resend/")

        assert page.context["state"] == "used"
        assert Message.objects.count() == before

    def test_sends_nothing_for_an_unknown_link(self, client, programme):
        page = client.post(reverse("enrolment:resend", args=["x" * 22]))

        assert page.status_code == 404
        assert not Message.objects.exists()

    def test_is_not_done_by_looking(self, client, url):
        assert client.get(f"{url}resend/").status_code == 405


class TestTerms:
    @pytest.mark.parametrize(
        ("language", "title"),
        [("sv", "Medlemsvillkor"), ("da", "Medlemsvilkår"), ("en", "Membership terms")],
    )
    def test_are_open_to_everybody(self, client, programme, language, title):
        page = client.get(reverse("enrolment:terms", args=[language]))

        assert title in page.content.decode()

    def test_are_not_there_in_other_languages(self, client, programme):
        assert client.get("/join/terms/fi/").status_code == 404

    def test_are_not_there_before_they_are_published(self, client, db):
        assert client.get("/join/terms/sv/").status_code == 404

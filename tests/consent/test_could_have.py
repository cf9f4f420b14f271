"""The page that answers whether a message could have been sent."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import translation

from consent.models import ConsentEntry
from consent.selectors import current_text
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.consent import publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

URL = "privacy:could-have"


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def dpo(programme):
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


@pytest.fixture
def member(programme, now):
    member = MemberFactory(programme=programme, first_name="Siv", last_name="Gran")
    said(member, ConsentEntry.Action.GIVEN, now - timedelta(days=10))
    return member


def said(member, action, at):
    """Write down what a member said when they said it."""
    publish_texts(member.programme)
    text = current_text(
        programme=member.programme,
        kind="CONSENT",
        purpose="MARKETING",
        channel="SMS",
        language="sv",
    )
    return ConsentEntry.objects.create(
        member=member,
        purpose="MARKETING",
        channel="SMS",
        action=action,
        at=at,
        recorded_at=at,
        source="PORTAL",
        actor="member",
        text=text if action == "GIVEN" else None,
    )


def typed(member, at, **changes):
    return {
        "words": member.number,
        "kind": "MARKETING:MARKETING",
        "channel": "SMS",
        "at": f"{at.astimezone(member.programme.zone):%Y-%m-%dT%H:%M}",
        **changes,
    }


class TestCouldHave:
    def test_leads_to_an_address_that_names_nobody(self, desk_client, dpo, member, now):
        answered = desk_client(dpo).post(
            reverse(URL), typed(member, now - timedelta(days=1))
        )

        query = parse_qs(urlsplit(answered.url).query)
        assert query["member"] == [str(member.public_id)]
        assert member.number not in answered.url

    @pytest.mark.parametrize("words", ["number", "phone", "email", "name"])
    def test_finds_by_all_that_is_known(self, desk_client, dpo, member, now, words):
        answered = desk_client(dpo).post(
            reverse(URL), typed(member, now, words=getattr(member, words))
        )

        assert answered.status_code == 302

    def test_answers_yes_with_every_check_and_the_words(
        self, desk_client, dpo, member, now
    ):
        page = desk_client(dpo).post(
            reverse(URL), typed(member, now - timedelta(days=1)), follow=True
        )

        assert page.context["answer"].allowed
        text = page.content.decode()
        for check in page.context["answer"].checks:
            assert check.result in text or "&" in text
        assert "får skicka mig" in text

    def test_goes_by_the_instant(self, desk_client, dpo, member, now):
        said(member, ConsentEntry.Action.WITHDRAWN, now - timedelta(days=3))
        client = desk_client(dpo)
        codes = [
            str(
                client.post(
                    reverse(URL), typed(member, now - timedelta(days=days)), follow=True
                )
                .context["answer"]
                .code
            )
            for days in (1, 4, 11)
        ]

        assert codes == ["withdrawn", "consent_given", "never_asked"]

    def test_asks_which_one_is_meant(self, desk_client, dpo, member, now):
        MemberFactory(programme=member.programme, first_name="Siv", last_name="Gran")
        page = desk_client(dpo).post(reverse(URL), typed(member, now, words="Siv Gran"))

        assert len(page.context["choices"]) == 2

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"words": "9999 0000 1111"}, "Nobody was found."),
            ({"at": "2099-01-01T10:00"}, "That has not been yet."),
            ({"kind": "BRIBE:"}, "Select a valid choice"),
        ],
    )
    def test_refuses_what_cannot_be_answered(
        self, desk_client, dpo, member, now, changes, said
    ):
        page = desk_client(dpo).post(reverse(URL), {**typed(member, now), **changes})

        assert page.status_code == 422
        assert said in page.content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            {"member": "x"},
            {"kind": "MARKETING:MARKETING", "channel": "SMS", "at": "2026-01-01"},
            {"kind": "MARKETING:MARKETING", "channel": "SMS", "at": "2026-99-99T00:00"},
            {"kind": "NO", "channel": "SMS", "at": "2026-01-01T00:00:00+00:00"},
        ],
    )
    def test_shows_the_form_for_a_broken_address(self, desk_client, dpo, member, query):
        page = desk_client(dpo).get(reverse(URL), {"member": member.public_id, **query})

        assert page.status_code == 200
        assert page.context["answer"] is None

    def test_is_on_record(self, desk_client, dpo, member, now):
        desk_client(dpo).post(reverse(URL), typed(member, now), follow=True)

        written = AuditEntry.objects.get(action="privacy.could_have_asked")
        assert (written.actor_id, written.member_id) == (
            dpo.public_id,
            member.public_id,
        )

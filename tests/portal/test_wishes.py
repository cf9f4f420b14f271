"""Choices by the link in a message, without signing in."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from consent.models import Channel, ConsentEntry, Purpose
from consent.selectors import find_permission, permissions_of
from members import services as members
from members.merging import merge_members
from members.models import Identifier
from messaging import unsubscribe
from messaging.models import Message
from tests.factories.consent import answer, publish_texts
from tests.factories.messaging import queue
from tests.factories.preferences import filled, permit

GIVEN = ConsentEntry.Action.GIVEN


@pytest.fixture(autouse=True)
def _texts(programme):
    publish_texts(programme)


@pytest.fixture
def offer(vera):
    """An offer that Vera got by e-mail."""
    answer(vera, GIVEN, channel=Channel.EMAIL)
    answer(vera, GIVEN, channel=Channel.SMS)
    return queue(
        vera,
        now=datetime.now(UTC),
        channel=Channel.EMAIL,
        message_class=Message.Class.MARKETING,
    )


@pytest.fixture
def link(offer):
    return reverse("portal:wishes", args=[unsubscribe.token_of(offer)])


@pytest.fixture
def stop(offer):
    return reverse("portal:wishes-stop", args=[unsubscribe.token_of(offer)])


def said(member, channel):
    entry = find_permission(member, purpose=Purpose.MARKETING, channel=channel)
    return entry.action if entry else None


class TestTheLink:
    def test_shows_the_choices_and_no_personal_data(self, browser, link, vera):
        page = browser.get(link)

        assert page.status_code == 200
        text = page.content.decode()
        for secret in (vera.email, vera.phone, vera.last_name, vera.number):
            assert secret not in text
        assert page["Referrer-Policy"] == "same-origin"
        assert page["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_changes_nothing_when_a_scanner_opens_it(
        self, browser, link, stop, vera, method
    ):
        for address in (link, stop) * 3:
            assert getattr(browser, method)(address).status_code == 200

        assert said(vera, Channel.EMAIL) == said(vera, Channel.SMS) == GIVEN
        assert ConsentEntry.objects.filter(member=vera).count() == 2

    def test_names_the_message_by_which_a_yes_was_taken_back(
        self, browser, link, vera, offer
    ):
        browser.post(link, {"do": "stop"})

        assert said(vera, Channel.EMAIL) == said(vera, Channel.SMS) == "WITHDRAWN"
        entry = find_permission(vera, purpose=Purpose.MARKETING, channel=Channel.EMAIL)
        assert entry.source == ConsentEntry.Source.LINK
        assert entry.evidence == {"message": str(offer.public_id)}

    def test_takes_one_channel_back(self, browser, link, vera):
        browser.post(link, filled(browser.get(link), yes_marketing_email=None))

        assert said(vera, Channel.EMAIL) == "WITHDRAWN"
        assert said(vera, Channel.SMS) == GIVEN

    def test_is_refused_when_forged_or_old(self, browser, link, offer):
        token = unsubscribe.token_of(offer)
        forged = [
            token[:-1] + ("A" if token[-1] != "A" else "B"),
            token.replace(".", ""),
            "E" + token[1:],
            "x" * 500,
            "å.ä.ö",
        ]
        for each in forged:
            page = browser.post(reverse("portal:wishes", args=[each]), {"do": "stop"})
            assert page.status_code == 404
        with time_machine.travel(datetime.now(UTC) + unsubscribe.LINK_LIFE * 1.01):
            assert browser.get(link).status_code == 404

    def test_is_refused_when_the_member_is_erased(self, browser, link, vera, now):
        members.leave(member=vera, now=now)
        assert browser.get(link).status_code == 200

        type(vera).objects.filter(pk=vera.pk).update(
            status="ERASED", phone="", email="", first_name="", last_name=""
        )

        page = browser.get(link)
        assert page.status_code == 404
        assert reverse("portal:sign-in") in page.content.decode()

    def test_leads_who_was_merged_to_the_member_that_was_kept(
        self, browser, link, vera, bo, olga, now
    ):
        answer(bo, GIVEN, channel=Channel.SMS)
        merge_members(kept=bo, merged=vera, staff=olga, reason="Twice", now=now)
        vera.refresh_from_db()
        assert vera.merged_into == bo

        assert browser.get(link).context["centre"].member == bo
        browser.post(link, {"do": "stop"})

        assert said(bo, Channel.SMS) == "WITHDRAWN"

    def test_is_refused_when_the_address_is_not_theirs_any_more(
        self, browser, link, stop, vera
    ):
        """Whoever reads the old inbox sees nothing; the mail's own button works."""
        type(vera).objects.filter(pk=vera.pk).update(email="vera.ny@example.se")
        Identifier.objects.filter(member=vera, value="vera@example.se").update(
            ended_at=datetime.now(UTC), end="CHANGED"
        )

        assert browser.get(link).status_code == 404
        assert browser.post(link, {"do": "stop"}).status_code == 404
        assert said(vera, Channel.EMAIL) == GIVEN

        assert "v•••@" not in browser.get(stop).content.decode()
        browser.post(stop)
        assert said(vera, Channel.EMAIL) == "WITHDRAWN"

    def test_is_believed_when_the_message_was_emptied(self, browser, link, offer):
        Message.objects.filter(pk=offer.pk).update(address="", body="")

        assert browser.get(link).status_code == 200

    def test_of_another_reaches_only_that_other(self, browser, link, vera, bo):
        """A link cannot be turned into one for somebody else."""
        answer(bo, GIVEN, channel=Channel.SMS)
        browser.post(link, {"do": "stop", "member": str(bo.public_id)})

        assert said(bo, Channel.SMS) == GIVEN


class TestOneClick:
    def test_stops_the_channel_without_cookie_or_token(self, stop, vera):
        strict = Client(enforce_csrf_checks=True)

        page = strict.post(stop, {"List-Unsubscribe": "One-Click"})

        assert page.status_code == 200
        assert said(vera, Channel.EMAIL) == "WITHDRAWN"
        assert said(vera, Channel.SMS) == GIVEN

    def test_is_named_in_the_headers_of_marketing_only(self, offer, vera):
        headers = unsubscribe.headers_of(offer)

        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Unsubscribe"].startswith("<http")
        offer.message_class = Message.Class.SERVICE
        assert unsubscribe.headers_of(offer) == {}

    def test_takes_back_every_purpose_of_the_channel(self, browser, stop, vera):
        permit(vera, Purpose.SURVEYS, Channel.EMAIL)
        permit(vera, Purpose.PROFILING, Channel.ANY)

        browser.post(stop, {"List-Unsubscribe": "One-Click"})

        said_now = {key: each.action for key, each in permissions_of(vera).items()}
        assert said_now == {
            (Purpose.MARKETING, Channel.EMAIL): "WITHDRAWN",
            (Purpose.SURVEYS, Channel.EMAIL): "WITHDRAWN",
            (Purpose.MARKETING, Channel.SMS): GIVEN,
            (Purpose.PROFILING, Channel.ANY): GIVEN,
        }

    def test_works_twice(self, browser, stop, vera):
        browser.post(stop)
        browser.post(stop)

        entries = ConsentEntry.objects.filter(member=vera, channel=Channel.EMAIL)
        assert entries.count() == 2

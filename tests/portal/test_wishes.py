"""Choices by the link in a message, without signing in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from consent import contact
from consent.models import Channel, ConsentEntry, Purpose
from consent.selectors import find_permission
from members import services as members
from messaging import unsubscribe
from messaging.models import Message
from tests.factories.consent import answer, publish_texts
from tests.factories.messaging import queue

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

    def test_stops_everything_with_one_button(self, browser, link, vera, offer):
        browser.post(link, {"stop_all": "1"})

        assert said(vera, Channel.EMAIL) == said(vera, Channel.SMS) == "WITHDRAWN"
        entry = find_permission(vera, purpose=Purpose.MARKETING, channel=Channel.EMAIL)
        assert entry.source == ConsentEntry.Source.LINK
        assert entry.evidence == {"message": str(offer.public_id)}

    def test_takes_one_channel_back_and_gives_it_again(self, browser, link, vera):
        browser.post(link, {"yes_sms": "on"})
        assert said(vera, Channel.EMAIL) == "WITHDRAWN"

        browser.post(link, {"yes_sms": "on", "yes_email": "on"})

        assert said(vera, Channel.EMAIL) == GIVEN
        entry = find_permission(vera, purpose=Purpose.MARKETING, channel=Channel.EMAIL)
        assert entry.text.channel == Channel.EMAIL

    def test_writes_nothing_down_when_nothing_changes(self, browser, link, vera):
        browser.post(link, {"yes_sms": "on", "yes_email": "on"})

        assert ConsentEntry.objects.filter(member=vera).count() == 2

    def test_keeps_how_often_and_a_pause(self, browser, link, vera):
        both = {"yes_sms": "on", "yes_email": "on"}
        browser.post(link, {**both, "per_week": "2", "snooze": "30"})

        held = contact.preference_of(vera)
        assert held.per_week == 2
        assert held.snoozed_until > datetime.now(UTC) + timedelta(days=29)

        browser.post(link, {**both, "per_week": "", "snooze": "0"})

        held = contact.preference_of(vera)
        assert (held.per_week, held.snoozed_until) == (None, None)

    @pytest.mark.parametrize("nonsense", ["x", "-1", "1e9", "99999999999999"])
    def test_takes_no_nonsense_for_a_wish(self, browser, link, vera, nonsense):
        data = {"yes_sms": "on", "yes_email": "on"}

        page = browser.post(
            link,
            {**data, "per_week": nonsense, "snooze": nonsense, "text_sms": nonsense},
        )

        assert page.status_code == 302
        held = contact.preference_of(vera)
        assert (held.per_week, held.snoozed_until) == (None, None)

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
            page = browser.post(reverse("portal:wishes", args=[each]), {"stop_all": 1})
            assert page.status_code == 404
        with time_machine.travel(datetime.now(UTC) + unsubscribe.LINK_LIFE * 1.01):
            assert browser.get(link).status_code == 404

    def test_is_refused_when_the_member_is_erased(self, browser, link, vera, now):
        members.leave(member=vera, now=now)
        assert browser.get(link).status_code == 200

        type(vera).objects.filter(pk=vera.pk).update(
            status="ERASED", phone="", email="", first_name="", last_name=""
        )

        assert browser.get(link).status_code == 404


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

    def test_works_twice(self, browser, stop, vera):
        browser.post(stop)
        browser.post(stop)

        entries = ConsentEntry.objects.filter(member=vera, channel=Channel.EMAIL)
        assert entries.count() == 2

"""The simulator's page."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from consent.models import Channel
from messaging.models import Message
from messaging.services import send_due
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue

URL = reverse("messaging:outbox")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def member(programme):
    return MemberFactory(
        programme=programme, phone="+46701740605", email="v@example.se"
    )


class TestOutbox:
    def test_does_not_exist_without_the_simulator(self, client, member, now, settings):
        settings.MESSAGE_SIMULATOR = False
        queue(member, now=now)

        assert client.get(URL).status_code == 404

    def test_shows_an_sms_on_its_phone_with_its_link(self, client, member, now):
        queue(
            member,
            now=now,
            kind="join_link",
            context={"link": "http://127.0.0.1:8000/join/abc/"},
        )
        send_due(now=now)

        page = client.get(URL).content.decode()

        assert "070-174 06 05" in page
        assert '<a href="http://127.0.0.1:8000/join/abc/"' in page

    def test_shows_times_by_the_clocks_of_the_programme(self, client, member):
        at = datetime(2026, 7, 1, 22, 15, tzinfo=UTC)
        queue(member, now=at)
        send_due(now=at)

        page = client.get(URL).content.decode()

        assert "00:15" in page
        assert "22:15" not in page

    def test_shows_a_letter(self, client, member, now):
        queue(member, now=now, channel=Channel.EMAIL)

        page = client.get(URL).content.decode()

        assert "v@example.se" in page
        assert "Välkommen till Ljung &amp; Dal" in page

    def test_shows_hostile_names_as_text(self, client, member, now):
        name = "<script>alert(1)</script>"
        queue(member, now=now, context={"first_name": name, "number": "1"})

        page = client.get(URL).content.decode()

        assert name not in page
        assert "&lt;script&gt;" in page

    def test_says_why_a_message_was_not_sent(self, client, member, now):
        queue(member, now=now, message_class=Message.Class.MARKETING)

        assert "never_asked" in client.get(URL).content.decode()

    def test_finds_a_number_however_it_is_typed(self, client, programme, member, now):
        other = MemberFactory(programme=programme, phone="+46701740699")
        for receiver in (member, other):
            queue(receiver, now=now)

        page = client.get(URL, {"to": "070-174 06 05"}).content.decode()

        assert "070-174 06 05" in page
        assert "070-174 06 99" not in page

    def test_has_something_to_say_when_empty(self, client, programme):
        assert "c-empty" not in client.get(URL).content.decode()
        assert client.get(URL).status_code == 200

    def test_gives_htmx_only_the_part_that_changes(self, client, member, now):
        queue(member, now=now)

        whole = client.get(URL).content.decode()
        part = client.get(URL, headers=HTMX).content.decode()

        assert "<html" in whole
        assert "<html" not in part
        assert 'id="outbox"' in part

    def test_answers_htmx_with_nothing_while_nothing_is_new(self, client, member, now):
        queue(member, now=now)
        seen = client.get(URL).context["seen"]

        assert client.get(URL, {"seen": seen}, headers=HTMX).status_code == 204

        queue(member, now=now)
        assert client.get(URL, {"seen": seen}, headers=HTMX).status_code == 200

    def test_asks_the_database_little(
        self, client, member, now, django_assert_max_num_queries
    ):
        for _message in range(30):
            queue(member, now=now)

        with django_assert_max_num_queries(5):
            client.get(URL)

    @pytest.mark.parametrize("method", ["post", "put", "delete"])
    def test_is_only_read(self, client, programme, method):
        assert getattr(client, method)(URL).status_code == 405

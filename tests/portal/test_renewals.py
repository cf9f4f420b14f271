"""Being asked again: on the member's pages, by a message, and by its link."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from consent import renewals as asked_again
from consent import services
from consent.models import ConsentEntry, Renewal
from consent.selectors import current_text, find_permission
from consent.texts import editing
from messaging import services as messaging
from messaging.models import Message
from portal import renewals, tasks
from stores.roles import Role
from tests.factories.consent import answer, publish_change, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

NEWS = {"sv": "Vi skriver om kurser.", "da": "Kurser.", "en": "Courses too."}
SMS = {"kind": "CONSENT", "purpose": "MARKETING", "channel": "SMS"}
PROFILING = {"kind": "CONSENT", "purpose": "PROFILING", "channel": "ANY"}
TERMS = {"kind": "TERMS"}


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def publish(programme, mia, now):
    """Publish a material edition and ask who agreed to an earlier one."""
    dora = StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)

    def change(slot=SMS):
        publish_texts(programme)
        draft = editing.write_draft(programme=programme, staff=mia, now=now, **slot)
        days = {
            "holds_from" if slot is TERMS else "answer_by": now.date()
            + timedelta(days=40)
        }
        edition = publish_change(
            draft,
            writer=mia,
            publisher=dora,
            now=now,
            is_material=True,
            news=NEWS,
            **days,
        )
        asked_again.ask_again(edition)
        return edition

    return change


@pytest.fixture
def asked(vera, publish, now):
    answer(vera, "GIVEN", at=now - timedelta(days=90))
    publish()
    return Renewal.objects.get(member=vera)


@pytest.fixture
def told_terms(vera, publish, now):
    publish_texts(vera.programme)
    text = current_text(programme=vera.programme, kind="TERMS", language="sv")
    services.accept_terms(member=vera, text=text, at=now, source="PORTAL")
    publish(TERMS)
    return Renewal.objects.get(member=vera)


def latest(member):
    return find_permission(member, purpose="MARKETING", channel="SMS")


def say(client, renewal, said, address=None):
    data = {"renewal": str(renewal.public_id), "answer": said}
    return client.post(address or reverse("portal:renewals"), data)


class TestHome:
    def test_tells_of_it_while_it_is_open(self, as_vera, asked):
        link = reverse("portal:renewals")

        before = as_vera.get(reverse("portal:home")).content.decode()
        say(as_vera, asked, "yes")
        after = as_vera.get(reverse("portal:home")).content.decode()

        assert link in before
        assert link not in after


class TestPage:
    def test_shows_what_is_new_and_two_answers_alike(self, as_vera, asked):
        page = as_vera.get(reverse("portal:renewals")).content.decode()

        assert "Vi skriver om kurser." in page
        assert "<ins>Vi hör av oss högst en gång i veckan.</ins>" in page
        buttons = [
            line.split(">")[0].replace('value="no"', 'value="yes"')
            for line in page.split("<button")
            if 'name="answer"' in line.split(">")[0]
        ]
        assert len(buttons) == 2
        assert buttons[0] == buttons[1]
        assert "checked" not in page

    def test_changes_nothing_by_being_opened(self, as_vera, vera, asked):
        as_vera.get(reverse("portal:renewals"))

        asked.refresh_from_db()
        assert (asked.outcome, ConsentEntry.objects.count()) == ("OPEN", 1)

    def test_takes_a_yes_to_the_new_words(self, as_vera, vera, asked):
        response = say(as_vera, asked, "yes")

        assert response["Location"] == reverse("portal:renewals")
        entry = latest(vera)
        assert (entry.action, entry.text.version) == ("GIVEN", 2)
        assert entry.source == ConsentEntry.Source.PORTAL
        assert "session" in entry.evidence

    def test_takes_a_no(self, as_vera, vera, asked):
        say(as_vera, asked, "no")

        assert latest(vera).action == ConsentEntry.Action.WITHDRAWN
        assert as_vera.get(reverse("portal:renewals")).status_code == 200

    @pytest.mark.parametrize("said", ["", "maybe", "on"])
    def test_takes_nothing_else(self, as_vera, asked, said):
        say(as_vera, asked, said)

        asked.refresh_from_db()
        assert asked.outcome == "OPEN"

    def test_answers_nobody_elses_question(self, as_vera, bo, publish, now):
        answer(bo, "GIVEN", at=now - timedelta(days=9))
        publish()
        theirs = Renewal.objects.get(member=bo)

        say(as_vera, theirs, "no")

        theirs.refresh_from_db()
        assert theirs.outcome == "OPEN"

    def test_lets_terms_be_accepted_but_refused_only_by_leaving(
        self, as_vera, told_terms
    ):
        page = as_vera.get(reverse("portal:renewals")).content.decode()
        say(as_vera, told_terms, "no")

        told_terms.refresh_from_db()
        assert told_terms.outcome == "OPEN"
        assert reverse("portal:leave") in page
        say(as_vera, told_terms, "yes")
        told_terms.refresh_from_db()
        assert told_terms.outcome == "YES"


class TestLink:
    def test_answers_without_signing_in(self, browser, vera, asked):
        address = "/me/" + renewals.link_for(asked).split("/me/")[1]

        page = browser.get(address)
        say(browser, asked, "no", address)

        assert page["Cache-Control"] == "no-store"
        assert vera.email not in page.content.decode()
        entry = latest(vera)
        assert (entry.action, entry.source) == ("WITHDRAWN", "LINK")
        assert entry.evidence["link"] == str(asked.public_id)

    @pytest.mark.parametrize("token", ["x", "AAAA.BBBB.CCCC", "x" * 300])
    def test_is_refused_when_forged(self, browser, programme, token):
        page = browser.get(reverse("portal:renewals-link", args=[token]))

        assert page.status_code == 404


class TestTell:
    def test_asks_by_the_channel_that_the_yes_is_for(self, vera, asked, now):
        assert renewals.tell(now=now) == 1

        message = Message.objects.get()
        assert (message.message_class, message.channel, message.state) == (
            "MARKETING",
            "SMS",
            "NEW",
        )
        assert message.gate["entry_id"] == latest(vera).pk
        assert "/me/renewals/" in message.body
        assert renewals.tell(now=now) == 0

    def test_writes_to_nobody_who_has_stopped(self, vera, asked, now):
        answer(vera, "WITHDRAWN", at=now)

        assert renewals.tell(now=now) == 0

    def test_notes_who_was_told_once_it_is_sent(self, asked, now):
        renewals.tell(now=now)
        assert renewals.note_told() == 0

        messaging.send_due(now=now)

        assert renewals.note_told() == 1
        asked.refresh_from_db()
        assert asked.told_at is not None

    def test_tells_of_terms_as_a_service(self, vera, told_terms, now):
        assert tasks.tell_renewals() == 1

        message = Message.objects.get()
        assert (message.message_class, message.channel) == ("SERVICE", "EMAIL")
        assert "Vi skriver om kurser." in message.body

    def test_asks_about_profiling_only_where_offers_may_be_sent(
        self, programme, vera, publish, now
    ):
        publish_texts(programme)
        text = current_text(programme=programme, language="sv", **PROFILING)
        silent = MemberFactory(programme=programme)
        for member in (vera, silent):
            services.choose(
                member=member,
                purpose="PROFILING",
                channel="ANY",
                yes=True,
                text=text,
                source="PORTAL",
                evidence={},
                now=now,
            )
        answer(vera, "GIVEN", channel="EMAIL", at=now)
        publish(PROFILING)

        renewals.tell(now=now)

        message = Message.objects.get()
        assert (message.member, message.channel) == (vera, "EMAIL")
        assert Renewal.objects.count() == 2

    def test_goes_through_a_set_in_batches(self, programme, publish, now):
        for _each in range(5):
            answer(MemberFactory(programme=programme), "GIVEN")
        publish()

        counts = [renewals.tell(now=now, limit=3) for _each in range(3)]

        assert counts == [3, 2, 0]
        assert Message.objects.count() == 5

"""Permissions with proof."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from consent import selectors, services
from consent.models import (
    Channel,
    ConsentEntry,
    Edition,
    Purpose,
    TermsAcceptance,
    Text,
)
from members import events
from members.models import Event
from tests.factories.consent import answer, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

GIVEN = ConsentEntry.Action.GIVEN
REFUSED = ConsentEntry.Action.REFUSED
WITHDRAWN = ConsentEntry.Action.WITHDRAWN


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def sms_text(programme):
    publish_texts(programme)
    return selectors.current_text(
        programme=programme,
        kind=Text.Kind.CONSENT,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        language="sv",
    )


def record(member, now, **changes):
    values = {
        "member": member,
        "purpose": Purpose.MARKETING,
        "channel": Channel.SMS,
        "action": GIVEN,
        "at": now,
        "source": ConsentEntry.Source.PORTAL,
        "actor": services.MEMBER,
        **changes,
    }
    return services.record_entry(**values)


class TestRecordEntry:
    def test_keeps_who_said_what_to_which_words(self, member, sms_text, now):
        entry = record(member, now, text=sms_text, evidence={"join_link": "0199"})

        entry.refresh_from_db()
        assert (entry.action, entry.at, entry.actor) == (GIVEN, now, "member")
        assert entry.text == sms_text
        assert entry.evidence == {"join_link": "0199"}

    @pytest.mark.parametrize(
        ("action", "kind", "words"),
        [
            (GIVEN, "consent.given", "Said yes to offers and news by SMS."),
            (REFUSED, "consent.refused", "Said no to offers and news by SMS."),
            (WITHDRAWN, "consent.withdrawn", "Stopped offers and news by SMS."),
        ],
    )
    def test_tells_the_timeline(
        self, member, sms_text, now, action, kind, words, settings
    ):
        settings.LANGUAGE_CODE = "en"
        entry = record(member, now, action=action, text=sms_text)

        event = Event.objects.get(member=member)
        assert (event.kind, event.subject_id) == (kind, entry.public_id)
        assert events.describe(event) == words
        assert member.phone not in str(event.data)

    def test_refuses_a_yes_without_the_words(self, member, now):
        with pytest.raises(services.TextMismatch):
            record(member, now)

        assert not ConsentEntry.objects.exists()

    def test_takes_a_no_without_the_words(self, member, now):
        assert record(member, now, action=WITHDRAWN).text is None

    def test_refuses_the_words_of_another_channel(self, member, sms_text, now):
        with pytest.raises(services.TextMismatch):
            record(member, now, channel=Channel.EMAIL, text=sms_text)

    def test_refuses_the_words_of_another_club(self, sms_text, now):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))

        with pytest.raises(services.TextMismatch):
            record(stranger, now, text=sms_text)

    def test_refuses_words_that_were_never_published(self, member, programme, now):
        edition = Edition.objects.create(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            number=9,
            written_at=now,
        )
        draft = Text.objects.create(
            programme=programme,
            edition=edition,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            version=9,
            language="sv",
            title="Utkast",
            body="Utkast",
            text_hash=b"x",
        )

        with pytest.raises(services.TextMismatch):
            record(member, now, text=draft)

    def test_refuses_an_unknown_purpose(self, member, sms_text, now):
        with pytest.raises(ValueError, match="EVERYTHING"):
            record(member, now, purpose="EVERYTHING", text=sms_text)

    def test_is_never_changed_afterwards(self, member, sms_text, now):
        entry = record(member, now, text=sms_text)

        for change in (
            lambda: ConsentEntry.objects.filter(pk=entry.pk).update(action=REFUSED),
            lambda: ConsentEntry.objects.filter(pk=entry.pk).delete(),
        ):
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
            ):
                change()


class TestAcceptTerms:
    def test_is_kept_once_for_each_version(self, member, programme, now):
        publish_texts(programme)
        text = selectors.current_text(
            programme=programme, kind=Text.Kind.TERMS, language="sv"
        )

        first = services.accept_terms(
            member=member, text=text, at=now, source=ConsentEntry.Source.JOIN_LINK
        )
        second = services.accept_terms(
            member=member,
            text=text,
            at=now + timedelta(days=1),
            source=ConsentEntry.Source.PORTAL,
        )

        assert first == second
        assert TermsAcceptance.objects.get().at == now

    def test_refuses_a_consent_text(self, member, sms_text, now):
        with pytest.raises(services.TextMismatch):
            services.accept_terms(
                member=member,
                text=sms_text,
                at=now,
                source=ConsentEntry.Source.JOIN_LINK,
            )


class TestPermissionsOf:
    def test_gives_the_latest_word_on_each_channel(self, member, now):
        answer(member, GIVEN, channel=Channel.SMS, at=now)
        answer(member, WITHDRAWN, channel=Channel.SMS, at=now + timedelta(hours=1))
        answer(member, REFUSED, channel=Channel.EMAIL, at=now)

        found = selectors.permissions_of(member)

        assert {key: entry.action for key, entry in found.items()} == {
            ("MARKETING", "SMS"): WITHDRAWN,
            ("MARKETING", "EMAIL"): REFUSED,
        }

    def test_is_empty_for_whoever_was_never_asked(self, member):
        assert selectors.permissions_of(member) == {}

    def test_lets_the_later_row_win_at_the_same_moment(self, member, now):
        answer(member, GIVEN, at=now)
        answer(member, WITHDRAWN, at=now)

        entry = selectors.find_permission(
            member, purpose=Purpose.MARKETING, channel=Channel.SMS
        )
        assert entry.action == WITHDRAWN

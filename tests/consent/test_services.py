"""Permissions with proof."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from consent import selectors, services, texts
from consent.models import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Edition,
    Purpose,
    TermsAcceptance,
    Text,
)
from consent.texts import Wording
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


class TestPublish:
    def test_gives_every_language_the_same_new_version(self, programme, now):
        wordings = {"sv": Wording("Villkor", "A"), "en": Wording("Terms", "B")}
        for _time in range(2):
            made = texts.publish(
                programme=programme,
                kind=Text.Kind.TERMS,
                wordings=wordings,
                now=now,
            )

        assert {(text.language, text.version) for text in made} == {
            ("sv", 2),
            ("en", 2),
        }
        assert (
            selectors.current_text(
                programme=programme, kind=Text.Kind.TERMS, language="en"
            ).body
            == "B"
        )

    def test_falls_back_to_the_language_of_the_club(self, programme, now):
        texts.publish(
            programme=programme,
            kind=Text.Kind.TERMS,
            wordings={"sv": Wording("Villkor", "A")},
            now=now,
        )

        text = selectors.current_text(
            programme=programme, kind=Text.Kind.TERMS, language="da"
        )
        assert text.language == "sv"

    def test_says_when_there_is_nothing(self, programme):
        with pytest.raises(Text.DoesNotExist):
            selectors.current_text(
                programme=programme, kind=Text.Kind.TERMS, language="sv"
            )

    def test_is_never_changed_afterwards(self, programme):
        text = publish_texts(programme)[0]

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Text.objects.filter(pk=text.pk).update(body="Allt är tillåtet")

    def test_refuses_a_version_without_words(self, programme, now):
        with pytest.raises(ValueError, match="language"):
            texts.publish(
                programme=programme, kind=Text.Kind.TERMS, wordings={}, now=now
            )


class TestPublishDefaults:
    def test_publishes_terms_and_permissions_apart_in_three_languages(self, programme):
        made = publish_texts(programme)

        assert {(text.kind, text.channel, text.language) for text in made} == {
            (kind, channel, language)
            for kind, channel in [
                ("TERMS", ""),
                ("CONSENT", "SMS"),
                ("CONSENT", "EMAIL"),
            ]
            for language in ("sv", "da", "en")
        }
        assert {text.version for text in made} == {1}

    def test_publishes_once(self, programme):
        publish_texts(programme)

        assert publish_texts(programme) == []

    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    @pytest.mark.parametrize("channel", MESSAGE_CHANNELS)
    def test_names_company_channel_and_the_way_back(self, programme, language, channel):
        publish_texts(programme)
        text = selectors.current_text(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=channel,
            language=language,
        )

        said = f"{text.title} {text.body}".lower()
        named = {"SMS": ["sms"], "EMAIL": ["e-post", "e-mail"]}[channel]
        at_any_time = {
            "sv": "när som helst",
            "da": "når som helst",
            "en": "at any time",
        }
        assert "Ljung & Dal AB" in text.body
        assert any(name in said for name in named)
        assert at_any_time[language] in text.body

    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    def test_keeps_marketing_out_of_the_terms(self, programme, language):
        publish_texts(programme)
        text = selectors.current_text(
            programme=programme, kind=Text.Kind.TERMS, language=language
        )

        no_part = {
            "sv": "inte en del av de här villkoren",
            "da": "ikke en del af disse vilkår",
            "en": "no part of these terms",
        }
        assert no_part[language] in text.body

    def test_names_the_authority_of_the_country(self, programme):
        danish = ProgrammeFactory(name="Dansk", country="DK", language="da")
        for club in (programme, danish):
            publish_texts(club)

        bodies = {
            club.country: selectors.current_text(
                programme=club, kind=Text.Kind.TERMS, language="en"
            ).body
            for club in (programme, danish)
        }
        assert "IMY" in bodies["SE"]
        assert "Datatilsynet" not in bodies["SE"]
        assert "Datatilsynet" in bodies["DK"]

    def test_proves_the_words_by_their_hash(self, programme):
        text = publish_texts(programme)[0]

        same = Wording(text.title, text.body)
        other = Wording(text.title, text.body + ".")
        assert bytes(text.text_hash) == texts.digest(same)
        assert bytes(text.text_hash) != texts.digest(other)


class TestSections:
    def test_cuts_a_text_at_its_headings(self):
        found = texts.sections("Först.\n\n## Ett\n\nA\nB\n\nC\n\n## Två\n\nD")

        assert [(section.heading, section.paragraphs) for section in found] == [
            ("", ("Först.",)),
            ("Ett", ("A B", "C")),
            ("Två", ("D",)),
        ]

"""Texts as a club is set up with, and the parts they are cut into."""

import pytest
from django.db import DatabaseError, transaction

from consent import selectors, texts
from consent.models import MESSAGE_CHANNELS, Purpose, Text
from consent.texts import Wording
from tests.factories.consent import PUBLISHED_AT, publish_texts
from tests.factories.stores import ProgrammeFactory


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
        text = texts.publish_defaults(programme, PUBLISHED_AT)[0]

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Text.objects.filter(pk=text.pk).update(body="Allt är tillåtet")

    def test_refuses_a_version_without_words(self, programme, now):
        with pytest.raises(ValueError, match="language"):
            texts.publish(
                programme=programme, kind=Text.Kind.TERMS, wordings={}, now=now
            )


class TestPublishDefaults:
    def test_publishes_terms_and_permissions_apart_in_three_languages(self, programme):
        made = texts.publish_defaults(programme, PUBLISHED_AT)

        found = {
            (text.kind, text.purpose, text.channel, text.language) for text in made
        }
        assert found == {
            (kind, purpose, channel, language)
            for kind, purpose, channel in [
                ("TERMS", "", ""),
                ("CONSENT", "MARKETING", "SMS"),
                ("CONSENT", "MARKETING", "EMAIL"),
                ("CONSENT", "PROFILING", "ANY"),
                ("CONSENT", "SURVEYS", "SMS"),
                ("CONSENT", "SURVEYS", "EMAIL"),
            ]
            for language in ("sv", "da", "en")
        }
        assert {text.version for text in made} == {1}

    def test_publishes_once(self, programme):
        texts.publish_defaults(programme, PUBLISHED_AT)

        assert texts.publish_defaults(programme, PUBLISHED_AT) == []

    @pytest.mark.parametrize("language", ["sv", "da", "en"])
    @pytest.mark.parametrize("channel", MESSAGE_CHANNELS)
    def test_names_company_channel_and_the_way_back(self, programme, language, channel):
        texts.publish_defaults(programme, PUBLISHED_AT)
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
        texts.publish_defaults(programme, PUBLISHED_AT)
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
            texts.publish_defaults(club, PUBLISHED_AT)

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
        text = texts.publish_defaults(programme, PUBLISHED_AT)[0]

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


def written(programme):
    """Return all that texts hold but their numbers and ids."""
    return [
        {
            (row._meta.model_name, field.name): getattr(row, field.name)
            for row in (text, text.edition)
            for field in row._meta.concrete_fields
            if field.name not in {"id", "public_id", "programme", "edition"}
        }
        for text in Text.objects.filter(programme=programme).order_by("pk")
    ]


class TestTheClubsOfTests:
    def test_have_what_a_club_starts_with(self, programme):
        real, next_one = ProgrammeFactory(), ProgrammeFactory()
        texts.publish_defaults(real, PUBLISHED_AT)
        publish_texts(programme)

        made = publish_texts(next_one)

        assert {text.programme_id for text in made} == {next_one.pk}
        assert {text.edition.programme_id for text in made} == {next_one.pk}
        assert written(next_one) == written(real)
        assert publish_texts(next_one) == []

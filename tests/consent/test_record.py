"""The record of processing and the notice say all that the register says."""

import pytest
from django.test import Client
from django.utils import translation

from consent import record, registry
from consent.models import Edition
from consent.record import People
from consent.registry import Basis, DataClass, Erase, Export, Field, Retention, Use
from tests.factories.stores import ProgrammeFactory


def holdings():
    return {
        (holding.model, name): (activity.purpose, holding)
        for activity in record.activities()
        for holding in activity.holdings
        for name in holding.fields
    }


class TestActivities:
    def test_hold_every_registered_field_as_it_was_registered(self):
        found = holdings()

        for model, fields in registry.registered().items():
            for name, field in fields.items():
                purpose, holding = found[model._meta.label, name]
                assert purpose is field.purpose
                assert holding.data_class is field.data_class
                assert holding.basis is field.basis
                assert holding.retention is field.retention
        assert len(found) == sum(map(len, registry.registered().values()))

    def test_show_what_is_planted(self, monkeypatch):
        planted = Field(
            DataClass.MESSAGE,
            Use.PURCHASES,
            Basis.INTEREST,
            Retention.DAY,
            Export.YES,
            Erase.DELETE,
        )
        monkeypatch.setattr(
            registry, "_models", {Edition: {"number": planted}}, raising=True
        )

        (activity,) = record.activities()

        assert activity.purpose is Use.PURCHASES
        assert activity.classes == [DataClass.MESSAGE]
        assert activity.people == [People.MEMBERS]


@pytest.mark.django_db
class TestNotice:
    @pytest.mark.parametrize(
        ("country", "authority"),
        [("SE", "imy.se"), ("DK", "datatilsynet.dk"), ("NO", "datatilsynet.no")],
    )
    def test_is_open_to_everybody_and_names_the_authority(self, country, authority):
        ProgrammeFactory(country=country)

        page = Client().get("/privacy-notice/?language=en").content.decode()

        assert authority in page
        years = "7 years" if country == "SE" else "5 years"
        assert years in page
        with translation.override("en"):
            for activity in record.activities(people=People.MEMBERS):
                for basis in activity.bases:
                    assert str(basis.label) in page

    def test_speaks_each_language(self):
        ProgrammeFactory()

        pages = {
            language: Client().get(f"/privacy-notice/?language={language}")
            for language in ("sv", "da", "en")
        }

        assert {page.status_code for page in pages.values()} == {200}
        for language, page in pages.items():
            assert f'<html lang="{language}"' in page.content.decode()

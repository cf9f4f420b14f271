"""What a member gets who asks for their data: all of it, and nothing of others."""

import io
import json
import zipfile

import pytest
from django.utils import translation

from consent import erasure, export, registry
from consent.models import Channel, ConsentEntry
from consent.registry import Export
from members import identity
from members import services as members
from members.models import Member
from tests.factories.consent import answer, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue


@pytest.fixture
def vera(programme, now):
    vera = MemberFactory(
        programme=programme,
        first_name="Kanariefågel",
        last_name="=SUM(A1)",
        email="canary@example.se",
    )
    publish_texts(programme)
    answer(vera, ConsentEntry.Action.GIVEN, channel=Channel.EMAIL)
    members.update_member(member=vera, postcode="11122", now=now)
    identity.add_identifier(
        member=vera, kind="EXTERNAL", system="shop", value="canary-77", now=now
    )
    queue(vera, now=now)
    return Member.objects.get(pk=vera.pk)


@pytest.fixture
def files(vera, now):
    file = io.BytesIO()
    with translation.override("en"):
        export.write(vera, file=file, now=now)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


class TestWrite:
    def test_gives_the_same_to_machines_spreadsheets_and_people(self, files):
        for canary in ("Kanariefågel", "canary@example.se", "11122", "canary-77"):
            assert canary in files["data.json"]
            assert canary in files["read-me.html"]
            assert any(
                canary in text for name, text in files.items() if name.endswith(".csv")
            )

    def test_runs_nothing_in_a_spreadsheet(self, files):
        table = files["csv/members.Member.csv"]

        assert "=SUM(A1)" in table
        assert ";=SUM(A1)" not in table.replace('"', "")
        assert ",=SUM(A1)" not in table.replace('"', "")

    def test_says_why_each_kind_is_held_and_how_long(self, files):
        content = json.loads(files["data.json"])

        for section in content["sections"]:
            assert section["why"], section["name"]
            assert section["basis"], section["name"]
            assert section["kept"], section["name"]

    def test_holds_nothing_of_another_member(self, programme, vera, now):
        other = MemberFactory(programme=programme, first_name="Främling")
        answer(other, ConsentEntry.Action.GIVEN)

        text = json.dumps(
            [section.rows for section in export.collect(vera)], default=str
        )

        assert "Främling" not in text
        assert other.phone not in text


class TestCollect:
    def test_has_every_field_that_the_register_gives_out(self, vera):
        sections = {section.name: section for section in export.collect(vera)}

        for model, fields in registry.registered().items():
            theirs = erasure.condition(model)
            given = {n for n, f in fields.items() if f.export is Export.YES}
            if theirs is None or not given:
                continue
            if not model._base_manager.filter(theirs(vera)).exists():
                continue
            columns = {column.name for column in sections[model._meta.label].columns}
            assert columns == given

    def test_has_no_secret(self, vera):
        kept_back = {
            (model._meta.label, name)
            for model, fields in registry.registered().items()
            for name, field in fields.items()
            if field.export is Export.NO
        }

        for section in export.collect(vera):
            for column in section.columns:
                assert (section.name, column.name) not in kept_back

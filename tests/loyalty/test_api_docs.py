"""The API's documents say what the API does."""

import ast
import copy
import functools
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from common import codes
from common.problems import Problem
from loyalty import api_docs
from loyalty.access import TABLE
from purchases import documents, parsing
from purchases.rules import Club

ROOT = Path(settings.BASE_DIR)
pytestmark = pytest.mark.django_db


@functools.cache
def raised_codes():
    """Every code in the source that makes a Problem or a Fault."""
    problems, faults = set(), set()
    for room in settings.ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name == "Problem":
                    problems |= _texts(
                        [word.value for word in node.keywords if word.arg == "code"]
                    )
                elif name in {"fault", "_fault", "Fault"}:
                    faults |= _texts(node.args[1:2])
    return problems, faults


def _texts(nodes):
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


class TestCodes:
    def test_every_problem_that_is_raised_is_explained(self):
        problems, _faults = raised_codes()

        assert {"receipt_differs", "member_not_found", "malformed"} <= problems
        assert problems <= {known.code for known in codes.problem_codes()}

    def test_every_fault_that_is_raised_is_explained(self):
        _problems, faults = raised_codes()

        assert {"phone_malformed", "unknown_store", "lines_do_not_sum"} <= faults
        assert faults <= {known.code for known in codes.fault_codes()}

    def test_every_code_stands_on_the_page_where_problems_point_to(self):
        page = Client().get("/api/docs/problems").content.decode()

        for known in codes.problem_codes():
            assert f'id="{known.code}"' in page
        for known in codes.fault_codes():
            assert f"<code>{known.code}</code>" in page


class Seen(dict):
    """A JSON object that remembers which of its fields were asked for."""

    asked: set[str]

    @classmethod
    def of(cls, value, path, asked):
        if isinstance(value, list):
            return [cls.of(part, path, asked) for part in value]
        if not isinstance(value, dict):
            return value
        seen = cls({k: cls.of(v, f"{path}/{k}", asked) for k, v in value.items()})
        seen.path, seen.asked = path, asked
        return seen

    def get(self, key, default=None):
        self.asked.add(f"{self.path}/{key}")
        return super().get(key, default)


def documented(serializer, path=""):
    """Yield every field of a document with its path."""
    for name, field in serializer.fields.items():
        yield f"{path}/{name}", field
        inner = getattr(field, "child", field)
        if hasattr(inner, "fields"):
            yield from documented(inner, f"{path}/{name}")


def whole_receipt():
    """The example with every optional part in it."""
    body = copy.deepcopy(documents.RETURN.value)
    body["contact"] = dict(documents.PURCHASE.value["contact"])
    body["taxDetails"] = [{"percent": "25", "amount": "49.80"}]
    body["items"][0]["awardsBonus"] = True
    body["items"][0]["discounts"] = [
        {"value": "10", "type": "OFFER", "description": "x"}
    ]
    body |= {"tillId": "1", "businessDate": "2026-11-22", "vouchers": ["K7QX-2MPA"]}
    body["purchase"] = "web-10045"
    return body


@pytest.fixture
def parse(programme, now):
    club = Club(programme.pk, "SEK", "SE", programme.zone)

    def read(body):
        return parsing.parse(body, club=club, now=now.replace(year=2027))

    return read


def errors_of(parse, body):
    try:
        parse(body)
    except Problem as problem:
        return {(fault.pointer, fault.code) for fault in problem.faults}
    return set()


def at(body, path):
    """Return the object that holds a documented field, and the field's name."""
    *parents, last = path.strip("/").split("/")
    for step in parents:
        body = body[step]
        if isinstance(body, list):
            body = body[0]
    return body, last


def external_receipt():
    """One that names the member by what another system calls them."""
    body = whole_receipt()
    body["contact"] = {
        "matchKeyType": "ExternalId",
        "matchKey": "A-17",
        "matchKeySystem": "webshop",
    }
    return body


FIELDS = list(documented(documents.ReceiptDocument()))


class TestReceiptDocument:
    @pytest.mark.parametrize("example", [documents.PURCHASE, documents.RETURN])
    def test_examples_are_taken(self, parse, example):
        assert parse(example.value)

    def test_names_the_fields_that_the_parser_reads_and_no_other(self, parse):
        asked = set()

        parse(Seen.of(whole_receipt(), "", asked))
        parse(Seen.of(external_receipt(), "", asked))

        assert asked == {path for path, _field in FIELDS}

    def test_says_that_an_external_id_names_its_system(self, parse):
        body = external_receipt()
        del body["contact"]["matchKeySystem"]

        assert ("/contact/matchKeySystem", "required") in errors_of(parse, body)

    @pytest.mark.parametrize(("path", "field"), FIELDS, ids=[p for p, _ in FIELDS])
    def test_says_which_fields_are_required(self, parse, path, field):
        body = whole_receipt()
        # Read beside an external id alone, and required there.
        body["contact"]["matchKeySystem"] = "webshop"
        holder, name = at(body, path)
        del holder[name]

        needed = any(code == "required" for _at, code in errors_of(parse, body))

        assert needed is field.required

    @pytest.mark.parametrize(
        ("path", "longest"),
        [
            (path, field.max_length)
            for path, field in FIELDS
            if getattr(field, "max_length", None) and path != "/currency"
        ],
    )
    def test_says_how_long_a_text_may_be(self, parse, path, longest):
        body = external_receipt() if path.endswith("System") else whole_receipt()
        holder, name = at(body, path)

        holder[name] = "x" * (longest + 1)
        assert "too_long" in {code for _at, code in errors_of(parse, body)}
        holder[name] = "x" * longest
        assert "too_long" not in {code for _at, code in errors_of(parse, body)}


class TestSchema:
    def test_describes_every_call_of_the_api(self):
        calls = [
            (name, method)
            for name, access in TABLE.items()
            if access.audience == "api"
            for method in access.methods
        ]

        assert len(api_docs.operations()) == len(calls)

    @pytest.mark.parametrize("form", ["json", "yaml"])
    def test_is_served_to_everybody(self, form):
        answer = Client().get(f"/api/schema?format={form}")

        assert answer.status_code == 200
        if form == "json":
            paths = json.loads(answer.content)["paths"]
            assert set(paths) >= {
                "/api/v1/receipts",
                "/api/v1/members",
                "/api/v1/members/lookup",
                "/api/v1/members/{public_id}/permissions",
                "/api/v1/members/{public_id}/permissions/as-of",
            }

    def test_shows_each_call_with_an_example_on_the_page(self):
        page = Client().get("/api/docs/").content.decode()

        for call in api_docs.operations():
            assert f'id="{call.id}"' in page
            # What is only read is asked for in its address.
            assert call.examples or call.method == "GET"
            assert call.has_body == (call.method != "GET")

    def test_says_what_a_key_must_be_allowed_to_do(self):
        page = Client().get("/api/docs/").content.decode()
        scopes = {call.id: call.scope.value for call in api_docs.operations()}

        assert scopes["recordReceipt"] == "receipts:write"
        assert scopes["sendMemberEvent"] == "events:write"
        assert scopes["readProgramme"] == "members:read"
        for scope in set(scopes.values()):
            assert f"<code>{scope}</code>" in page

    def test_asks_for_the_address_where_it_says_what_is_meant(self):
        calls = {call.id: call for call in api_docs.operations()}

        assert not calls["recordReceipt"].is_addressed
        assert calls["adjustMemberPoints"].is_addressed
        programme = calls["readProgramme"]
        assert programme.is_addressed
        assert [field.name for field in programme.fields] == ["language"]

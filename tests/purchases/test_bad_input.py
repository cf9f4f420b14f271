"""Whatever a till sends, the answer is clear, nothing is lost, and never a 500."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.models import Entry
from purchases.models import Receipt
from stores.models import ApiKey
from tests.factories.purchases import TillClient, line, receipt, return_line
from tests.factories.stores import ApiKeyFactory, StoreFactory

pytestmark = pytest.mark.django_db


def change(path, value):
    """Return a receipt with one value replaced; `...` removes it."""
    body = receipt(phone="0701740605")
    at = body
    *parents, last = path
    for step in parents:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return body


CONTACT = ("contact", "matchKey")
ITEM = ("items", 0)
FAULTS = [
    # The contact
    (CONTACT, "070", "phone_malformed"),
    (CONTACT, "08-123 456 78", "phone_malformed"),
    (CONTACT, "070-174 06 05 070-174 06 06", "phone_malformed"),
    (CONTACT, "+46 070x", "phone_malformed"),
    (CONTACT, 701740605, "not_text"),
    (CONTACT, "", "required"),
    (CONTACT, "9" * 300, "too_long"),
    (("contact", "matchKeyType"), "Personnummer", "unknown_key_type"),
    (("contact", "matchKeyType"), None, "required"),
    (("contact",), "0701740605", "not_an_object"),
    # The header
    (("uniqueReceiptId",), ..., "required"),
    (("uniqueReceiptId",), "   ", "required"),
    (("uniqueReceiptId",), "x" * 129, "too_long"),
    (("uniqueReceiptId",), "a\x00b", "not_plain_text"),
    (("uniqueReceiptId",), "\ud800", "not_plain_text"),
    (("uniqueReceiptId",), 12, "not_text"),
    (("receiptNumber",), ..., "required"),
    (("createdDate",), ..., "required"),
    (("createdDate",), "yesterday", "not_a_moment"),
    (("createdDate",), "2026-03-14", "not_a_moment"),
    (("createdDate",), "2026-02-30T12:00:00Z", "not_a_moment"),
    (("createdDate",), "0001-01-01T00:00:00+14:00", "not_a_moment"),
    (("createdDate",), "1999-12-31T00:00:00Z", "too_long_ago"),
    (("createdDate",), 1773487800, "not_text"),
    (("businessDate",), "14 March", "not_a_date"),
    (("businessDate",), "2999-01-01", "in_the_future"),
    (("businessDate",), "0001-01-01", "too_long_ago"),
    (("contact",), {"matchKeyType": "ExternalId", "matchKey": "c-1"}, "required"),
    (("storeExternalId",), ..., "required"),
    (("storeExternalId",), "nowhere", "unknown_store"),
    (("storeExternalId",), 101, "not_text"),
    (("currency",), "USD", "wrong_currency"),
    (("currency",), "kronor", "too_long"),
    (("totalGrossPrice",), ..., "required"),
    (("totalGrossPrice",), "249.01", "lines_do_not_sum"),
    (("totalGrossPrice",), "-249.00", "negative"),
    (("totalGrossPrice",), "249,00", "not_an_amount"),
    (("totalGrossPrice",), "249.001", "too_precise"),
    (("totalGrossPrice",), 249.001, "too_precise"),
    (("totalGrossPrice",), "1e3", "not_an_amount"),
    (("totalGrossPrice",), "NaN", "not_an_amount"),
    (("totalGrossPrice",), True, "not_an_amount"),
    (("totalGrossPrice",), [], "not_an_amount"),
    (("totalGrossPrice",), 10**400, "too_large"),
    (("totalGrossPrice",), "99999999.00", "too_large"),
    (("paymentMethods",), ..., "required"),
    (("paymentMethods",), [], "payments_do_not_sum"),
    (("paymentMethods",), {}, "not_a_list"),
    (("paymentMethods",), [1], "not_an_object"),
    (("paymentMethods", 0, "value"), "248.49", "payments_do_not_sum"),
    (("paymentMethods", 0, "type"), ..., "required"),
    (("paymentMethods",), [{"type": "A", "value": "1"}] * 101, "too_many"),
    (("taxDetails",), [{"percent": "125", "amount": "1"}], "too_large"),
    (("originalReceipt",), 7, "not_text"),
    # The lines
    (("items",), ..., "required"),
    (("items",), [], "required"),
    (("items",), [line("0.01")] * 1001, "too_many"),
    (("items",), [None], "not_an_object"),
    ((*ITEM, "type"), "GIFT", "unknown_line_type"),
    ((*ITEM, "type"), ..., "required"),
    ((*ITEM, "sku"), ..., "required"),
    ((*ITEM, "articleName"), "x" * 161, "too_long"),
    ((*ITEM, "articleName"), "socks\x1b[2J", "not_plain_text"),
    ((*ITEM, "quantity"), "0", "quantity_sign"),
    ((*ITEM, "quantity"), "-1", "quantity_sign"),
    ((*ITEM, "quantity"), "0.0001", "too_precise"),
    ((*ITEM, "grossPaidPrice"), "-1.00", "negative"),
    ((*ITEM, "taxPercent"), "100.01", "too_large"),
    ((*ITEM, "awardsBonus"), "no", "not_a_flag"),
    ((*ITEM, "originalLine"), 0, "not_a_line_number"),
    ((*ITEM, "originalLine"), 10**30, "too_large"),
    ((*ITEM, "discounts"), [{"value": "x"}], "not_an_amount"),
]


class TestFaults:
    @pytest.mark.parametrize(("path", "value", "code"), FAULTS)
    def test_names_the_place_and_the_fault(self, till, path, value, code):
        answer = till.send(change(path, value))

        assert answer.status_code == 422, answer.content.decode()
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] == "invalid"
        assert problem["request_id"]
        pointer = "/" + "/".join(map(str, path))
        found = {(fault["pointer"], fault["code"]) for fault in problem["errors"]}
        assert any(
            found_code == code
            and (at.startswith(pointer) or pointer.startswith(at) or at == pointer)
            for at, found_code in found
        ), found
        assert all(fault["detail"] for fault in problem["errors"])
        assert Receipt.objects.count() == Entry.objects.count() == 0

    def test_lists_every_fault_at_once(self, till):
        body = {**receipt(), "currency": None, "receiptNumber": "", "items": "none"}

        errors = till.send(body).json()["errors"]

        assert [fault["pointer"] for fault in errors] == [
            "/receiptNumber",
            "/currency",
            "/items",
        ]

    def test_lists_a_hundred_at_most(self, till):
        body = {**receipt(), "items": [{}] * 1000}

        assert len(till.send(body).json()["errors"]) == 100

    def test_refuses_a_return_of_itself(self, till):
        body = receipt(return_line())

        answer = till.send({**body, "originalReceipt": body["uniqueReceiptId"]})

        assert answer.json()["errors"][0]["code"] == "returns_itself"

    def test_refuses_a_positive_quantity_on_a_return(self, till):
        answer = till.send(receipt(line(type="RETURN")))

        assert answer.json()["errors"][0]["code"] == "quantity_sign"

    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [
            ("Email", "vera@", "email_malformed"),
            ("MemberNumber", "881234567890", "number_malformed"),
            ("ContactId", "42", "id_malformed"),
        ],
    )
    def test_names_a_malformed_key_of_each_kind(self, till, kind, value, code):
        body = {**receipt(), "contact": {"matchKeyType": kind, "matchKey": value}}

        (error,) = till.send(body).json()["errors"]

        assert (error["pointer"], error["code"]) == ("/contact/matchKey", code)


class TestTime:
    def test_a_till_may_be_ten_minutes_ahead(self, till, time_machine):
        now = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
        time_machine.move_to(now, tick=False)

        taken = till.send(receipt(at=now + timedelta(minutes=10)))
        refused = till.send(receipt(at=now + timedelta(minutes=10, seconds=1)))

        assert taken.status_code == 201
        assert refused.json()["errors"][0]["code"] == "in_the_future"

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2026-03-14T12:30:00+01:00", "2026-03-14T11:30:00+00:00"),
            ("2026-03-14T11:30:00Z", "2026-03-14T11:30:00+00:00"),
            # Without offset: the club's own clock, winter and summer.
            ("2026-03-14T12:30:00", "2026-03-14T11:30:00+00:00"),
            ("2026-07-14T12:30:00", "2026-07-14T10:30:00+00:00"),
            # The hour that is skipped, and the first of the hour that comes twice.
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
            ("2025-10-26T02:30:00", "2025-10-26T00:30:00+00:00"),
        ],
    )
    def test_is_read_in_the_clubs_zone(self, till, written, meant, time_machine):
        time_machine.move_to(datetime(2026, 8, 1, tzinfo=UTC))

        till.record({**receipt(), "createdDate": written})

        assert Receipt.objects.get().purchased_at.isoformat() == meant

    def test_the_day_of_business_is_the_clubs_day(self, till):
        till.record(receipt(at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC)))

        assert Receipt.objects.get().business_on.isoformat() == "2026-03-01"


RAW = [
    (b" ", 400, "malformed"),
    (b"{", 400, "malformed"),
    (b'{"a": NaN}', 400, "malformed"),
    (b'{"a": -Infinity}', 400, "malformed"),
    (b'{"a": 1e99999999999999999999}', 400, "malformed"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "malformed"),
    (b"[" * 100_000, 400, "malformed"),
    (b"\xff\xfe{}", 400, "malformed"),
    (b"\x00", 400, "malformed"),
    (b"[]", 422, "invalid"),
    (b"null", 422, "invalid"),
    (b'"text"', 422, "invalid"),
    (b"{}", 422, "invalid"),
    (b'{"a": "' + b"x" * 1024 * 1024 + b'"}', 413, "body_too_large"),
]


class TestRawBodies:
    @pytest.mark.parametrize(
        ("body", "status", "code"), RAW, ids=[str(n) for n in range(len(RAW))]
    )
    def test_are_refused_with_a_problem(self, till, body, status, code):
        answer = till.send(body)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("depth", [40, 200, 400, 480, 600, 800, 900, 5000])
    def test_of_any_depth_are_read_or_refused(self, till, depth):
        answer = till.send(b'{"a":' * depth + b"1" + b"}" * depth)

        assert answer.json()["code"] in {"invalid", "malformed"}
        assert (depth > 200) or answer.json()["code"] == "invalid"

    def test_of_a_thousand_lines_and_almost_a_megabyte_are_taken(self, till, vera):
        body = receipt(
            *[line("1.00", articleName="y" * 150) for _ in range(1000)],
            phone=vera.phone,
        )
        body["filler"] = ""
        body["filler"] = "x" * (1024 * 1024 - len(json.dumps(body)))

        assert till.record(body)["pointsEarned"] == 1000


class TestKeysAndHeaders:
    def call(self, till, **changes):
        headers = {
            "Authorization": f"Bearer {till.key}",
            "Idempotency-Key": "one-call",
            **changes.pop("headers", {}),
        }
        return Client().post(
            "/api/v1/receipts",
            data=json.dumps(receipt()),
            headers={name: value for name, value in headers.items() if value},
            **{"content_type": "application/json", **changes},
        )

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"headers": {"Authorization": None}}, 401, "key_missing"),
            ({"headers": {"Authorization": "Bearer nonsense"}}, 401, "key_refused"),
            (
                {"headers": {"Idempotency-Key": None}},
                400,
                "idempotency_key_missing",
            ),
            (
                {"headers": {"Idempotency-Key": "short"}},
                400,
                "idempotency_key_missing",
            ),
            (
                {"headers": {"Idempotency-Key": "k" * 129}},
                400,
                "idempotency_key_missing",
            ),
            ({"content_type": "text/plain"}, 415, "not_json"),
        ],
    )
    def test_are_asked_for(self, till, changes, status, code):
        answer = self.call(till, **changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert Receipt.objects.count() == 0

    def test_a_json_content_type_may_name_its_charset(self, till):
        answer = self.call(till, content_type="application/json; charset=utf-8")

        assert answer.status_code == 201

    def test_other_methods_are_refused(self, till):
        answer = till.client.get("/api/v1/receipts")

        assert (answer.status_code, answer["Allow"]) == (405, "POST")

    def test_a_key_without_the_scope_is_refused(self, till, programme):
        reader = ApiKeyFactory(programme=programme, scopes=["members:read"])

        answer = TillClient(reader).send(receipt())

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    def test_a_revoked_key_is_refused(self, till, api_key):
        ApiKey.objects.update(revoked_at=datetime(2026, 1, 1, tzinfo=UTC))

        assert till.send(receipt()).json()["code"] == "key_refused"

    def test_a_key_of_another_store_is_refused(self, till, programme, shop):
        elsewhere = StoreFactory(programme=programme, code="999")
        key = ApiKeyFactory(programme=programme, stores=[elsewhere])

        answer = TillClient(key).send(receipt())

        assert (answer.status_code, answer.json()["code"]) == (
            403,
            "store_not_allowed",
        )
        assert Receipt.objects.count() == 0

    def test_a_key_of_the_store_is_taken(self, till, programme, shop):
        key = ApiKeyFactory(programme=programme, stores=[shop])

        assert TillClient(key).send(receipt()).status_code == 201


# FUZZ: whatever JSON comes, the answer is a receipt or a clear refusal.

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["0", "-0.00", "249.00", "\x00", "\ud800", "RETURN", "Email"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
KNOWN = st.sampled_from(
    [
        (name,)
        for name in [
            *receipt(phone="0701740605"),
            "businessDate",
            "tillId",
            "taxDetails",
            "originalReceipt",
        ]
    ]
    + [("contact", name) for name in ("matchKey", "matchKeyType")]
    + [("items", 0, name) for name in [*line(), "discounts", "originalLine"]]
    + [("paymentMethods", 0, name) for name in ("type", "value")]
)


class TestFuzz:
    @given(path=KNOWN, value=VALUES)
    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_any_value_in_any_place(self, till, path, value):
        answer = till.send(change(path, value))

        assert answer.status_code in {201, 409, 422}, answer.content
        if answer.status_code == 422:
            assert answer.json()["errors"]

    @given(body=VALUES)
    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_any_json(self, till, body):
        assert till.send(json.dumps(body).encode()).status_code in {400, 422}

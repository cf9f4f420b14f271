"""One receipt gives one result and one answer, however often it is sent."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import IntegrityError, connection

from common.models import IdempotencyRecord
from members.models import Event
from points import proof
from points.models import Account, Entry
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import (
    BOUGHT_AT,
    TillClient,
    line,
    receipt,
    return_line,
)
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory, StoreFactory

TIMES = 50
_LOCK = re.compile(
    r"PERFORM pg_advisory_xact_lock\([^;]*v_new\.unique_receipt_id, 7301\)\);"
)


class TestAgain:
    pytestmark = pytest.mark.django_db

    def test_the_same_key_gets_the_same_bytes(self, till, vera):
        body = receipt(phone=vera.phone)

        first, again = till.send(body, "one-call"), till.send(body, "one-call")

        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"

    def test_another_key_gets_the_same_bytes_too(self, till, vera):
        body = receipt(phone=vera.phone)

        first, again = till.send(body), till.send(body)

        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert Entry.objects.count() == 1

    def test_the_order_of_json_keys_and_unknown_fields_do_not_matter(self, till, vera):
        body = receipt(phone=vera.phone)
        turned = dict(reversed(body.items()))

        first = till.send(body, "one-call")

        assert till.send(turned, "one-call").content == first.content
        assert till.send({**body, "extraData": [1, None]}).content == first.content

    def test_the_answer_stays_when_the_world_moves_on(self, till, vera):
        body = receipt(phone=vera.phone)
        first = till.send(body)
        till.record(receipt(phone=vera.phone))
        till.record(receipt(return_line(), originalReceipt=body["uniqueReceiptId"]))
        vera.status = "LEFT"
        vera.save()
        IdempotencyRecord.objects.all().delete()

        assert till.send(body).content == first.content

    def test_a_key_used_for_another_body_is_refused(self, till, vera):
        till.record(receipt(phone=vera.phone), "one-call")

        for other in (receipt(phone=vera.phone), {"broken": True}):
            refused = till.send(other, "one-call")

            assert refused.status_code == 422
            assert refused.json()["code"] == "idempotency_key_reused"
        assert Receipt.objects.count() == 1

    def test_a_refused_body_does_not_use_up_its_key(self, till, vera):
        body = receipt(phone=vera.phone)

        assert till.send({**body, "currency": "USD"}, "one-call").status_code == 422
        assert till.send(body, "one-call").status_code == 201

    def test_keys_of_two_clubs_do_not_meet(self, till, vera, rule):
        other = ProgrammeFactory()
        EarningRuleFactory(programme=other, published=True)
        StoreFactory(programme=other, code="101")
        body = receipt(phone=vera.phone)

        till.record(body, "one-call")
        answer = TillClient(ApiKeyFactory(programme=other)).record(body, "one-call")

        assert answer["isAnonymous"]
        assert Receipt.objects.count() == 2


class TestOtherContent:
    pytestmark = pytest.mark.django_db

    @pytest.mark.parametrize(
        ("change", "pointers"),
        [
            ({"receiptNumber": "9"}, ["/receiptNumber"]),
            ({"tillId": "7"}, ["/tillId"]),
            (
                {"createdDate": (BOUGHT_AT + timedelta(minutes=1)).isoformat()},
                ["/createdDate"],
            ),
            ({"businessDate": "2026-03-13"}, ["/businessDate"]),
            (
                {"paymentMethods": [{"type": "CASH", "value": "249.00"}]},
                ["/paymentMethods"],
            ),
            ({"taxDetails": [{"percent": 25, "amount": 49.8}]}, ["/taxDetails"]),
            ({"items": [line(sku="other")]}, ["/items/0/sku"]),
            ({"items": [line(awardsBonus=False)]}, ["/items/0/awardsBonus"]),
            (
                {"items": [line("200.00"), line("49.00")]},
                ["/items"],
            ),
        ],
    )
    def test_is_refused_with_what_differs(self, till, vera, change, pointers):
        body = receipt(phone=vera.phone)
        till.record(body)

        refused = till.send({**body, **change})

        assert refused.status_code == 409
        problem = refused.json()
        assert problem["code"] == "receipt_differs"
        assert [part["pointer"] for part in problem["differences"]] == pointers
        assert all("stored" in part for part in problem["differences"])
        assert Receipt.objects.count() == Entry.objects.count() == 1

    def test_never_tells_whose_receipt_it_was(self, till, vera, programme):
        friend = MemberFactory(programme=programme)
        body = receipt(phone=vera.phone)
        till.record(body)
        contact = {"matchKeyType": "MobilePhone", "matchKey": friend.phone}

        refused = till.send({**body, "contact": contact})

        assert refused.json()["differences"] == [{"pointer": "/contact"}]
        assert vera.phone[3:] not in refused.content.decode()

    def test_is_the_same_when_only_the_hash_was_made_otherwise(
        self, till, vera, settings
    ):
        body = receipt(phone=vera.phone)
        first = till.send(body)
        settings.BLIND_INDEX_KEY = "another secret, since the old one was seen"

        assert till.send(body).content == first.content


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.mark.parametrize("key", ["one-call", None], ids=["one key", "many keys"])
    def test_fifty_get_one_receipt_and_equal_answers(self, till, vera, key):
        body = receipt(line("100.00"), line("149.00"), phone=vera.phone)
        barrier = Barrier(10)

        def send(place):
            if place < 10:
                barrier.wait()
            try:
                return till.send(body, key)
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(send, range(TIMES)))

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert Receipt.objects.count() == Entry.objects.count() == 1
        assert Event.objects.count() == 1
        assert Account.objects.get(member=vera).balance == 249
        # A new connection is what a restarted server has.
        connection.close()
        assert till.send(body, key).content == answers[0].content
        assert not proof.check().differences

    def test_a_fresh_process_answers_the_same(self, till, vera):
        body = receipt(phone=vera.phone)
        first = till.send(body, "one-call")

        again = send_from_another_process(till.key, body)

        assert again == first.content

    def test_without_the_lock_they_would_collide(self, till, vera):
        """The twin: the same function, its lock replaced by a pause."""
        body = receipt(phone=vera.phone)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_functiondef(oid) FROM pg_proc "
                "WHERE proname = 'purchases_record'"
            )
            (whole,) = cursor.fetchone()
        unlocked = _LOCK.sub("", whole, count=1).replace(
            "v_new.id := nextval", "PERFORM pg_sleep(0.3); v_new.id := nextval"
        )
        assert unlocked.count("pg_advisory") == whole.count("pg_advisory") - 1
        barrier = Barrier(2)

        def send(_place):
            barrier.wait()
            try:
                return till.send(body)
            except IntegrityError as error:
                return error
            finally:
                connection.close()

        try:
            with connection.cursor() as cursor:
                cursor.execute(unlocked)
            with ThreadPoolExecutor(2) as pool:
                results = list(pool.map(send, range(2)))
        finally:
            with connection.cursor() as cursor:
                cursor.execute(whole)

        assert [isinstance(result, IntegrityError) for result in results].count(
            True
        ) == 1

    def test_a_return_and_its_purchase_at_once_end_at_zero(self, till, vera):
        for _time in range(5):
            bought = receipt(phone=vera.phone)
            stream = [
                bought,
                receipt(
                    return_line("100.00"), originalReceipt=bought["uniqueReceiptId"]
                ),
                receipt(
                    return_line("149.00"), originalReceipt=bought["uniqueReceiptId"]
                ),
            ]
            barrier = Barrier(3)

            def send(body, barrier=barrier):
                barrier.wait()
                try:
                    return till.send(body)
                finally:
                    connection.close()

            with ThreadPoolExecutor(3) as pool:
                answers = list(pool.map(send, stream))

            assert [answer.status_code for answer in answers] == [201] * 3
            assert Account.objects.get(member=vera).balance == 0
        assert not proof.check().differences

    def test_many_returns_of_one_purchase_take_each_point_once(self, till, vera):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)

        def send(body):
            try:
                return till.send(body)
            finally:
                connection.close()

        parts = [
            receipt(return_line("12.50"), originalReceipt=bought["uniqueReceiptId"])
            for _part in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, parts))

        assert {answer.status_code for answer in answers} == {201}
        assert sum(answer.json()["pointsReversed"] for answer in answers) == 100
        assert Account.objects.get(member=vera).balance == 0
        assert not proof.check().differences


_SENDER = """
import json, sys
import django
django.setup()
from django.test import Client
body, key = json.load(sys.stdin)
answer = Client().post("/api/v1/receipts", data=json.dumps(body),
    content_type="application/json",
    headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one-call"})
sys.stdout.buffer.write(answer.content)
"""


def send_from_another_process(key, body):
    server = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    done = subprocess.run(
        [sys.executable, "-c", _SENDER],
        input=json.dumps([body, key]).encode(),
        env={
            **os.environ,
            "DATABASE_URL": urlunsplit(server._replace(path=f"/{name}")),
            "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        },
        capture_output=True,
        check=True,
    )
    return done.stdout

"""What the product is compared with: bare views, and plain ORM code.

`sql` writes the rows of a receipt with one call of an SQL function and checks nothing.
`orm` does the same work as most Django code would, about ten statements. `lookup` is
one indexed read by phone number. None of them knows a key, a limit or an error.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

from common.ids import uuid7
from common.models import IdempotencyRecord
from members.models import Event, Member
from points.models import Account, EarningRule, Entry, Lot
from purchases.models import Receipt, ReceiptLine
from stores.models import ApiKey, Store

FUNCTION = """
CREATE OR REPLACE FUNCTION bench_receipt(p jsonb, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_member bigint; v_receipt bigint; v_entry bigint; v_balance integer;
    v_points integer := floor((p->>'totalGrossPrice')::numeric);
    v_store record; v_id uuid := gen_random_uuid(); v_answer jsonb;
BEGIN
    SELECT id, programme_id INTO v_store FROM stores_store
    WHERE code = p->>'storeExternalId';
    SELECT id INTO v_member FROM members_member
    WHERE phone = p->'contact'->>'matchKey';
    INSERT INTO purchases_receipt (public_id, programme_id, store_id, till_code,
        unique_receipt_id, receipt_number, member_id, purchased_at, business_on,
        currency, total, payments, taxes, eligible, points, returned_eligible,
        returned_points, original_unique_id, return_eligible, reversed_points, source,
        content_hash, recorded_at)
    VALUES (v_id, v_store.programme_id, v_store.id, '', p->>'uniqueReceiptId',
        p->>'receiptNumber', v_member, p_now, p_now::date, p->>'currency',
        (p->>'totalGrossPrice')::numeric, p->'paymentMethods', '[]',
        (p->>'totalGrossPrice')::numeric, v_points, 0, 0, '', 0, 0, 'API', '', p_now)
    RETURNING id INTO v_receipt;
    INSERT INTO purchases_receiptline (receipt_id, member_id, number, kind, sku,
        article_number, article_name, article_group, quantity, gross_paid, tax_amount,
        tax_percent, discounts, is_eligible, points)
    SELECT v_receipt, v_member, l.number, l.item->>'type', l.item->>'sku',
        l.item->>'articleNumber', l.item->>'articleName', '',
        (l.item->>'quantity')::numeric, (l.item->>'grossPaidPrice')::numeric,
        (l.item->>'taxAmount')::numeric, (l.item->>'taxPercent')::numeric, '[]',
        true, 0
    FROM jsonb_array_elements(p->'items') WITH ORDINALITY l(item, number);
    INSERT INTO points_account (member_id, balance, earned_total, entries, changed_at)
    VALUES (v_member, v_points, v_points, 1, p_now)
    ON CONFLICT (member_id) DO UPDATE SET
        balance = points_account.balance + v_points,
        earned_total = points_account.earned_total + v_points,
        entries = points_account.entries + 1
    RETURNING balance INTO v_balance;
    INSERT INTO points_entry (public_id, member_id, kind, points, balance_after, at,
        posted_at, key, source_type, source_id, reason)
    VALUES (gen_random_uuid(), v_member, 'EARN', v_points, v_balance, p_now, p_now,
        'receipt:' || v_id, 'receipt', v_id, '') RETURNING id INTO v_entry;
    INSERT INTO points_lot (entry_id, member_id, points, remaining, active_from)
    VALUES (v_entry, v_member, v_points, v_points, p_now);
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    VALUES (gen_random_uuid(), v_member, 'receipt.accepted', p_now, p_now, '{}',
        'receipt', v_id);
    v_answer := jsonb_build_object('id', v_id, 'points', v_points,
        'balance', v_balance);
    INSERT INTO common_idempotencyrecord
        (scope, key, operation, body_hash, status, answer, recorded_at)
    VALUES ('floor', p->>'uniqueReceiptId', 'x', '', 201, v_answer, p_now);
    RETURN v_answer;
END $$;
"""


def _sized(response: HttpResponse) -> HttpResponse:
    # No middleware does it here, and without it the answer goes out in chunks.
    response["Content-Length"] = str(len(response.content))
    return response


def sql(request: HttpRequest) -> HttpResponse:
    """Write a receipt with one SQL call."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bench_receipt(%s::jsonb, %s)",
            [request.body.decode(), timezone.now()],
        )
        answer = cursor.fetchone()[0]
    return _sized(HttpResponse(answer, content_type="application/json"))


def orm(request: HttpRequest) -> HttpResponse:
    """Write a receipt as plain ORM code does, with the key and repeat looked up."""
    body = json.loads(request.body)
    now = timezone.now()
    key = request.headers["Idempotency-Key"]
    ApiKey.objects.get(prefix=request.headers["Authorization"][7:27])
    with transaction.atomic():
        done = IdempotencyRecord.objects.filter(scope="orm", key=key).first()
        if done is not None:
            return _sized(JsonResponse(done.answer))
        store = Store.objects.get(code=body["storeExternalId"])
        member = Member.objects.get(phone=body["contact"]["matchKey"])
        rule = EarningRule.objects.filter(
            status="PUBLISHED", starts_at__lte=now
        ).latest("starts_at")
        total = Decimal(body["totalGrossPrice"])
        points = int(total * rule.points_per_unit)
        receipt = Receipt.objects.create(
            programme_id=store.programme_id,
            store=store,
            unique_receipt_id=body["uniqueReceiptId"],
            receipt_number=body["receiptNumber"],
            member=member,
            purchased_at=datetime.fromisoformat(body["createdDate"]),
            business_on=now.date(),
            currency=body["currency"],
            total=total,
            payments=body["paymentMethods"],
            rule=rule,
            eligible=total,
            points=points,
            source="API",
            content_hash=b"",
            recorded_at=now,
        )
        for number, item in enumerate(body["items"], start=1):
            ReceiptLine.objects.create(
                receipt=receipt,
                member=member,
                number=number,
                kind=item["type"],
                sku=item["sku"],
                article_number=item["articleNumber"],
                article_name=item["articleName"],
                quantity=Decimal(item["quantity"]),
                gross_paid=Decimal(item["grossPaidPrice"]),
                tax_amount=Decimal(item["taxAmount"]),
                tax_percent=Decimal(item["taxPercent"]),
                is_eligible=True,
            )
        Account.objects.get_or_create(member=member, defaults={"changed_at": now})
        account = Account.objects.select_for_update().get(member=member)
        account.balance += points
        account.earned_total += points
        account.entries += 1
        account.save()
        entry = Entry.objects.create(
            member=member,
            kind=Entry.Kind.EARN,
            points=points,
            balance_after=account.balance,
            at=now,
            posted_at=now,
            key=f"receipt:{receipt.public_id}",
            rule=rule,
            source_type="receipt",
            source_id=receipt.public_id,
        )
        Lot.objects.create(
            entry=entry,
            member=member,
            points=points,
            remaining=points,
            active_from=now,
            expires_at=now + timedelta(days=730),
        )
        Event.objects.create(
            public_id=uuid7(),
            member=member,
            kind="receipt.accepted",
            at=now,
            recorded_at=now,
            subject_type="receipt",
            subject_id=receipt.public_id,
        )
        answer = {"id": str(receipt.public_id), "balance": account.balance}
        IdempotencyRecord.objects.create(
            scope="orm",
            key=key,
            operation="receipt",
            body_hash=b"",
            status=201,
            answer=answer,
            recorded_at=now,
        )
    return _sized(JsonResponse(answer, status=201))


def lookup(request: HttpRequest) -> HttpResponse:
    """Read one member by phone number with one indexed statement."""
    phone = json.loads(request.body)["mobile"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.public_id::text, m.status, m.first_name, a.balance"
            " FROM members_member m LEFT JOIN points_account a ON a.member_id = m.id"
            " WHERE m.programme_id = 1 AND m.phone = %s AND m.phone <> ''",
            [phone],
        )
        member = cursor.fetchone()
    return _sized(JsonResponse({"member": member}))


urlpatterns = [path("sql", sql), path("orm", orm), path("lookup", lookup)]

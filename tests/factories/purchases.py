"""Receipts as tills send them, and a till that sends them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from django.test import Client

BOUGHT_AT = datetime(2026, 3, 14, 11, 30, tzinfo=UTC)

_numbers = count(1)


def line(amount="249.00", **changes):
    """A purchase line of one article."""
    return {
        "type": "PURCHASE",
        "sku": "7310865004703",
        "articleNumber": "4703",
        "articleName": "Ullsockor",
        "articleGroup": "Kläder",
        "quantity": "1",
        "grossPaidPrice": amount,
        "taxAmount": "0.00",
        "taxPercent": "25",
        **changes,
    }


def return_line(amount="249.00", **changes):
    return line(amount, type="RETURN", quantity="-1", **changes)


def receipt(*lines, phone=None, at=BOUGHT_AT, **changes):
    """A receipt whose total and payment fit its lines."""
    number = next(_numbers)
    lines = lines or (line(),)
    total = sum(
        Decimal(item["grossPaidPrice"]) * (-1 if Decimal(item["quantity"]) < 0 else 1)
        for item in lines
    )
    return {
        "contact": {"matchKeyType": "MobilePhone", "matchKey": phone}
        if phone
        else None,
        "uniqueReceiptId": f"101-1-{number:06d}",
        "receiptNumber": f"{number:04d}",
        "createdDate": at.isoformat(),
        "storeExternalId": "101",
        "currency": "SEK",
        "totalGrossPrice": str(total),
        "paymentMethods": [{"type": "CARD", "value": str(total)}],
        "items": list(lines),
        **changes,
    }


class TillClient:
    """Sends receipts with a key of its own, as a till system does."""

    def __init__(self, api_key):
        self.key = api_key.plain
        self.client = Client()

    def send(self, body, key=None):
        """Post a receipt; a dict is written as JSON, bytes go as they are."""
        return self.client.post(
            "/api/v1/receipts",
            data=body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": key or f"call-{next(_numbers):08d}",
            },
        )

    def record(self, body, key=None):
        """Post a receipt that must be taken, and return the answer's content."""
        response = self.send(body, key)
        assert response.status_code == 201, response.content.decode()
        return response.json()

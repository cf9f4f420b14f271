"""A cash register: receipts go the whole way in, at whatever hour they come in."""

import hashlib
import json

from purchases.parsing import parse
from purchases.rules import Club
from purchases.services.recording import Request, record_receipt
from tests.factories.purchases import BOUGHT_AT, line, receipt


class Register:
    """Records receipts as the API does, with a clock that the test sets."""

    def __init__(self, programme, *, phone=None):
        self.club = Club(
            programme_id=programme.pk,
            currency=programme.currency,
            country=programme.country,
            zone=programme.zone,
        )
        self.phone = phone

    def record(self, body, *, now):
        """Record a receipt as it was sent; return the answer."""
        sent = parse(body, club=self.club, now=now)
        key = body["uniqueReceiptId"]
        answer = record_receipt(
            club=self.club,
            receipt=sent,
            request=Request("test", key, hashlib.sha256(key.encode()).digest()),
            now=now,
        )
        return json.loads(answer.body)

    def sell(self, *lines, at=BOUGHT_AT, now=None, **changes):
        """Sell to who shows the phone; return the receipt as it was sent."""
        sent = receipt(*lines, at=at, **{"phone": self.phone, **changes})
        self.record(sent, now=now or at)
        return sent

    def take_back(self, sold, *lines, at=BOUGHT_AT, now=None, **changes):
        """Take goods of a receipt back; return the return as it was sent."""
        return self.sell(
            *lines,
            at=at,
            now=now,
            originalReceipt={"uniqueReceiptId": sold["uniqueReceiptId"]},
            **changes,
        )


def coffees(number=1, *, each="35.00", **changes):
    """A line of so many coffees."""
    return line(**_coffees(number, each), **changes)


def coffees_back(number=1, *, each="35.00", **changes):
    """So many coffees that come back."""
    given = _coffees(number, each) | {"quantity": str(-number)}
    return line(**given, type="RETURN", **changes)


def _coffees(number, each):
    return {
        "amount": f"{float(each) * float(number):.2f}",
        "quantity": str(number),
        "sku": "K1",
        "articleName": "Bryggkaffe",
        "articleGroup": "Kaffe",
    }

"""What offers are told of goods that came back before or apart from their purchase."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from purchases import records, rules
from purchases.models import Product, Receipt, ReceiptLine
from purchases.rules import LineIn, LineKind
from purchases.stored import line_of

_STAMPS_BACK = "SELECT offers_stamp_return(%s, %s, %s, %s, %s, %s::jsonb)"


def lines_back(returned: Receipt, lines: Iterable[LineIn]) -> str:
    """Return the lines that came back as offers look at them, with what they are.

    A return that names no line of its purchase is known by its goods.
    """
    back = [line for line in lines if line.kind is LineKind.RETURN]
    articles = Product.objects.filter(
        programme_id=returned.programme_id, sku__in={line.sku for line in back}
    )
    shelf = rules.Shelf(
        articles={
            sku: (category, brand)
            for sku, category, brand in articles.values_list("sku", "category", "brand")
        }
    )
    return json.dumps(records.offer_lines(back, shelf))


def take_stamps_back(purchase: Receipt, *, now: datetime) -> None:
    """Take the stamps of a purchase back whose goods came back before it was claimed.

    The first return first, as if each had come in after the claim.
    """
    for returned in Receipt.objects.filter(original=purchase).order_by("pk"):
        lines = ReceiptLine.objects.filter(receipt=returned).order_by("number")
        with connection.cursor() as cursor:
            cursor.execute(
                _STAMPS_BACK,
                [
                    purchase.public_id,
                    returned.public_id,
                    returned.store_id,
                    returned.purchased_at,
                    now,
                    lines_back(returned, map(line_of, lines)),
                ],
            )

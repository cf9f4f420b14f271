"""The receipt as the OpenAPI document shows it: for people, not on the till's path.

`purchases.parsing` reads the same fields by hand; a test holds the two together.
"""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from common.documents import IDEMPOTENCY_KEY, problems
from purchases.parsing import KEY_TYPES, LONGEST_SYSTEM, MOST_LINES, MOST_VOUCHERS
from purchases.rules import LineKind, NoPoints


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=2, **options)


class ContactDocument(serializers.Serializer[Any]):
    """Whose receipt it is."""

    matchKeyType = serializers.ChoiceField(choices=KEY_TYPES)
    matchKey = serializers.CharField(
        max_length=254,
        help_text="A phone number may be written as people do: 070-174 06 05.",
    )
    matchKeySystem = serializers.CharField(
        max_length=LONGEST_SYSTEM,
        required=False,
        help_text=(
            "With ExternalId, and only then: the system whose id it is, as in the "
            "externalId of POST /members."
        ),
    )


class PaymentDocument(serializers.Serializer[Any]):
    """One means of payment."""

    type = serializers.CharField(
        max_length=40,
        help_text=(
            "The till's own word, such as CARD or GIFTCARD. VOUCHER, CLUB_VOUCHER, "
            "LOYALTY_VOUCHER, REWARD_VOUCHER, BONUS_VOUCHER and BONUS_CHECK, however "
            "they are written, are vouchers: what they pay is spread over the goods by "
            "their prices and earns nothing where the programme counts what is paid. A "
            "voucher that is taken off the lines as a discount is no payment. Gift "
            "cards are money: goods that they pay earn, and buying one does not."
        ),
    )
    value = _amount()


class TaxDocument(serializers.Serializer[Any]):
    """The tax of one rate."""

    percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    amount = _amount()


class DiscountDocument(serializers.Serializer[Any]):
    """A discount on a line, for show: `grossPaidPrice` is what was paid after it."""

    value = _amount()
    type = serializers.CharField(max_length=40, required=False)
    description = serializers.CharField(max_length=160, required=False)


class LineDocument(serializers.Serializer[Any]):
    """One line."""

    type = serializers.ChoiceField(choices=[kind.value for kind in LineKind])
    sku = serializers.CharField(max_length=64)
    articleNumber = serializers.CharField(max_length=64)
    articleName = serializers.CharField(max_length=160)
    articleGroup = serializers.CharField(
        max_length=60,
        required=False,
        help_text="Groups that the club's rule excludes, and gift cards, earn nothing.",
    )
    quantity = serializers.DecimalField(
        max_digits=9,
        decimal_places=3,
        help_text="Above zero on a PURCHASE, below zero on a RETURN.",
    )
    grossPaidPrice = _amount(
        help_text=(
            "Paid for the whole line with tax, after discounts. Positive on a RETURN "
            "too; only an ADJUSTMENT may be negative."
        )
    )
    taxAmount = _amount()
    taxPercent = serializers.DecimalField(max_digits=5, decimal_places=2)
    awardsBonus = serializers.BooleanField(
        default=True, help_text="False: the line earns no points."
    )
    discounts = DiscountDocument(many=True, required=False)
    originalLine = serializers.IntegerField(
        min_value=1,
        max_value=MOST_LINES,
        required=False,
        help_text="On a RETURN: the number of the line in the original receipt.",
    )


class ReceiptDocument(serializers.Serializer[Any]):
    """A finished purchase, return, or both. Unknown fields are ignored."""

    uniqueReceiptId = serializers.CharField(
        max_length=128, help_text="The till's own id of the receipt; for ever unique."
    )
    receiptNumber = serializers.CharField(max_length=64)
    contact = ContactDocument(
        required=False,
        allow_null=True,
        help_text=(
            "Without it, or when nobody is found, the receipt is kept without a "
            "member; who proves the phone or card within 60 days gets it."
        ),
    )
    createdDate = serializers.DateTimeField(
        help_text="With its offset; without one it is read in the club's time zone."
    )
    businessDate = serializers.DateField(
        required=False, help_text="The till's day; else the day of createdDate."
    )
    storeExternalId = serializers.CharField(
        max_length=40, help_text="The store's code in Stamkund."
    )
    tillId = serializers.CharField(max_length=40, required=False)
    currency = serializers.CharField(
        max_length=3,
        help_text=(
            "The club's currency, or SEK, DKK, NOK or EUR: one that the programme "
            "does not name earns nothing."
        ),
    )
    totalGrossPrice = _amount(
        help_text=(
            "The sum of the lines: RETURN lines count negative. Negative when more "
            "was returned than bought."
        )
    )
    paymentMethods = PaymentDocument(
        many=True, help_text="Add up to the total; 0.50 may be rounded away."
    )
    taxDetails = TaxDocument(many=True, required=False)
    items = LineDocument(many=True, help_text=f"1 to {MOST_LINES} lines.")
    originalReceipt = serializers.CharField(
        max_length=128,
        required=False,
        help_text=(
            "The uniqueReceiptId of the purchase that the RETURN lines undo. Its "
            "points are taken back at the rates of its own day, from the member who "
            "bought. It may be sent before the purchase."
        ),
    )
    vouchers = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text=(
            f"The codes of the vouchers that it redeems, {MOST_VOUCHERS} at most. One "
            "that cannot be used refuses the receipt as a whole, with the reason at "
            "its place. What happened after the purchase, such as a return that "
            "withdrew the voucher, does not, and neither does a voucher that another "
            "purchase used: two tills that were offline may both have taken it, and "
            "the sale is done. The receipt is recorded without the voucher, earns for "
            "what was paid as it says, and is answered with a warning. A voucher pays "
            "for goods and never for a gift card: a receipt of gift cards alone that "
            "names one is refused with voucher_for_gift_card, and beside goods it is "
            "used on the goods."
        ),
    )
    purchase = serializers.CharField(
        max_length=96,
        required=False,
        help_text=(
            "The id by which the voucher was reserved or used for this purchase. "
            "Without it a receipt is of the use in its own store, or of one that named "
            "no store."
        ),
    )


class LinePointsDocument(serializers.Serializer[Any]):
    """A line's share of the points; the shares add up."""

    number = serializers.IntegerField()
    points = serializers.IntegerField()


class WarningDocument(serializers.Serializer[Any]):
    """Something that was recorded otherwise than it was sent."""

    pointer = serializers.CharField(help_text="Where in the receipt: /vouchers/0.")
    code = serializers.ChoiceField(
        choices=["voucher_used"],
        help_text=(
            "voucher_used: another purchase had used the voucher. What the till took "
            "off for it was given twice; the voucher's page at the desk names the "
            "purchase that used it."
        ),
    )


class RecordedDocument(serializers.Serializer[Any]):
    """The answer to a receipt: the same at every repeat, for ever."""

    id = serializers.UUIDField()
    uniqueReceiptId = serializers.CharField()
    memberId = serializers.UUIDField(allow_null=True)
    isAnonymous = serializers.BooleanField()
    pointsEarned = serializers.IntegerField()
    pointsReversed = serializers.IntegerField(
        help_text=(
            "Points that this receipt's returns took back: fewer than the goods gave "
            "when the programme lets members keep what they have used."
        )
    )
    noPointsReason = serializers.ChoiceField(
        choices=[reason.value for reason in NoPoints], allow_null=True
    )
    pointsBalance = serializers.IntegerField(
        allow_null=True,
        help_text=(
            "The member's points after this receipt, those that are not usable yet "
            "included."
        ),
    )
    pointsBalanceWorth = serializers.CharField(
        allow_null=True,
        help_text=(
            "What they are worth in the receipt's currency, such as 42.50; null where "
            "the programme does not say."
        ),
    )
    currency = serializers.CharField()
    lines = LinePointsDocument(many=True)
    warnings = WarningDocument(
        many=True,
        required=False,
        help_text="Only where there are any. No call need be made again for them.",
    )


PURCHASE = OpenApiExample(
    "A purchase",
    request_only=True,
    value={
        "contact": {"matchKeyType": "MobilePhone", "matchKey": "070-174 06 05"},
        "uniqueReceiptId": "101-1-20261120-0042",
        "receiptNumber": "0042",
        "createdDate": "2026-11-20T17:04:33+01:00",
        "storeExternalId": "101",
        "tillId": "1",
        "currency": "SEK",
        "totalGrossPrice": "249.00",
        "paymentMethods": [{"type": "CARD", "value": "249.00"}],
        "taxDetails": [{"percent": "25", "amount": "49.80"}],
        "items": [
            {
                "type": "PURCHASE",
                "sku": "7310865004703",
                "articleNumber": "4703",
                "articleName": "Wool socks",
                "articleGroup": "Clothes",
                "quantity": "1",
                "grossPaidPrice": "249.00",
                "taxAmount": "49.80",
                "taxPercent": "25",
            }
        ],
    },
)
RETURN = OpenApiExample(
    "Its return",
    request_only=True,
    value={
        "contact": None,
        "uniqueReceiptId": "101-1-20261122-0007",
        "receiptNumber": "0007",
        "createdDate": "2026-11-22T11:30:02+01:00",
        "storeExternalId": "101",
        "currency": "SEK",
        "totalGrossPrice": "-249.00",
        "paymentMethods": [{"type": "CARD", "value": "-249.00"}],
        "originalReceipt": "101-1-20261120-0042",
        "items": [
            {
                "type": "RETURN",
                "sku": "7310865004703",
                "articleNumber": "4703",
                "articleName": "Wool socks",
                "articleGroup": "Clothes",
                "quantity": "-1",
                "grossPaidPrice": "249.00",
                "taxAmount": "49.80",
                "taxPercent": "25",
                "originalLine": 1,
            }
        ],
    },
)

_PARAMETERS: list[OpenApiParameter] = [IDEMPOTENCY_KEY]

RECORD_RECEIPT: dict[str, Any] = {
    "operation_id": "recordReceipt",
    "summary": "Record a receipt",
    "description": (
        "Records a finished purchase or return once and posts its points. A repeat, "
        "with the same Idempotency-Key or another, gets the first answer; the same "
        "receipt with other content is refused with what differs."
    ),
    "tags": ["receipts"],
    "parameters": _PARAMETERS,
    "request": ReceiptDocument,
    "responses": {201: RecordedDocument, **problems(400, 401, 403, 409, 413, 415, 422)},
    "examples": [PURCHASE, RETURN],
}

"""Vouchers and stamp cards as the OpenAPI document shows them."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from common.documents import IDEMPOTENCY_KEY, problems
from offers.models import Voucher


class VoucherDocument(serializers.Serializer[Any]):
    """A voucher."""

    id = serializers.UUIDField()
    code = serializers.CharField(help_text="Twelve signs; shown in groups of four.")
    kind = serializers.ChoiceField(choices=Voucher.Kind.values)
    value = serializers.CharField(help_text="As issued, such as 50.00.")
    worth = serializers.CharField(
        help_text="What is left: the share that came back with returned goods."
    )
    currency = serializers.CharField()
    texts = serializers.DictField(
        child=serializers.CharField(), help_text="Of goods: what, by language."
    )
    origin = serializers.ChoiceField(choices=Voucher.Origin.values)
    status = serializers.ChoiceField(choices=Voucher.Status.values)
    needsPurchase = serializers.BooleanField(
        help_text="It only lowers the price of something that is bought."
    )
    validUntil = serializers.DateField(help_text="The last day, in the club's zone.")
    usableNow = serializers.BooleanField(
        help_text="By the same rule that receipts are taken by."
    )
    reservedUntil = serializers.DateTimeField(allow_null=True)
    usedAt = serializers.DateTimeField(allow_null=True)


class PurchaseDocument(serializers.Serializer[Any]):
    """The purchase that is not finished."""

    purchase = serializers.CharField(
        max_length=96,
        help_text="Your own id of it: who reserved by it may use and let go.",
    )
    storeExternalId = serializers.CharField(
        required=False,
        help_text=(
            "Where it is: the receipt must be of this store. Needed by a key that"
            " serves some stores only."
        ),
    )
    memberId = serializers.UUIDField(
        required=False,
        help_text="Who buys, where that is known: the voucher must be theirs.",
    )


class MemberVouchersDocument(serializers.Serializer[Any]):
    """What a member may use now, the first to end first."""

    vouchers = VoucherDocument(many=True)


class StampCardDocument(serializers.Serializer[Any]):
    """How far a member is on a card."""

    id = serializers.UUIDField()
    names = serializers.DictField(child=serializers.CharField())
    sentence = serializers.CharField()
    collected = serializers.IntegerField(
        help_text="Of the next reward; below zero while a used one is owed."
    )
    needed = serializers.IntegerField()
    nextLapse = serializers.DateTimeField(allow_null=True)


class StampCardsDocument(serializers.Serializer[Any]):
    """Every card that is open now."""

    stampCards = StampCardDocument(many=True)


_EXAMPLE = OpenApiExample(
    "From a web shop's basket", request_only=True, value={"purchase": "basket-8841"}
)


def _verb(operation: str, summary: str, description: str) -> dict[str, Any]:
    return {
        "operation_id": operation,
        "summary": summary,
        "description": description,
        "tags": ["vouchers"],
        "parameters": [IDEMPOTENCY_KEY],
        "request": PurchaseDocument,
        "responses": {
            200: VoucherDocument,
            **problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
        "examples": [_EXAMPLE],
    }


READ_VOUCHER: dict[str, Any] = {
    "operation_id": "readVoucher",
    "summary": "Read a voucher",
    "description": "By its code, written in any way.",
    "tags": ["vouchers"],
    "responses": {200: VoucherDocument, **problems(401, 403, 404)},
}
RESERVE_VOUCHER = _verb(
    "reserveVoucher",
    "Reserve a voucher",
    "Holds it for half an hour for a purchase that is not finished.",
)
REDEEM_VOUCHER = _verb(
    "redeemVoucher",
    "Use a voucher",
    "Once. The receipt that names its code later is the same use, if it names this"
    " purchase too, or is of the store that was given. Tills need not call this, their"
    " receipt is enough.",
)
RELEASE_VOUCHER = _verb(
    "releaseVoucher",
    "Let a voucher go",
    "Lets go what the purchase had reserved and did not use.",
)
READ_MEMBER_VOUCHERS: dict[str, Any] = {
    "operation_id": "readMemberVouchers",
    "summary": "Read what a member may use",
    "description": "The vouchers that a purchase now may use, as tills decide it.",
    "tags": ["vouchers"],
    "responses": {200: MemberVouchersDocument, **problems(401, 403, 404)},
}
READ_MEMBER_STAMP_CARDS: dict[str, Any] = {
    "operation_id": "readMemberStampCards",
    "summary": "Read a member's stamp cards",
    "description": "How far the member is on every card that is open now.",
    "tags": ["vouchers"],
    "responses": {200: StampCardsDocument, **problems(401, 403, 404)},
}

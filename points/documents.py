"""The look-up as the OpenAPI document shows it."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from common.documents import problems


class LookupDocument(serializers.Serializer[Any]):
    """What the member shows: exactly one of these."""

    mobile = serializers.CharField(
        required=False, help_text="As people write it: 070-174 06 05."
    )
    email = serializers.CharField(required=False)
    memberNumber = serializers.CharField(required=False)
    card = serializers.CharField(
        required=False, help_text="The number on any card of the member's."
    )
    cardToken = serializers.CharField(
        required=False, help_text="What the QR code of the member's card holds."
    )


class MemberDocument(serializers.Serializer[Any]):
    """Who it is and what they have."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["PENDING", "ACTIVE", "BLOCKED"])
    firstName = serializers.CharField(help_text="Empty while it is not known.")
    registrationIncomplete = serializers.BooleanField(
        help_text="The link in the SMS still waits; purchases earn already."
    )
    points = serializers.IntegerField(
        help_text="Below zero after a return of used points."
    )
    pointsWorth = serializers.CharField(help_text="In money, such as 42.50.")
    currency = serializers.CharField()


LOOK_UP_MEMBER: dict[str, Any] = {
    "operation_id": "lookUpMember",
    "summary": "Look a member up",
    "description": (
        "Finds the member with exactly this number, address or card. Nothing is "
        "searched by parts, and who has left is not found."
    ),
    "tags": ["members"],
    "request": LookupDocument,
    "responses": {200: MemberDocument, **problems(400, 401, 403, 404, 413, 415, 422)},
    "examples": [
        OpenApiExample(
            "By mobile number", request_only=True, value={"mobile": "070-174 06 05"}
        )
    ],
}

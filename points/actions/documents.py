"""Events of other systems as the OpenAPI document shows them."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from common.documents import problems


class EventContactDocument(serializers.Serializer[Any]):
    """Who did it: exactly one of these."""

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


class SentEventDocument(serializers.Serializer[Any]):
    """Something that a member did."""

    memberId = serializers.UUIDField(
        required=False, help_text="Or `contact`: exactly one of them."
    )
    contact = EventContactDocument(required=False)
    event = serializers.CharField(
        max_length=40,
        help_text=(
            "What it is called: small letters, digits and dashes. The member reads it "
            "on their timeline: `wine-tasting` as Wine tasting."
        ),
    )
    id = serializers.CharField(
        max_length=128,
        help_text="Your own id of it: with the name it is written once, for ever.",
    )
    at = serializers.DateTimeField(help_text="When it happened, with its zone.")


class EventDocument(serializers.Serializer[Any]):
    """The event on the timeline."""

    id = serializers.UUIDField()
    memberId = serializers.UUIDField(help_text="Of the membership that has it.")
    event = serializers.CharField()
    isNew = serializers.BooleanField(help_text="False when it was sent before.")


SEND_EVENT: dict[str, Any] = {
    "operation_id": "sendMemberEvent",
    "summary": "Send an event",
    "description": (
        "Writes on a member's timeline what they did, such as taking part in "
        "something. When the version of the programme in force at that moment gives "
        "points for `custom.` and the name, they follow within a minute. The same name "
        "and id are written once, however often and in whatever order they are sent: "
        "201 the first time, 200 after."
    ),
    "tags": ["events"],
    "request": SentEventDocument,
    "responses": {
        200: EventDocument,
        201: EventDocument,
        **problems(400, 401, 403, 404, 409, 413, 415, 422),
    },
    "examples": [
        OpenApiExample(
            "A wine tasting",
            request_only=True,
            value={
                "contact": {"mobile": "070-174 06 05"},
                "event": "wine-tasting",
                "id": "2026-11-20/17",
                "at": "2026-11-20T19:00:00+01:00",
            },
        )
    ],
}

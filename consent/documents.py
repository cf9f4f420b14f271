"""Permissions as the OpenAPI document shows them. `consent.parsing` reads by hand."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from common.documents import IDEMPOTENCY_KEY, problems
from consent import parsing
from consent.gate import Code, MessageClass
from consent.models import Channel, ConsentEntry, Purpose

_PURPOSES = Purpose.values
_CHANNELS = Channel.values


class PermissionEntryDocument(serializers.Serializer[Any]):
    """One entry of the record."""

    id = serializers.UUIDField()
    purpose = serializers.ChoiceField(choices=_PURPOSES)
    channel = serializers.ChoiceField(choices=_CHANNELS)
    action = serializers.ChoiceField(choices=ConsentEntry.Action.values)
    allows = serializers.BooleanField(
        help_text="Whether this is a yes. An objection stands above it."
    )
    basis = serializers.ChoiceField(choices=ConsentEntry.Basis.values)
    at = serializers.DateTimeField(help_text="When the member said it.")
    recordedAt = serializers.DateTimeField(help_text="When it was written down.")
    enteredLate = serializers.BooleanField(
        help_text="Written down more than an hour after it was said."
    )
    # The framework's own `source` is a method's argument, not a field.
    source = serializers.CharField()  # type: ignore[assignment]
    textId = serializers.UUIDField(allow_null=True)
    textVersion = serializers.IntegerField(allow_null=True)
    textLanguage = serializers.CharField(allow_null=True)
    textHash = serializers.CharField(
        allow_null=True, help_text="SHA-256 of the wording, in hexadecimal."
    )
    receiptId = serializers.UUIDField(allow_null=True)


class PermissionsDocument(serializers.Serializer[Any]):
    """The member's last word for each purpose and channel."""

    member = serializers.UUIDField()
    objected = serializers.BooleanField(
        help_text="To all marketing: then none goes out, whatever is below."
    )
    permissions = PermissionEntryDocument(many=True)


class PermissionActDocument(serializers.Serializer[Any]):
    """What a member did in another system. Unknown fields are ignored."""

    purpose = serializers.ChoiceField(choices=_PURPOSES)
    channel = serializers.ChoiceField(
        choices=_CHANNELS,
        help_text="ANY for profiling, partners and an objection; else the way.",
    )
    action = serializers.ChoiceField(
        choices=list(parsing.ACTIONS),
        help_text="An objection is taken back by the member on their pages, not here.",
    )
    at = serializers.DateTimeField(
        help_text="When the member did it, with its zone; not in the future."
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=parsing.LONGEST_SOURCE,
        help_text="Where, in words: web shop, checkout.",
    )
    reference = serializers.CharField(
        required=False,
        max_length=parsing.LONGEST_REFERENCE,
        help_text="Your own id of it. No names, numbers or addresses.",
    )
    textId = serializers.UUIDField(
        required=False, help_text="The text the member saw. Needed for a yes."
    )
    receiptId = serializers.UUIDField(
        required=False,
        help_text="Of a customer relation (soft opt-in): the purchase it rests on.",
    )
    couldRefuse = serializers.BooleanField(
        default=False,
        help_text="Of a customer relation: the member could refuse there and then.",
    )


class RecordedPermissionsDocument(serializers.Serializer[Any]):
    """What was written; nothing where it was so already."""

    recorded = PermissionEntryDocument(many=True)


class GateCheckDocument(serializers.Serializer[Any]):
    """One thing that the gate looked at."""

    what = serializers.CharField()
    result = serializers.CharField()
    ok = serializers.BooleanField(
        allow_null=True, help_text="Null where it is not known any more."
    )
    since = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField(
        allow_null=True, help_text="The answer, where this shut the gate."
    )
    entryId = serializers.UUIDField(allow_null=True)
    textVersion = serializers.IntegerField(allow_null=True)


class PermissionsAsOfDocument(serializers.Serializer[Any]):
    """What the gate would have answered."""

    at = serializers.DateTimeField()
    allowed = serializers.BooleanField()
    code = serializers.ChoiceField(choices=[each.value for each in Code])
    codeAsKnownNow = serializers.CharField(
        help_text="Counting what was said by then but written down later.",
    )
    complete = serializers.BooleanField(
        help_text="False where facts of then are gone, as after an erasure."
    )
    entry = PermissionEntryDocument(allow_null=True)
    checks = GateCheckDocument(many=True)


_SEEN = problems(401, 403, 404)
TELL_PERMISSIONS: dict[str, Any] = {
    "operation_id": "tellPermissions",
    "summary": "Tell what a member allows",
    "description": (
        "The last word for each purpose and channel, with the entry that holds it and "
        "the text that was shown. What is not listed was never asked."
    ),
    "tags": ["permissions"],
    "responses": {200: PermissionsDocument, **_SEEN},
}
RECORD_PERMISSION: dict[str, Any] = {
    "operation_id": "recordPermission",
    "summary": "Record what a member allowed or took back",
    "description": (
        "For an act of the member's own in another system, never for one on their "
        "behalf. A yes names the text that was shown. What is written down more than "
        "an hour after it was said is marked as entered late. While the member objects "
        "to all marketing a yes is refused: 409. What holds already: 200."
    ),
    "tags": ["permissions"],
    "request": PermissionActDocument,
    "parameters": [IDEMPOTENCY_KEY],
    "responses": {
        201: RecordedPermissionsDocument,
        200: RecordedPermissionsDocument,
        **problems(400, 401, 403, 404, 409, 413, 415, 422),
    },
    "examples": [
        OpenApiExample(
            "A yes in the web shop",
            request_only=True,
            value={
                "purpose": "MARKETING",
                "channel": "EMAIL",
                "action": "GIVEN",
                "at": "2026-11-23T09:30:00+01:00",
                "source": "web shop, checkout",
                "textId": "0199b2f0-7f3a-7c11-8a44-5f0e6f1d2c3b",
            },
        ),
        OpenApiExample(
            "An objection to all marketing",
            request_only=True,
            value={
                "purpose": "MARKETING",
                "channel": "ANY",
                "action": "OBJECTED",
                "at": "2026-11-23T09:30:00+01:00",
                "source": "customer service by telephone",
            },
        ),
    ],
}
TELL_AS_OF: dict[str, Any] = {
    "operation_id": "tellPermissionsAsOf",
    "summary": "Tell whether a message could have been sent then",
    "description": (
        "Answers for any past instant by what was on record at it, check by check, as "
        "the gate did."
    ),
    "tags": ["permissions"],
    "parameters": [
        OpenApiParameter("at", OpenApiTypes.DATETIME, required=True),
        OpenApiParameter(
            "channel",
            required=True,
            enum=[each for each in _CHANNELS if each != Channel.ANY],
        ),
        OpenApiParameter(
            "class", required=True, enum=[each.value for each in MessageClass]
        ),
        OpenApiParameter(
            "purpose", enum=_PURPOSES, description="Of marketing and surveys."
        ),
    ],
    "responses": {200: PermissionsAsOfDocument, **_SEEN, **problems(422)},
}

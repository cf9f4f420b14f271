"""The look-up as the OpenAPI document shows it."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from common.documents import IDEMPOTENCY_KEY, problems
from points.models import Entry


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


class ExpiryDocument(serializers.Serializer[Any]):
    """The points that lapse first."""

    points = serializers.IntegerField()
    at = serializers.DateTimeField()


class NextTierDocument(serializers.Serializer[Any]):
    """The tier above, and what is missing to it."""

    key = serializers.CharField()
    name = serializers.CharField()
    needs = serializers.CharField(help_text="In the ladder's measure.")
    missing = serializers.CharField()
    by = serializers.DateField(
        allow_null=True, help_text="The last day on which that is enough."
    )


class KeepTierDocument(serializers.Serializer[Any]):
    """What keeps the tier for the next window."""

    needs = serializers.CharField()
    missing = serializers.CharField()
    by = serializers.DateField(help_text="The last day, the grace included.")
    projected = serializers.CharField(
        help_text="The tier if nothing more is bought or done."
    )


class TierProgressDocument(serializers.Serializer[Any]):
    """The way up, and what it takes to stay; `words` say it to the member."""

    measure = serializers.ChoiceField(choices=["spend", "points", "visits", "actions"])
    counted = serializers.CharField(help_text="In the window of today.")
    next = NextTierDocument(allow_null=True)
    keep = KeepTierDocument(allow_null=True)
    words = serializers.ListField(child=serializers.CharField())


class TierDocument(serializers.Serializer[Any]):
    """A member's tier."""

    key = serializers.CharField()
    name = serializers.CharField(help_text="In the language that was asked for.")
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateField(
        allow_null=True, help_text="The last day before its review; null is for ever."
    )
    isGranted = serializers.BooleanField(help_text="Given by the club, not earned.")
    progress = TierProgressDocument()


class PointWorthDocument(serializers.Serializer[Any]):
    """What one point is worth: a range where vouchers of several steps differ."""

    least = serializers.CharField(help_text="Such as 0.0800.")
    most = serializers.CharField(help_text="Such as 0.1000.")


class SummaryDocument(serializers.Serializer[Any]):
    """What a member has at a moment."""

    id = serializers.UUIDField(help_text="Of the membership that holds the points.")
    at = serializers.DateTimeField()
    available = serializers.IntegerField(
        help_text="To use; below zero after a return of used points."
    )
    pending = serializers.IntegerField(help_text="Earned, not usable before its day.")
    reserved = serializers.IntegerField(
        help_text="Promised to purchases that are not finished."
    )
    owed = serializers.IntegerField(help_text="What later purchases pay first.")
    worth = serializers.CharField(help_text="Of what is available, such as 42.50.")
    currency = serializers.CharField()
    pointWorth = PointWorthDocument(
        allow_null=True, help_text="Of one point; null while no programme is in force."
    )
    pointsToNextVoucher = serializers.IntegerField(allow_null=True)
    nextExpiry = ExpiryDocument(allow_null=True)
    tier = TierDocument(allow_null=True, help_text="Null where the club has none.")


class CauseDocument(serializers.Serializer[Any]):
    """What caused an entry."""

    type = serializers.CharField()
    id = serializers.UUIDField()


class EntryDocument(serializers.Serializer[Any]):
    """One entry of the ledger; none is ever changed."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Entry.Kind.values)
    points = serializers.IntegerField()
    moved = serializers.IntegerField(
        help_text="How many points began to count, were reserved or let go; the balance"
        " stays as it is."
    )
    balanceAfter = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="The day of business.")
    bookedAt = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)
    ruleVersion = serializers.IntegerField(allow_null=True)
    cause = CauseDocument(allow_null=True)
    left = serializers.IntegerField(
        allow_null=True, help_text="Of an earning: what is not used yet."
    )
    activeFrom = serializers.DateTimeField(
        allow_null=True, help_text="Of an earning: when it can be used."
    )
    expiresAt = serializers.DateTimeField(allow_null=True)


class LedgerDocument(serializers.Serializer[Any]):
    """A page of entries, newest first."""

    entries = EntryDocument(many=True)
    next = serializers.UUIDField(
        allow_null=True, help_text="Send it as `after` for the next page."
    )


class AdjustmentDocument(serializers.Serializer[Any]):
    """Points to add, or below zero to take, and why."""

    points = serializers.IntegerField(help_text="Not zero, at most 1 000 000.")
    reason = serializers.CharField(
        max_length=200, help_text="Members and staff read it; name nobody in it."
    )


READ_SUMMARY: dict[str, Any] = {
    "operation_id": "readMemberPoints",
    "summary": "Read a member's points",
    "description": "Now, or as they were just before a moment in the past: then "
    "`nextExpiry` is null.",
    "tags": ["points"],
    "parameters": [
        OpenApiParameter(
            "at", OpenApiTypes.DATETIME, description="With a time zone; now if absent."
        )
    ],
    "responses": {200: SummaryDocument, **problems(401, 403, 404, 422)},
}
READ_LEDGER: dict[str, Any] = {
    "operation_id": "readMemberLedger",
    "summary": "Read a member's ledger",
    "description": "Every entry, a hundred at a time, newest first.",
    "tags": ["points"],
    "parameters": [
        OpenApiParameter(
            "after", OpenApiTypes.UUID, description="The `next` of the page before."
        )
    ],
    "responses": {200: LedgerDocument, **problems(401, 403, 404, 422)},
}
ADJUST_POINTS: dict[str, Any] = {
    "operation_id": "adjustMemberPoints",
    "summary": "Adjust a member's points",
    "description": "Adds or takes points by an entry of its own; never below zero.",
    "tags": ["points"],
    "parameters": [IDEMPOTENCY_KEY],
    "request": AdjustmentDocument,
    "responses": {
        200: OpenApiResponse(
            EntryDocument, "The key was used for this before, more than a month ago."
        ),
        201: EntryDocument,
        **problems(400, 401, 403, 404, 409, 413, 415, 422),
    },
    "examples": [
        OpenApiExample(
            "After a complaint",
            request_only=True,
            value={"points": 100, "reason": "A late delivery"},
        )
    ],
}


class WorthDocument(serializers.Serializer[Any]):
    """What a point is worth: one amount, or a range where vouchers differ."""

    least = serializers.CharField(help_text="In the programme's currency.")
    most = serializers.CharField()
    text = serializers.CharField()


class LevelDocument(serializers.Serializer[Any]):
    """A level of the ladder."""

    key = serializers.CharField()
    name = serializers.CharField()
    needs = serializers.CharField()
    benefits = serializers.ListField(child=serializers.CharField())


class StepDocument(serializers.Serializer[Any]):
    """So many points become a voucher."""

    points = serializers.IntegerField()
    value = serializers.CharField()
    needsPurchase = serializers.BooleanField()


class ProgrammeDocument(serializers.Serializer[Any]):
    """The version of the programme that holds now."""

    version = serializers.IntegerField()
    startsAt = serializers.DateTimeField()
    language = serializers.ChoiceField(choices=["sv", "da", "en"])
    currency = serializers.CharField()
    sentences = serializers.ListField(
        child=serializers.CharField(),
        help_text="Every rule in one plain sentence, made from the rule itself.",
    )
    betterTermsUntil = serializers.DateField(
        allow_null=True,
        help_text="The last day on which points are worth, and become vouchers, as by"
        " the version before, where that is better; null when it is over.",
    )
    worthOfAPoint = WorthDocument()
    tiers = LevelDocument(many=True)
    tiersReachedBy = serializers.ChoiceField(
        choices=["spend", "points", "visits", "actions"], allow_null=True
    )
    voucherSteps = StepDocument(many=True)


READ_PROGRAMME: dict[str, Any] = {
    "operation_id": "readProgramme",
    "summary": "Read the programme",
    "description": (
        "What members earn and get by the version in force, in words and in figures."
    ),
    "tags": ["points"],
    "parameters": [
        OpenApiParameter(
            "language",
            description="sv, da or en; without it the language of the programme.",
        )
    ],
    "responses": {200: ProgrammeDocument, **problems(401, 403, 404, 422)},
}

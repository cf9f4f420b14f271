"""What every operation of the OpenAPI document says."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from common.problems import CONTENT_TYPE

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "8 to 128 visible ASCII characters, new for each change and the same for its "
        "repeats. Answers are kept 31 days."
    ),
)

_TITLES = {
    400: "Not readable, or without an Idempotency-Key",
    401: "No API key, or not a valid one",
    403: "The key may not do this",
    404: "Not found",
    409: "Recorded before with other content",
    413: "The body is too large",
    415: "Not JSON",
    422: "The content has errors",
    429: "Too many requests",
}


class FaultDocument(serializers.Serializer[Any]):
    """One thing wrong in the content."""

    pointer = serializers.CharField(help_text="Where: a JSON pointer.")
    code = serializers.CharField(help_text="Which: stable, see /api/docs/problems.")
    detail = serializers.CharField(help_text="In words.")


class ProblemDocument(serializers.Serializer[Any]):
    """An error as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, see /api/docs/problems.")
    detail = serializers.CharField(required=False)
    errors = FaultDocument(  # type: ignore[assignment]  # the framework's own `errors`
        many=True, required=False
    )
    request_id = serializers.CharField()


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the error answers of an operation."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemDocument, _TITLES[status])
        for status in statuses
    }

"""The API of this room: receipts in."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema

from common.api import JSON, ApiView, read_json
from common.idempotency import hash_body, key_of
from common.problems import Problem
from purchases import documents, parsing
from purchases.rules import Club
from purchases.services import Recorded, record_receipt, replay
from purchases.services.recording import Request
from stores.authentication import Caller


class Receipts(ApiView):
    """Receipts of finished purchases and returns."""

    scopes = {"POST": "receipts:write"}

    @extend_schema(**documents.RECORD_RECEIPT)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Record a receipt once and answer with its points."""
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        body = read_json(request)
        call = Request(
            scope=caller.idempotency_scope,
            key=key_of(request),
            body_hash=hash_body(body),
        )
        club = Club(
            programme_id=caller.programme_id,
            currency=caller.currency,
            country=caller.country,
            zone=ZoneInfo(caller.time_zone),
        )
        try:
            receipt = parsing.parse(body, club=club, now=now)
        except Problem:
            # A key that was used has the first word, also over a body with errors.
            answered = replay(request=call)
            if answered is None:
                raise
            return _respond(answered)
        return _respond(
            record_receipt(
                club=club,
                receipt=receipt,
                request=call,
                stores=caller.stores,
                now=now,
            )
        )


def _respond(recorded: Recorded) -> HttpResponse:
    response = HttpResponse(recorded.body, status=recorded.status, content_type=JSON)
    if recorded.replayed:
        response["Idempotency-Replayed"] = "true"
    return response

"""A voucher by its code: how it stands, and reserving, using and letting it go."""

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.codes import fault_words
from common.idempotency import Answer, key_of, once
from common.problems import Fault, Problem, invalid
from members.models import Member
from offers import documents
from offers.api import writing
from offers.api.members import member_of
from offers.faults import CODES
from offers.models import Voucher
from offers.vouchers import services, words
from offers.vouchers.services import NotReserved
from offers.vouchers.validity import CannotUse, Why, why_not
from stores.authentication import Caller
from stores.models import Store

_LONGEST_PURCHASE = 96
Verb = Callable[[dict[str, Any]], Voucher]


class VoucherState(ApiView):
    """How a voucher stands."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_VOUCHER)
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """Return a voucher, and whether it can be used now."""
        caller: Caller = request.user  # type: ignore[assignment]
        found = _find(caller, code)
        return answer(_written(found, caller))


class Reserve(ApiView):
    """Holds a voucher for a purchase that is not finished."""

    scopes = {"POST": "receipts:write"}

    @extend_schema(**documents.RESERVE_VOUCHER)
    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Reserve a voucher for half an hour."""

        def act(facts: dict[str, Any]) -> Voucher:
            return services.reserve_voucher(code=code, **facts)

        return _once(request, "reserve", code, act)


class Redeem(ApiView):
    """Uses a voucher before its receipt comes."""

    scopes = {"POST": "receipts:write"}

    @extend_schema(**documents.REDEEM_VOUCHER)
    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Use a voucher once; the receipt that names it later is the same use."""

        def act(facts: dict[str, Any]) -> Voucher:
            return services.redeem_voucher(code=code, at=facts["now"], **facts)

        return _once(request, "redeem", code, act)


class Release(ApiView):
    """Lets a reserved voucher go."""

    scopes = {"POST": "receipts:write"}

    @extend_schema(**documents.RELEASE_VOUCHER)
    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Let a voucher go that the purchase holds and will not use."""

        def act(facts: dict[str, Any]) -> Voucher:
            del facts["store"], facts["buyer"]
            return services.release_voucher(code=code, **facts)

        return _once(request, "release", code, act)


def _once(request: HttpRequest, what: str, code: str, verb: Verb) -> HttpResponse:
    caller: Caller = request.user  # type: ignore[assignment]
    now = timezone.now()
    key = key_of(request)
    body = read_json(request)

    def act() -> Answer:
        purchase, store, buyer = _read(body, caller)
        try:
            voucher = verb(
                {
                    "programme_id": caller.programme_id,
                    "key": purchase,
                    "store": store,
                    "buyer": buyer,
                    "now": now,
                }
            )
        except CannotUse as error:
            raise _refusal(error.why) from error
        except NotReserved as error:
            raise Problem(
                status=409,
                code="voucher_not_reserved",
                title=str(words.NOT_RESERVED),
            ) from error
        return Answer(200, _written(voucher, caller))

    given = once(
        scope=caller.idempotency_scope,
        key=key,
        # The voucher is part of what the key was used for.
        operation=f"vouchers.{what}:{code}"[:64],
        body=body,
        now=now,
        act=act,
    )
    response = answer(given.body, status=given.status)
    if given.replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def _read(body: object, caller: Caller) -> tuple[str, Store | None, Member | None]:
    if not isinstance(body, dict):
        raise invalid([Fault("/", "not_an_object", fault_words("not_an_object"))])
    purchase = body.get("purchase")
    if not isinstance(purchase, str) or not purchase.strip():
        raise invalid([Fault("/purchase", "required", fault_words("required"))])
    if len(purchase) > _LONGEST_PURCHASE:
        raise invalid([Fault("/purchase", "too_long", fault_words("too_long"))])
    return purchase, _store(body, caller), _buyer(body, caller)


def _buyer(body: dict[str, Any], caller: Caller) -> Member | None:
    said = body.get("memberId")
    if said is None:
        return None
    try:
        public_id = UUID(str(said))
    except ValueError:
        public_id = None
    found = member_of(caller, public_id) if public_id else None
    if found is None:
        raise invalid(
            [Fault("/memberId", "unknown_member", fault_words("unknown_member"))]
        )
    return found


def _store(body: dict[str, Any], caller: Caller) -> Store | None:
    code = body.get("storeExternalId")
    if code is None:
        if caller.stores is not None:
            # A key of some stores could otherwise act for any.
            raise invalid(
                [Fault("/storeExternalId", "required", fault_words("required"))]
            )
        return None
    store = Store.objects.filter(
        programme_id=caller.programme_id, code=str(code)
    ).first()
    if store is None or (caller.stores is not None and store.pk not in caller.stores):
        raise invalid(
            [Fault("/storeExternalId", "unknown_store", fault_words("unknown_store"))]
        )
    return store


def _find(caller: Caller, code: str) -> Voucher:
    with connection.cursor() as cursor:
        cursor.execute("SELECT offers_code(%s)", [code])
        (stored,) = cursor.fetchone()
    found = Voucher.objects.filter(
        programme_id=caller.programme_id, code=stored
    ).first()
    if found is None:
        raise _refusal(Why.UNKNOWN)
    return found


def _written(voucher: Voucher, caller: Caller) -> dict[str, Any]:
    now = timezone.now()
    why = why_not(voucher, at=now, now=now)
    return writing.voucher(voucher, why=why, zone=ZoneInfo(caller.time_zone))


def _refusal(why: Why) -> Problem:
    code, status = CODES[why]
    return Problem(status=status, code=code, title=str(words.WHY_NOT[why]))

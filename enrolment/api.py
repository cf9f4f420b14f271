"""The API of this room: other systems register members."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.codes import fault_words
from common.idempotency import Answer, key_of, once
from common.problems import Fault, Problem, invalid
from enrolment import actions, documents, parsing, services
from enrolment.parsing import Sent
from members.models import Member
from messaging.services import SmsRefused
from stores import audit
from stores.authentication import Caller
from stores.models import Programme, Store

_OPERATION = "members.register"
_POINTERS = {
    "phone": "/mobile",
    "email": "/email",
    "external_id": "/externalId",
    "first_name": "/firstName",
    "last_name": "/lastName",
    "birthday_on": "/birthday",
    "postcode": "/postcode",
}


class Members(ApiView):
    """Members of the club."""

    scopes = {"POST": "members:write"}

    @extend_schema(**documents.REGISTER_MEMBER)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Register a member once: 201 new, 200 the same, 409 somebody else."""
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        key = key_of(request)
        body = read_json(request)

        def act() -> Answer:
            sent = parsing.parse(
                body, country=caller.country, zone=caller.time_zone, now=now
            )
            return _register(caller, sent, now)

        given = once(
            scope=caller.idempotency_scope,
            key=key,
            operation=_OPERATION,
            body=body,
            now=now,
            act=act,
        )
        response = answer(given.body, status=given.status)
        if given.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _register(caller: Caller, sent: Sent, now: datetime) -> Answer:
    programme = Programme.objects.get(pk=caller.programme_id)
    try:
        made = services.register_from_system(
            programme=programme,
            person=sent.person,
            store=_store(caller, sent.store),
            send_link=sent.send_link,
            now=now,
        )
    except services.BelongsToSeveral as several:
        raise _conflict(several) from None
    except services.Contradicts as contradiction:
        raise _difference(contradiction) from None
    except SmsRefused:
        raise _fault("/mobile", "country_not_allowed") from None
    member = made.member
    if made.is_new:
        audit.record(
            programme=programme,
            actor=caller,
            action=actions.REGISTERED,
            now=now,
            member_id=member.public_id,
        )
    return Answer(
        201 if made.is_new else 200,
        {
            "id": str(member.public_id),
            "status": member.status,
            "registrationIncomplete": member.status == Member.Status.PENDING,
            "linkSent": made.link_sent,
        },
    )


def _store(caller: Caller, code: str) -> Store | None:
    """Return the store of a code; a key of one store need not name it.

    Raises:
        Problem: the key serves no such store.
    """
    served = Store.objects.filter(programme_id=caller.programme_id)
    if caller.stores is not None:
        served = served.filter(pk__in=caller.stores)
    if code:
        store = served.filter(code=code).first()
        if store is None:
            raise _fault("/store", "unknown_store")
        return store
    if caller.stores is None:
        return None
    if len(caller.stores) > 1:
        raise _fault("/store", "required")
    return served.first()


def _conflict(several: services.BelongsToSeveral) -> Problem:
    return Problem(
        status=409,
        code="members_conflict",
        title=_("What was sent belongs to several members."),
        detail=_("Nothing was changed. Send what belongs to one person."),
        faults=[
            Fault(_POINTERS[name], code, fault_words(code))
            for name, whose in several.fields.items()
            for code in ["belongs_to_another" if whose else "belongs_to_a_member"]
        ],
    )


def _difference(contradiction: services.Contradicts) -> Problem:
    return Problem(
        status=409,
        code="member_differs",
        title=_("The member is known with other details."),
        detail=_("Nothing was changed. What differs is listed under errors."),
        faults=[
            Fault(_POINTERS[name], "differs", fault_words("differs"))
            for name in contradiction.fields
        ],
    )


def _fault(pointer: str, code: str) -> Problem:
    return invalid([Fault(pointer, code, fault_words(code))])

"""Looking a member up, for tills and web shops: who it is and what they have.

Here and not with the members, because the answer holds points. One statement, because
the till waits.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.codes import fault_words
from common.prepared import first_row
from common.problems import Fault, Problem, invalid
from members import cards, phones
from points import documents
from stores.authentication import Caller

_LONGEST = 254
_OERE = Decimal("0.01")

# One of the unique indexes answers; which one is put in before the statement is sent.
_FIND = """
SELECT m.public_id::text, m.status, m.first_name,
    (points_parts(m.id, %s)).usable, r.point_value
FROM members_member m
LEFT JOIN LATERAL points_rule_at(m.programme_id, %s) r ON true
WHERE m.programme_id = %s AND m.status NOT IN ('LEFT', 'ERASED', 'MERGED')
    AND {condition}
"""
_BY = {
    "mobile": "m.phone <> '' AND m.phone = %s",
    "email": "m.email <> '' AND lower(m.email) = %s",
    "memberNumber": "m.number = %s",
    "card": "m.number = %s",
    "cardToken": "m.public_id = %s",
}
_QUERIES = {name: _FIND.format(condition=condition) for name, condition in _BY.items()}
# Asked when the first finds nobody: a further identifier that was proven, and the
# number or card of a membership that was merged into another.
_FURTHER = """m.id = (
    SELECT COALESCE(h.merged_into_id, h.id)
    FROM members_identifier i JOIN members_member h ON h.id = i.member_id
    WHERE i.programme_id = m.programme_id AND i.kind = '{kind}' AND i.system = ''
        AND i.value = %s AND i.ended_at IS NULL AND i.proven_at IS NOT NULL)"""
_OF_MERGED = """m.id = (
    SELECT h.merged_into_id FROM members_member h WHERE {of} = %s
        AND h.programme_id = m.programme_id AND h.merged_into_id IS NOT NULL)"""
_SECOND_QUERIES = {
    "mobile": [_FURTHER.format(kind="PHONE")],
    "email": [_FURTHER.format(kind="EMAIL")],
    "memberNumber": [_OF_MERGED.format(of="h.number"), _FURTHER.format(kind="CARD")],
    "card": [_OF_MERGED.format(of="h.number"), _FURTHER.format(kind="CARD")],
    "cardToken": [_OF_MERGED.format(of="h.public_id")],
}
_SECOND = {
    name: [_FIND.format(condition=condition) for condition in conditions]
    for name, conditions in _SECOND_QUERIES.items()
}


@dataclass(frozen=True, slots=True)
class _Asked:
    by: str
    value: str


class MemberLookup(ApiView):
    """Find a member by what they show."""

    scopes = {"POST": "members:read"}

    @extend_schema(**documents.LOOK_UP_MEMBER)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Return the member with exactly this number, address or card.

        A POST, so that numbers stay out of addresses and their logs.
        """
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        asked = _read(read_json(request), caller)
        value = asked.value
        if asked.by == "cardToken":
            public_id = cards.read_token(value, now=now)
            if public_id is None:
                raise _not_found()
            value = str(public_id)
        values = [now, now, caller.programme_id, value]
        row = first_row(_QUERIES[asked.by], values)
        for query in _SECOND[asked.by]:
            row = row or first_row(query, values)
        if row is None:
            raise _not_found()
        public_id, status, first_name, points, point_value = row
        points = int(points)
        return answer(
            {
                "id": public_id,
                "status": status,
                "firstName": first_name,
                "registrationIncomplete": status == "PENDING",
                "points": points,
                "pointsWorth": str(_worth(points, point_value)),
                "currency": caller.currency,
            }
        )


def _worth(points: int, point_value: Decimal | None) -> Decimal:
    exact = points * (point_value or Decimal(0))
    return exact.quantize(_OERE, rounding=ROUND_DOWN)


def _not_found() -> Problem:
    return Problem(
        status=404, code="member_not_found", title=_("The club has no such member.")
    )


def _read(body: object, caller: Caller) -> _Asked:
    if not isinstance(body, dict):
        raise _fault("/", "not_an_object")
    given = [name for name in _BY if body.get(name)]
    if len(given) != 1:
        raise _fault("/", "exactly_one")
    (by,) = given
    value = body[by]
    if not isinstance(value, str):
        raise _fault(f"/{by}", "not_text")
    if len(value) > _LONGEST:
        raise _fault(f"/{by}", "too_long")
    return _Asked(by, _normal(by, value.strip(), caller))


def _normal(by: str, value: str, caller: Caller) -> str:
    if by == "mobile":
        try:
            return phones.normalize(value, country=caller.country)
        except phones.PhoneInvalid:
            raise _fault("/mobile", "phone_malformed") from None
    if by == "email":
        if "@" not in value or not value.isprintable():
            raise _fault("/email", "email_malformed")
        return value.lower()
    if by == "card":
        return "".join(value.split()).upper()
    if by == "memberNumber":
        digits = "".join(value.split())
        if not cards.is_number(digits):
            raise _fault("/memberNumber", "number_malformed")
        return digits
    return value


def _fault(pointer: str, code: str) -> Problem:
    return invalid([Fault(pointer, code, fault_words(code))])

"""A member's points for other systems: what they have, every entry, adjustments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.codes import fault_words
from common.idempotency import Answer, key_of, once, reused
from common.problems import Fault, Problem, invalid
from members.models import Member
from points import documents, kinds, rules, selectors, words, worth
from points.adjusting import Adjusted, adjust
from points.models import Entry
from points.rules import EarningRule
from points.services import InsufficientPoints, KeyReused, MemberMerged
from points.tiers.answers import tier_answer
from stores import audit
from stores.authentication import Caller

_ADJUST = "points.adjust"
# An adjustment by another system; more than that is a mistake in its units.
MOST_POINTS = 1_000_000
LONGEST_REASON = 200
PAGE = 100


class MemberSummary(ApiView):
    """What a member has."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_SUMMARY)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Return a member's points now, or just before the moment `at`."""
        caller: Caller = request.user  # type: ignore[assignment]
        member = _member(caller, public_id)
        asked = _moment(request.GET.get("at", ""))
        at = asked or timezone.now()
        rule = selectors.find_rule(programme_id=member.programme_id, at=at)
        if asked is None:
            held = selectors.balance_now(member, at)
            expiring = selectors.next_expiry(member, at)
        else:
            held = selectors.balance_as_of(member, at)
            # A lot does not remember what was left of it, nor the days it had then.
            expiring = None
        return answer(
            {
                "id": str(member.public_id),
                "at": at.isoformat(),
                "available": held.available,
                "pending": held.pending,
                "reserved": held.reserved,
                "owed": held.owed,
                "worth": str(rules.worth(held.available, rule)) if rule else "0.00",
                "currency": caller.currency,
                "pointWorth": _point_worth(rule),
                "pointsToNextVoucher": rules.points_to_next(held.available, rule)
                if rule
                else None,
                "nextExpiry": {
                    "points": expiring.points,
                    "at": expiring.expires_at.isoformat(),
                }
                if expiring
                else None,
                "tier": tier_answer(member, at),
            }
        )


class MemberLedger(ApiView):
    """The entries of a member."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_LEDGER)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Return a member's entries, newest first, a hundred at a time."""
        caller: Caller = request.user  # type: ignore[assignment]
        member = _member(caller, public_id)
        entries = selectors.entries(member)
        after = request.GET.get("after", "")
        if after:
            entries = entries.filter(pk__lt=_place(entries, after))
        rows = list(entries[: PAGE + 1])
        return answer(
            {
                "entries": [_entry(row) for row in rows[:PAGE]],
                "next": str(rows[PAGE - 1].public_id) if len(rows) > PAGE else None,
            }
        )


class Adjustments(ApiView):
    """Adjustments of a member's points."""

    scopes = {"POST": "points:write"}

    @extend_schema(**documents.ADJUST_POINTS)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Add or take points once, with a reason."""
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        key = key_of(request)
        body = read_json(request)

        def act() -> Answer:
            points, reason = _adjustment(body)
            member, adjusted = _adjust(caller, public_id, points, reason, key, now)
            if adjusted.is_replay:
                # Sent again after the answer was forgotten: nothing was posted now.
                return Answer(200, _entry(adjusted.entry))
            audit.record(
                programme=member.programme,
                actor=caller,
                action=kinds.ADJUSTED,
                now=now,
                member_id=member.public_id,
                # What was written is with the entry: the trail is never erased.
                data={"points": points, "entry": adjusted.entry.public_id},
            )
            return Answer(201, _entry(adjusted.entry))

        given = once(
            scope=caller.idempotency_scope,
            key=key,
            # The member is part of what the key was used for.
            operation=f"{_ADJUST}:{public_id}",
            body=body,
            now=now,
            act=act,
        )
        response = answer(given.body, status=given.status)
        if given.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _adjust(
    caller: Caller, public_id: UUID, points: int, reason: str, key: str, now: datetime
) -> tuple[Member, Adjusted]:
    """Adjust the points of a member, or of the one they are merged into meanwhile."""
    while True:
        member = _member(caller, public_id)
        try:
            return member, adjust(
                member=member, points=points, note=reason, key=key, now=now
            )
        except MemberMerged:
            continue
        except InsufficientPoints:
            raise _insufficient() from None
        except KeyReused:
            raise reused(key) from None


def _point_worth(rule: EarningRule | None) -> dict[str, str] | None:
    """Return what a point is worth by the vouchers: equal unless they differ."""
    if rule is None:
        return None
    value = worth.of(rule)
    return {"least": str(value.least), "most": str(value.most)}


def _member(caller: Caller, public_id: UUID) -> Member:
    """Return the member with an id, or the one it was merged into.

    Raises:
        Problem: the club has no such member, or they were erased.
    """
    found = (
        Member.objects.select_related("programme", "merged_into__programme")
        .filter(programme_id=caller.programme_id, public_id=public_id)
        .exclude(status=Member.Status.ERASED)
        .first()
    )
    if found is None:
        raise Problem(
            status=404, code="member_not_found", title=_("The club has no such member.")
        )
    return found.merged_into or found


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    # The first and last days of the calendar cannot be told in another zone.
    if at is None or timezone.is_naive(at) or not 1970 < at.year < 9999:
        raise _fault("/at", "time_malformed")
    return at


def _place(entries: Any, after: str) -> int:
    try:
        known = entries.filter(public_id=UUID(after)).values_list("pk", flat=True)
    except ValueError:
        raise _fault("/after", "unknown_entry") from None
    place = known.first()
    if place is None:
        raise _fault("/after", "unknown_entry")
    return int(place)


def _adjustment(body: object) -> tuple[int, str]:
    if not isinstance(body, dict):
        raise _fault("/", "not_an_object")
    points, reason = body.get("points"), body.get("reason")
    faults = []
    if not _is_amount(points):
        faults.append(
            Fault("/points", "points_malformed", fault_words("points_malformed"))
        )
    if not isinstance(reason, str) or not reason.strip():
        faults.append(Fault("/reason", "required", fault_words("required")))
    elif len(reason) > LONGEST_REASON:
        faults.append(Fault("/reason", "too_long", fault_words("too_long")))
    if faults:
        raise invalid(faults)
    return int(str(points)), str(reason).strip()


def _is_amount(points: object) -> bool:
    is_whole = isinstance(points, int) and not isinstance(points, bool)
    return is_whole and points != 0 and abs(int(str(points))) <= MOST_POINTS


def _entry(entry: Entry) -> dict[str, Any]:
    lot = getattr(entry, "lot", None)
    return {
        "id": str(entry.public_id),
        "kind": entry.kind,
        "points": entry.points,
        "moved": entry.moved,
        "balanceAfter": entry.balance_after,
        "at": entry.at.isoformat(),
        "bookedAt": entry.posted_at.isoformat(),
        "reason": words.why(entry),
        "ruleVersion": entry.rule.version if entry.rule else None,
        "cause": {"type": entry.source_type, "id": str(entry.source_id)}
        if entry.source_id
        else None,
        "left": lot.remaining if lot else None,
        "activeFrom": lot.active_from.isoformat() if lot else None,
        "expiresAt": lot.expires_at.isoformat() if lot and lot.expires_at else None,
    }


def _insufficient() -> Problem:
    return Problem(
        status=409,
        code="insufficient_points",
        title=_("The member has fewer points than that."),
    )


def _fault(pointer: str, code: str) -> Problem:
    return invalid([Fault(pointer, code, fault_words(code))])

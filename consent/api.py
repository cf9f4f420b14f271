"""The API of this room: what a member allows, told, reported, and as of any instant."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer, read_json
from common.idempotency import Answer, key_of, once
from common.problems import Problem
from consent import documents, kinds, parsing, selectors, services
from consent.gate import MessageClass
from consent.history import Check, could_have_sent
from consent.models import ConsentEntry, Text
from consent.parsing import Sent, fault
from members.models import Member
from stores import audit
from stores.authentication import Caller

_OPERATION = "permissions.record"
_CLASSES = tuple(each.value for each in MessageClass)
_FAULT_AT = {
    "no_chance_to_refuse": "/couldRefuse",
    "not_electronic_mail": "/channel",
    "refused_before": "/action",
    "no_such_receipt": "/receiptId",
    "bought_later": "/at",
}


class Permissions(ApiView):
    """What a member allows."""

    scopes = {"GET": "members:read", "POST": "members:write"}

    @extend_schema(**documents.TELL_PERMISSIONS)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Tell the member's last word on everything that was ever asked."""
        member = _member(request, public_id)
        permissions = selectors.permissions_of(member)
        return answer(
            {
                "member": str(member.public_id),
                "objected": selectors.has_objected(member),
                "permissions": [
                    _entry(permissions[key]) for key in sorted(permissions)
                ],
            }
        )

    @extend_schema(**documents.RECORD_PERMISSION)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Write down an act of the member's, with its source and text."""
        caller: Caller = request.user  # type: ignore[assignment]
        now = timezone.now()
        key = key_of(request)
        body = read_json(request)
        member = _member(request, public_id)

        def act() -> Answer:
            return _record(caller, member, parsing.parse_act(body, now=now), now)

        given = once(
            scope=caller.idempotency_scope,
            key=key,
            operation=f"{_OPERATION}:{member.public_id}",
            body=body,
            now=now,
            act=act,
        )
        response = answer(given.body, status=given.status)
        if given.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class PermissionsAsOf(ApiView):
    """Whether a message could have been sent then."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.TELL_AS_OF)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Answer for a past instant, with every check that was made."""
        member = _member(request, public_id)
        asked = parsing.parse_question(
            request.GET, classes=_CLASSES, now=timezone.now()
        )
        told = could_have_sent(
            member=member,
            channel=asked.channel,
            message_class=asked.message_class,
            purpose=asked.purpose,
            at=asked.at,
        )
        return answer(
            {
                "at": told.at.isoformat(),
                "allowed": told.allowed,
                "code": told.code,
                "codeAsKnownNow": told.code_as_known_now,
                "complete": told.is_complete,
                "entry": _entry(told.entry) if told.entry else None,
                "checks": [_check(check) for check in told.checks],
            }
        )


def _member(request: HttpRequest, public_id: UUID) -> Member:
    """Return a member of the caller's club, or the one they were merged into.

    Raises:
        Problem: 404 when the club has no such member.
    """
    caller: Caller = request.user  # type: ignore[assignment]
    member = (
        Member.objects.select_related("programme", "merged_into__programme")
        .filter(programme_id=caller.programme_id, public_id=public_id)
        .exclude(status=Member.Status.ERASED)
        .first()
    )
    if member is None:
        raise Problem(
            status=404, code="member_not_found", title=_("The club has no such member.")
        )
    return member.merged_into or member


def _record(caller: Caller, member: Member, sent: Sent, now: datetime) -> Answer:
    evidence = {
        "system": sent.source,
        "api_key": caller.public_id,
        **({"reference": sent.reference} if sent.reference else {}),
    }
    try:
        entries = _write(member, sent, _text(member, sent), evidence, now)
    except services.ObjectionStands:
        raise Problem(
            status=409,
            code="objection_stands",
            title=_("The member objects to all marketing."),
            detail=_("Only the member can take that back. Nothing was changed."),
        ) from None
    except services.NoCustomerRelation as refusal:
        raise fault(_FAULT_AT[refusal.code], refusal.code) from None
    if entries:
        audit.record(
            programme=member.programme,
            actor=caller,
            action=kinds.RECORDED,
            now=now,
            member_id=member.public_id,
            subject=f"{sent.purpose} {sent.channel} {sent.action}",
        )
    return Answer(
        201 if entries else 200, {"recorded": [_entry(entry) for entry in entries]}
    )


def _write(
    member: Member,
    sent: Sent,
    text: Text | None,
    evidence: dict[str, Any],
    now: datetime,
) -> list[ConsentEntry]:
    source = ConsentEntry.Source.API
    if sent.action == ConsentEntry.Action.OBJECTED:
        return services.object_to_marketing(
            member=member, source=source, evidence=evidence, at=sent.at, now=now
        )
    if sent.receipt_id is not None and text is not None:
        bought_at = services.when_bought(member, sent.receipt_id)
        if bought_at is None:
            raise services.NoCustomerRelation("no_such_receipt")
        entry = services.record_soft_opt_in(
            member=member,
            channel=sent.channel,
            receipt_id=sent.receipt_id,
            bought_at=bought_at,
            source=source,
            text=text,
            could_refuse=sent.could_refuse,
            evidence=evidence,
            at=sent.at,
            now=now,
        )
        return [entry] if entry else []
    return [
        services.report(
            member=member,
            purpose=sent.purpose,
            channel=sent.channel,
            action=sent.action,
            at=sent.at,
            source=source,
            text=text,
            evidence=evidence,
            now=now,
        )
    ]


def _text(member: Member, sent: Sent) -> Text | None:
    """Return the text that was named.

    Raises:
        Problem: it is not the one for this, or was not published by then.
    """
    if sent.text_id is None:
        return None
    text = Text.objects.filter(
        programme_id=member.programme_id,
        public_id=sent.text_id,
        kind=Text.Kind.CONSENT,
        published_at__isnull=False,
    ).first()
    if text is None:
        raise fault("/textId", "unknown_text")
    if (text.purpose, text.channel) != (sent.purpose, sent.channel):
        raise fault("/textId", "text_does_not_fit")
    if text.published_at is not None and text.published_at > sent.at:
        raise fault("/textId", "text_came_later")
    return text


def _entry(entry: ConsentEntry) -> dict[str, Any]:
    text = entry.text
    return {
        "id": str(entry.public_id),
        "purpose": entry.purpose,
        "channel": entry.channel,
        "action": entry.action,
        "allows": entry.action in services.YES,
        "basis": entry.basis,
        "at": entry.at.isoformat(),
        "recordedAt": entry.recorded_at.isoformat(),
        "enteredLate": entry.is_entered_late,
        "source": entry.source,
        "textId": str(text.public_id) if text else None,
        "textVersion": text.version if text else None,
        "textLanguage": text.language if text else None,
        "textHash": bytes(text.text_hash).hex() if text else None,
        "receiptId": str(entry.receipt_id) if entry.receipt_id else None,
    }


def _check(check: Check) -> dict[str, Any]:
    entry = check.entry
    return {
        "what": check.what,
        "result": check.result,
        "ok": check.is_ok,
        "since": check.since.isoformat() if check.since else None,
        "code": check.code,
        "entryId": str(entry.public_id) if entry else None,
        "textVersion": entry.text.version if entry and entry.text else None,
    }

"""One-time codes: written, sent, tried, and used once."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Q, Sum

from common import limits as buckets
from common.ids import uuid7
from consent.models import Channel
from members.models import Member
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from portal import codes, limits, rules
from portal.identifiers import Identifier
from portal.models import LoginCode
from portal.rules import CodeState, Verdict
from stores.models import Programme

Purpose = LoginCode.Purpose

# What the message says the code is for: who is talked into reading it out to somebody
# should see it.
_TEXTS = {
    Purpose.SIGN_IN: "login_code",
    Purpose.SECOND: "login_code",
    Purpose.STEP_UP: "step_up_code",
    Purpose.CONTACT: "contact_code",
    Purpose.DESK: "desk_code",
}


class CodeRefused(Exception):
    """Raised when an entered code does not count; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


def take_limits(*, identifier: Identifier, address_block: str, now: datetime) -> None:
    """Take what a code costs from every limit on codes.

    Raises:
        LimitReached: one of them is used up.
    """
    is_phone = identifier.channel is Channel.SMS
    neighbors = limits.CODES_PER_BLOCK if is_phone else limits.CODES_PER_MAIL_DOMAIN
    buckets.take(
        [
            (limits.CODES_PER_IDENTIFIER, identifier.value),
            (limits.CODES_PER_IDENTIFIER_DAY, identifier.value),
            (limits.CODES_PER_ADDRESS, address_block),
            (neighbors, identifier.block),
        ],
        now=now,
    )


@transaction.atomic
def write_code(
    *,
    programme: Programme,
    member: Member | None,
    identifier: Identifier,
    purpose: str,
    browser_key: str,
    language: str,
    now: datetime,
) -> LoginCode:
    """Write a code and, if it is a member's, send it; older codes stop working."""
    LoginCode.objects.filter(
        identifier_index=identifier.index, used_at=None, replaced_at=None
    ).update(replaced_at=now)
    code, public_id = codes.new_code(), uuid7()
    login_code = LoginCode.objects.create(
        public_id=public_id,
        member=member,
        purpose=purpose,
        channel=identifier.channel,
        identifier_index=identifier.index,
        code_hash=codes.code_hash(public_id, code),
        browser_hash=codes.key_hash(browser_key),
        created_at=now,
        expires_at=now + rules.CODE_LIFE,
    )
    if member is not None:
        # A refusal is kept to ourselves: who asks gets the same page either way.
        with suppress(SmsRefused):
            queue_message(
                programme=programme,
                member=member,
                channel=identifier.channel,
                message_class=Message.Class.CODE,
                kind=_TEXTS[Purpose(purpose)],
                language=language,
                address=identifier.value,
                context={"code": code},
                dedupe_key=f"login-code:{public_id}",
                now=now,
                expires_at=login_code.expires_at,
            )
    return login_code


def send_to_member(
    *,
    member: Member,
    identifier: Identifier,
    purpose: str,
    browser_key: str,
    address_block: str,
    now: datetime,
) -> None:
    """Send a code to a known member, in the member's language.

    Raises:
        LimitReached: too many codes for this number or address, or the caller.
    """
    take_limits(identifier=identifier, address_block=address_block, now=now)
    write_code(
        programme=member.programme,
        member=member,
        identifier=identifier,
        purpose=purpose,
        browser_key=browser_key,
        language=member.language,
        now=now,
    )


def use_code(
    *,
    identifier: Identifier,
    purpose: str,
    browser_key: str,
    code: str,
    address_block: str,
    now: datetime,
) -> LoginCode:
    """Use up a code if it is the right one; a wrong one is counted.

    Raises:
        CodeRefused: the code is wrong, old, used, replaced, or was asked for in
            another browser or for something else; or too many wrong ones were entered.
        LimitReached: too many codes were entered from this address.
    """
    buckets.take([(limits.ENTRIES_PER_ADDRESS, address_block)], now=now)
    # Raised outside the transaction, which must keep the count of tries.
    verdict, login_code = _try_code(identifier, purpose, browser_key, code, now)
    if verdict is not Verdict.RIGHT or login_code is None:
        raise CodeRefused(verdict)
    return login_code


@transaction.atomic
def _try_code(
    identifier: Identifier, purpose: str, browser_key: str, code: str, now: datetime
) -> tuple[Verdict, LoginCode | None]:
    # All of the day's codes are locked, so that guesses at several of them at once
    # are counted one after the other.
    recent = list(
        LoginCode.objects.select_for_update()
        .filter(identifier_index=identifier.index, created_at__gt=now - rules.DAY)
        .order_by("-created_at", "-id")
    )
    browser = codes.key_hash(browser_key)
    login_code = next(
        (
            row
            for row in recent
            if bytes(row.browser_hash) == browser and row.purpose == purpose
        ),
        None,
    )
    if login_code is None:
        return Verdict.UNKNOWN, None
    if sum(row.tries for row in recent) >= rules.WRONG_CODES_PER_DAY:
        return Verdict.LOCKED, None
    refused = rules.refusal(
        CodeState(
            expires_at=login_code.expires_at,
            tries=login_code.tries,
            is_used=login_code.used_at is not None,
            is_replaced=login_code.replaced_at is not None,
        ),
        now=now,
    )
    if refused:
        return refused, None
    if is_closed(now=now):
        return Verdict.CLOSED, None
    entered = codes.code_hash(login_code.public_id, code)
    if (
        not codes.is_same(bytes(login_code.code_hash), entered)
        or login_code.member_id is None
    ):
        LoginCode.objects.filter(pk=login_code.pk).update(tries=F("tries") + 1)
        return Verdict.WRONG, None
    LoginCode.objects.filter(pk=login_code.pk).update(used_at=now)
    return Verdict.RIGHT, login_code


def is_closed(*, now: datetime) -> bool:
    """Tell whether codes are refused for everybody, because somebody is guessing."""
    lately = LoginCode.objects.filter(
        created_at__gt=now - rules.SPRAY_WINDOW
    ).aggregate(
        wrong=Sum("tries", filter=Q(used_at__isnull=True)),
        right=Count("id", filter=Q(used_at__isnull=False)),
    )
    return rules.is_sprayed(wrong=lately["wrong"] or 0, right=lately["right"])

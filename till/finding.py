"""Who has this number or card: one answer, whatever was typed or scanned."""

import re
from datetime import datetime

from members import cards, identity, phones, silence
from members.models import Identifier, Member
from members.selectors import (
    find_by_card_token,
    find_by_identifier,
    find_by_number,
    find_by_phone,
)
from messaging.limits import allowed_countries
from stores.models import Programme
from till import rules
from till.answers import Answer, Outcome

_BY_STATUS = {
    Member.Status.ACTIVE: Outcome.KNOWN,
    Member.Status.PENDING: Outcome.PENDING,
    Member.Status.LEFT: Outcome.LEFT,
    Member.Status.BLOCKED: Outcome.BLOCKED,
}
# What scanners that are set up so write before a code: which kind of code it was.
_SYMBOLOGY = re.compile(r"\A\][A-Za-z][0-9]")


def find(*, programme: Programme, typed: str, now: datetime) -> tuple[str, Answer]:
    """Return how somebody was looked for (card, number or phone) and the answer."""
    typed = _SYMBOLOGY.sub("", typed.strip())
    if rules.looks_like_card(typed):
        return "card", _by_card(programme, typed, now)
    return _by_digits(programme, typed, now)


def answer_about(member: Member, *, phone: str = "") -> Answer | None:
    """Return what the till says of a member; None of one who is erased."""
    while member.merged_into is not None:
        member = member.merged_into
    outcome = _BY_STATUS.get(Member.Status(member.status))
    return Answer(outcome, member, phone=phone) if outcome else None


def _by_card(programme: Programme, code: str, now: datetime) -> Answer:
    member = find_by_card_token(programme=programme, token=code, now=now)
    found = answer_about(member) if member else _by_plain_card(programme, code)
    return found or Answer(Outcome.CARD_UNKNOWN)


def _by_plain_card(programme: Programme, code: str) -> Answer | None:
    """Look for a printed card, or for one that was lost or replaced."""
    value = "".join(code.split()).upper()
    member = find_by_identifier(
        programme=programme, kind=Identifier.Kind.CARD, value=value
    )
    if member is not None:
        return answer_about(member)
    ended = identity.ended_card(programme=programme, value=value)
    if ended is None:
        return None
    lost = ended.end == Identifier.End.LOST
    return Answer(Outcome.CARD_LOST if lost else Outcome.CARD_REPLACED)


def _by_digits(programme: Programme, typed: str, now: datetime) -> tuple[str, Answer]:
    """Look for a membership number, then for a mobile number, then for a card.

    Twelve digits that pass the check can still be a number typed with its country's
    code, so only one that is somebody's counts as a membership number.
    """
    digits = "".join(typed.split())
    if cards.is_number(digits) and not rules.looks_international(typed):
        member = find_by_number(programme=programme, number=digits)
        found = answer_about(member) if member else None
        if found is not None:
            return "number", found
    try:
        phone = phones.normalize(typed, country=programme.country)
    except phones.PhoneInvalid as error:
        card = _by_plain_card(programme, typed) if digits.isdigit() else None
        invalid = Answer(Outcome.NUMBER_INVALID, message=error.messages[0])
        return ("card", card) if card else ("phone", invalid)
    member = find_by_phone(programme=programme, phone=phone)
    found = answer_about(member, phone=phone) if member else None
    if found is not None:
        return "phone", _unless_silent(found, now)
    card = _by_plain_card(programme, typed)
    if card is not None:
        return "card", card
    if phones.country_of(phone) not in allowed_countries(programme):
        return "phone", Answer(Outcome.COUNTRY_CLOSED, phone=phone)
    return "phone", Answer(Outcome.NEW, phone=phone)


def _unless_silent(answer: Answer, now: datetime) -> Answer:
    """Keep a member's name from whoever has their number by now."""
    member = answer.member
    if answer.outcome is not Outcome.KNOWN or member is None:
        return answer
    is_silent = silence.is_silent(
        member=member,
        kind=Identifier.Kind.PHONE,
        value=answer.phone,
        stake=silence.Stake.GREETING,
        now=now,
    )
    if not is_silent:
        return answer
    return Answer(Outcome.SILENT, member, phone=answer.phone)

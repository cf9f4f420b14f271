"""What the first page says of vouchers and stamp cards."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.models import Member
from offers.stamps.selectors import Progress, cards_of
from offers.vouchers import selectors, words


@dataclass(frozen=True, slots=True)
class Offers:
    """How many vouchers can be used and until when, and the stamp cards."""

    vouchers: str
    until: str
    has_choice: bool
    cards: list[Progress]


def offers_of(member: Member, *, now: datetime) -> Offers:
    """Put together what a member can use and collects."""
    found = selectors.shown_to_member(member, now=now)
    choices = None if found else selectors.choices_for(member, now=now)
    return Offers(
        vouchers=_vouchers(len(found), words.title(found[0])) if found else "",
        until=_("Valid until %(day)s")
        % {"day": words.last_day(found[0], member.programme.zone)}
        if found
        else "",
        has_choice=choices is not None
        and any(each.is_enough for each in choices.steps),
        cards=cards_of(member, now=now),
    )


def _vouchers(count: int, first: str) -> str:
    if count == 1:
        return _("You have a voucher: %(what)s") % {"what": first}
    return ngettext(
        "You have %(n)s voucher to use", "You have %(n)s vouchers to use", count
    ) % {"n": count}

"""The gate's rules once more, for what held at a past instant: every check shown.

The gate itself is SQL (`consent_gate`) and knows the present only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from consent.gate import OPEN, Code, MessageClass
from consent.history.then import Question, Then, Words
from consent.models import Channel, ConsentEntry, Purpose, Suppression
from consent.services import YES
from members.models import Member

_REACHED_BY = frozenset({Channel.SMS, Channel.PHONE, Channel.EMAIL})
_SECOND = frozenset({Purpose.PROFILING, Purpose.PARTNERS})
_SHUT = {
    ConsentEntry.Action.REFUSED: Code.REFUSED,
    ConsentEntry.Action.OBJECTED: Code.OBJECTED,
    ConsentEntry.Action.EXPIRED: Code.EXPIRED,
    ConsentEntry.Action.WITHDRAWN: Code.WITHDRAWN,
    ConsentEntry.Action.LIFTED: Code.WITHDRAWN,
}
# What is counted, the code, when it happened, how often it may, within which time.
_Limit = tuple[str, Code, list[datetime], int | None, timedelta]
_FREE = {MessageClass.CODE: Code.CODE, MessageClass.SERVICE: Code.SERVICE}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the gate looks at, how it was, and since when.

    `is_ok` is none where it is not known any more. `code` is the gate's answer where
    this shut it; `entry` the permission that it rests on, with its text.
    """

    what: str
    result: str
    is_ok: bool | None
    since: datetime | None = None
    entry: ConsentEntry | None = None
    code: Code | None = None
    retry_at: datetime | None = None


class Verdict(NamedTuple):
    """What the checks come to."""

    allowed: bool
    code: Code
    entry: ConsentEntry | None
    checks: tuple[Check, ...]
    retry_at: datetime | None


def decide(then: Then, words: Words, asked: Question) -> Verdict:
    """Make every check in the gate's order; the first that is shut is the answer."""
    checks = tuple(_checks(then, words, asked))
    for check in checks:
        if check.code is not None:
            return Verdict(
                check.code in OPEN, check.code, check.entry, checks, check.retry_at
            )
    first = words[_first_key(asked)]
    is_soft = first.basis == ConsentEntry.Basis.SOFT_OPT_IN
    code = Code.SOFT_OPT_IN if is_soft else Code.CONSENT_GIVEN
    return Verdict(True, code, first, checks, None)


def _checks(then: Then, words: Words, asked: Question) -> Iterator[Check]:
    membership = _membership(then)
    yield membership
    if membership.code is not None:
        return
    yield from _reach(then, asked)
    free = _FREE.get(MessageClass(asked.message_class))
    if free is not None:
        yield Check(
            _("Kind of message"), _("Needs no permission."), is_ok=True, code=free
        )
        return
    yield _activity(then)
    yield from _address(then, asked)
    yield _restriction(then)
    yield _age(then, asked)
    yield from _permissions(words, asked)
    yield _silence(then, asked)
    yield _quiet_hours(then, asked)
    yield from _budget(then, asked)


def _membership(then: Then) -> Check:
    what = _("Membership")
    status, since = then.standing
    if status is None:
        return Check(what, _("Erased since; not known any more."), is_ok=None)
    label = str(Member.Status(status).label)
    if status in {Member.Status.ERASED, Member.Status.MERGED}:
        return Check(what, label, is_ok=False, since=since, code=Code.ERASED)
    return Check(what, label, is_ok=True, since=since)


def _reach(then: Then, asked: Question) -> Iterator[Check]:
    blocked = then.suppression
    if blocked is not None and blocked.reach == Suppression.Reach.ALL:
        yield _suppressed(blocked)
    if asked.channel not in _REACHED_BY:
        result = _("None is kept.")
        yield Check(_("Address"), result, is_ok=False, code=Code.NO_ADDRESS)


def _suppressed(blocked: Suppression) -> Check:
    result = f"{blocked.get_reach_display()} ({blocked.get_reason_display()})"
    return Check(
        _("Block list"), result, is_ok=False, since=blocked.at, code=Code.SUPPRESSED
    )


def _activity(then: Then) -> Check:
    status, since = then.standing
    what = _("Active member")
    if status is None:
        return Check(what, _("Erased since; not known any more."), is_ok=None)
    if status != Member.Status.ACTIVE:
        return Check(what, _("No"), is_ok=False, since=since, code=Code.NOT_ACTIVE)
    return Check(what, _("Yes"), is_ok=True, since=since)


def _address(then: Then, asked: Question) -> Iterator[Check]:
    what = _("Address")
    if not then.knows_address:
        yield Check(what, _("Erased since; not known any more."), is_ok=None)
    elif asked.channel in _REACHED_BY and not then.address:
        yield Check(what, _("None"), is_ok=False, code=Code.NO_ADDRESS)
    else:
        yield Check(what, _("Known"), is_ok=True, since=then.address_since)
    blocked = then.suppression
    if blocked is None:
        yield Check(_("Block list"), _("Not on it"), is_ok=True)
    elif blocked.reach != Suppression.Reach.ALL:
        yield _suppressed(blocked)


def _restriction(then: Then) -> Check:
    what = _("Restriction")
    if then.wishes.get("restricted_at"):
        return Check(
            what, _("Restricted"), False, since=then.wished_at, code=Code.RESTRICTED
        )
    return Check(what, _("None"), is_ok=True)


def _age(then: Then, asked: Question) -> Check:
    what = _("Age")
    if then.born_on is None:
        return Check(what, _("Birthday not given"), is_ok=True)
    bounds = then.bounds
    least = max(
        then.by_law,
        bounds.profiling_from_years
        if asked.purpose == Purpose.PROFILING
        else bounds.youngest_years,
    )
    today = asked.at.astimezone(then.zone).date()
    born = then.born_on
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    result = _("%(years)s years; %(least)s are needed") % {
        "years": years,
        "least": least,
    }
    if years < least:
        return Check(what, result, is_ok=False, code=Code.TOO_YOUNG)
    return Check(what, result, is_ok=True)


def _permissions(words: Words, asked: Question) -> Iterator[Check]:
    is_second = asked.purpose in _SECOND
    if asked.message_class == MessageClass.MARKETING or is_second:
        against = words.get((Purpose.MARKETING, Channel.ANY))
        what = _("Objection to all marketing")
        if against is not None and against.action == ConsentEntry.Action.OBJECTED:
            yield Check(what, _("Objected"), False, against.at, against, Code.OBJECTED)
        else:
            since = against.at if against else None
            yield Check(what, _("None"), is_ok=True, since=since, entry=against)
    yield _word(words, *_first_key(asked))
    if is_second:
        yield _word(words, asked.purpose, Channel.ANY)
    first = words.get(_first_key(asked))
    if (
        asked.purpose == Purpose.PARTNERS
        and first is not None
        and first.basis == ConsentEntry.Basis.SOFT_OPT_IN
    ):
        result = _("A customer relation is for own goods only.")
        yield Check(_("Ground"), result, False, first.at, first, Code.NEVER_ASKED)


def _word(words: Words, purpose: str, channel: str) -> Check:
    what = _("%(purpose)s (%(channel)s)") % {
        "purpose": Purpose(purpose).label if purpose else "",
        "channel": Channel(channel).label,
    }
    entry = words.get((purpose, channel))
    if entry is None:
        return Check(what, _("Never asked"), is_ok=False, code=Code.NEVER_ASKED)
    result = str(entry.get_action_display())
    if entry.action in YES:
        if entry.basis == ConsentEntry.Basis.SOFT_OPT_IN:
            result = str(entry.get_basis_display())
        return Check(what, result, is_ok=True, since=entry.at, entry=entry)
    code = _SHUT[ConsentEntry.Action(entry.action)]
    return Check(what, result, False, entry.at, entry, code)


def _first_key(asked: Question) -> tuple[str, str]:
    purpose = Purpose.MARKETING if asked.purpose in _SECOND else asked.purpose
    return purpose, asked.channel


def _silence(then: Then, asked: Question) -> Check:
    what = _("Left alone for a while")
    wish = then.wishes.get("snoozed_until")
    until = datetime.fromisoformat(wish) if wish else None
    if until is not None and until > asked.at:
        return Check(
            what, _("Yes"), False, then.wished_at, code=Code.SNOOZED, retry_at=until
        )
    return Check(what, _("No"), is_ok=True)


def _quiet_hours(then: Then, asked: Question) -> Check:
    what = _("Quiet hours")
    bounds = then.bounds
    local = asked.at.astimezone(then.zone)
    clock, begins, ends = local.time(), bounds.quiet_from, bounds.quiet_until
    result = f"{begins:%H:%M}–{ends:%H:%M}"
    if begins < ends:
        is_quiet = begins <= clock < ends
    else:
        is_quiet = clock >= begins or clock < ends
    if not is_quiet:
        return Check(what, result, is_ok=True, since=then.bounds_since)
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    until = datetime.combine(day, ends, then.zone).astimezone(UTC)
    return Check(
        what,
        result,
        False,
        then.bounds_since,
        code=Code.QUIET_HOURS,
        retry_at=until,
    )


def _budget(then: Then, asked: Question) -> Iterator[Check]:
    bounds = then.bounds
    every = [at for _kind, at in then.contacts]
    surveys = [at for kind, at in then.contacts if kind == "SURVEY"]
    year, month, week = timedelta(days=365), timedelta(days=30), timedelta(days=7)
    gap = timedelta(hours=bounds.gap_hours)
    own = then.wishes.get("per_week")
    limits: list[_Limit] = [
        (_("The member's own limit"), Code.OWN_BUDGET, every, own, week),
        (_("At most in seven days"), Code.WEEK_BUDGET, every, bounds.per_week, week),
        (
            _("At most in thirty days"),
            Code.MONTH_BUDGET,
            every,
            bounds.per_month,
            month,
        ),
        (_("Hours between two messages"), Code.GAP, every, 1, gap),
    ]
    if asked.message_class == MessageClass.SURVEY:
        per_year = bounds.surveys_per_year
        limits.insert(
            0, (_("Surveys in a year"), Code.SURVEY_BUDGET, surveys, per_year, year)
        )
    for what, code, moments, most, window in limits:
        if most is None:
            continue
        recent = [at for at in moments if at > asked.at - window]
        shown = str(bounds.gap_hours) if code is Code.GAP else f"{len(recent)} / {most}"
        if len(recent) >= most:
            again = moments[most - 1] + window if most else None
            yield Check(what, shown, False, code=code, retry_at=again)
        else:
            yield Check(what, shown, is_ok=True)

"""Ask members again when what they agreed to changes, and note what they answer.

A yes covers what it was said to. When an edition says something else, whoever said yes
to an earlier one is asked; until `answer_by` the old yes covers what it always did,
and after that nothing. Terms are another thing: they change with notice, and who stays
a member after `holds_from` goes on under the new ones. That is noted as what it is,
told and not answered, never as an acceptance.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django_q.tasks import async_task

from common.periods import local_day
from consent.models import ConsentEntry, Edition, Permission, Renewal, Text
from consent.selectors import current_text
from consent.services import MEMBER, YES, accept_terms, record_entry
from members import events
from members.models import Member

# Kinds of events: terms accepted anew, and terms that hold after notice.
TERMS_ACCEPTED = "consent.terms_accepted"
TERMS_HOLD = "consent.terms_hold"
# Told this long ago, a member who said nothing goes on under changed terms.
_NOTICE_DAYS = 30
_TASK = "consent.tasks.ask_again"
_BATCH = 5000

# Who agreed to an earlier edition and has not agreed to this one.
_TO_ASK = {
    Edition.Kind.CONSENT: """
        FROM consent_permission p
        JOIN members_member m ON m.id = p.member_id
        JOIN consent_consententry c ON c.id = p.entry_id
        LEFT JOIN consent_text t ON t.id = c.text_id
        WHERE m.programme_id = %(programme)s AND m.status = 'ACTIVE'
            AND p.purpose = %(purpose)s AND p.channel = %(channel)s
            AND p.action = ANY (%(yes)s) AND p.basis = 'CONSENT'
            -- What an old club asked with is not known, so it is not this.
            AND coalesce(t.version, 0) < %(number)s
    """,
    Edition.Kind.TERMS: """
        FROM (
            SELECT a.member_id, max(t.version) AS version
            FROM consent_termsacceptance a
            JOIN consent_text t ON t.id = a.text_id
            WHERE t.programme_id = %(programme)s
            GROUP BY a.member_id
        ) p
        JOIN members_member m ON m.id = p.member_id
        WHERE m.status = 'ACTIVE' AND p.version < %(number)s
    """,
}
_ASK = """
INSERT INTO consent_renewal (public_id, edition_id, member_id, outcome)
SELECT gen_random_uuid(), %(edition)s, m.id, 'OPEN'
{who}
ON CONFLICT (member_id, edition_id) DO NOTHING
"""

# Answered already, in another way: on the page of choices, by STOP, at the till.
_ANSWERED_ELSEWHERE = """
UPDATE consent_renewal r SET answered_at = p.at, outcome = CASE
    WHEN p.action = ANY (%(yes)s) THEN 'YES' WHEN p.action = 'EXPIRED' THEN 'EXPIRED'
    ELSE 'NO' END
FROM consent_edition e, consent_permission p
JOIN consent_consententry c ON c.id = p.entry_id
LEFT JOIN consent_text t ON t.id = c.text_id
WHERE r.outcome = 'OPEN' AND e.id = r.edition_id AND e.kind = 'CONSENT'
    AND p.member_id = r.member_id AND p.purpose = e.purpose AND p.channel = e.channel
    AND (p.action <> ALL (%(yes)s) OR coalesce(t.version, 0) >= e.number)
"""

_DUE = """
SELECT r.id
FROM consent_renewal r
JOIN consent_edition e ON e.id = r.edition_id
JOIN stores_programme g ON g.id = e.programme_id
JOIN members_member m ON m.id = r.member_id
WHERE r.outcome = 'OPEN' AND {is_due}
ORDER BY r.member_id
LIMIT %(limit)s
-- Members before their renewals, as when one answers.
FOR NO KEY UPDATE OF m SKIP LOCKED
"""
_UNANSWERED = (
    "e.kind = 'CONSENT' AND e.answer_by < (%(now)s AT TIME ZONE g.time_zone)::date"
)
_TOLD = (
    "e.kind = 'TERMS' AND e.holds_from <= (%(now)s AT TIME ZONE g.time_zone)::date"
    " AND r.told_at <= %(now)s - make_interval(days => %(notice)s)"
)
_EXPIRE = """
WITH closed AS (
    UPDATE consent_renewal r SET outcome = 'EXPIRED'
    FROM consent_edition e
    WHERE r.id = ANY (%(due)s) AND r.outcome = 'OPEN' AND e.id = r.edition_id
    RETURNING r.member_id, r.public_id, e.public_id AS edition, e.number, e.purpose,
        e.channel
), said AS (
    INSERT INTO consent_consententry (public_id, member_id, purpose, channel, action,
        at, source, actor, text_id, evidence)
    SELECT DISTINCT ON (p.id) gen_random_uuid(), p.member_id, p.purpose, p.channel,
        'EXPIRED', greatest(%(now)s, p.at), 'RULE', 'rule', c.text_id,
        jsonb_build_object('renewal', o.public_id, 'edition', o.edition)
    FROM closed o
    JOIN consent_permission p ON p.member_id = o.member_id
        AND p.purpose = o.purpose AND p.channel = o.channel
    JOIN consent_consententry c ON c.id = p.entry_id
    LEFT JOIN consent_text t ON t.id = c.text_id
    WHERE p.action = ANY (%(yes)s) AND p.basis = 'CONSENT'
        AND coalesce(t.version, 0) < o.number
    ORDER BY p.id, o.number DESC
    RETURNING public_id, member_id, purpose, channel, at, text_id
), told AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT gen_random_uuid(), s.member_id, 'consent.expired', s.at, %(now)s,
        jsonb_build_object('purpose', s.purpose, 'channel', s.channel,
            'source', 'RULE', 'text_version', t.version),
        'consent_entry', s.public_id
    FROM said s LEFT JOIN consent_text t ON t.id = s.text_id
    RETURNING 1
)
SELECT count(*) FROM said
"""
_CLOSE_TERMS = """
WITH closed AS (
    UPDATE consent_renewal r SET outcome = 'EXPIRED'
    FROM consent_edition e
    WHERE r.id = ANY (%(due)s) AND r.outcome = 'OPEN' AND e.id = r.edition_id
    RETURNING r.member_id, r.told_at, e.public_id, e.number, e.holds_from
), told AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT gen_random_uuid(), member_id, 'consent.terms_hold', %(now)s, %(now)s,
        jsonb_build_object('version', number, 'told_at', told_at,
            'holds_from', holds_from),
        'edition', public_id
    FROM closed
    RETURNING 1
)
SELECT count(*) FROM told
"""


class TermsAreLeft(Exception):
    """Raised for a no to terms: who does not want them leaves the club."""


def count_to_ask(edition: Edition) -> int:
    """Count the members who agreed to an earlier edition, to be asked about this."""
    who = _TO_ASK[Edition.Kind(edition.kind)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {who}", _question(edition))
        (count,) = cursor.fetchone()
    return int(count)


def ask_again(edition: Edition) -> int:
    """Open a renewal for everybody to be asked, in one statement; return how many.

    Done again, it asks only who has come since: somebody who opened a join link before
    the edition was published and agreed to the earlier one after.
    """
    if not edition.is_material or edition.state != Edition.State.PUBLISHED:
        return 0
    statement = _ASK.format(who=_TO_ASK[Edition.Kind(edition.kind)])
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_question(edition), "edition": edition.pk})
        return int(cursor.rowcount)


def ask_all(*, now: datetime) -> int:
    """Ask again for every edition whose time to answer runs; return how many asked."""
    running = Edition.objects.select_related("programme").filter(
        Q(kind=Edition.Kind.CONSENT, answer_by__isnull=False)
        | Q(kind=Edition.Kind.TERMS, holds_from__isnull=False),
        state=Edition.State.PUBLISHED,
        is_material=True,
    )
    return sum(
        ask_again(edition)
        for edition in running
        if (edition.answer_by or edition.holds_from or now.date())
        >= local_day(now, edition.programme.zone)
    )


def _ask() -> None:
    async_task(_TASK)


def ask_on_commit() -> None:
    """Have a worker open the renewals: a million rows are not for a web request."""
    transaction.on_commit(_ask, robust=True)


def open_for(member: Member) -> list[Renewal]:
    """Return what a member is asked now: the latest edition of each text.

    Not about a permission that they took back meanwhile: nothing of it is left to ask.
    """
    asked = list(_list_open(member))
    if not asked:
        return []
    live = set(
        Permission.objects.filter(member=member, action__in=YES).values_list(
            "purpose", "channel"
        )
    )
    latest: dict[tuple[str, str, str], Renewal] = {}
    for renewal in asked:
        edition = renewal.edition
        is_terms = edition.kind == Edition.Kind.TERMS
        if is_terms or (edition.purpose, edition.channel) in live:
            latest[(edition.kind, edition.purpose, edition.channel)] = renewal
    return list(latest.values())


def answer(
    *,
    renewal: Renewal,
    yes: bool,
    source: str,
    evidence: dict[str, Any],
    now: datetime,
    text: Text | None = None,
) -> Renewal:
    """Note what a member says to a new edition; the first answer counts.

    `text` is the version that was shown, else the one in force in their language. A
    yes is a new yes to those words; a no takes the old one back.

    Raises:
        TermsAreLeft: a no to terms, which are left by leaving the club.
    """
    edition = renewal.edition
    is_terms = edition.kind == Edition.Kind.TERMS
    if is_terms and not yes:
        raise TermsAreLeft
    with transaction.atomic():
        member = (
            Member.objects.select_for_update(no_key=True, of=("self",))
            .select_related("programme")
            .get(pk=renewal.member_id)
        )
        held = (
            Renewal.objects.select_for_update(of=("self",))
            .select_related("edition")
            .get(pk=renewal.pk)
        )
        if held.outcome in {Renewal.Outcome.YES, Renewal.Outcome.NO}:
            return held
        shown = _shown(edition, member, text)
        if is_terms:
            _accept(member, shown, source, now)
        else:
            _say(member, shown, held, yes, source, evidence, now)
        held.outcome = Renewal.Outcome.YES if yes else Renewal.Outcome.NO
        held.answered_at = now
        held.save(update_fields=["outcome", "answered_at"])
        # One answer for all that was open about this text.
        _list_open(member).filter(
            edition__kind=edition.kind,
            edition__purpose=edition.purpose,
            edition__channel=edition.channel,
            edition__number__lte=shown.version,
        ).update(outcome=held.outcome, answered_at=now)
    return held


def note_answers_elsewhere() -> int:
    """Close what members answered in another way; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED_ELSEWHERE, {"yes": _yes()})
        return int(cursor.rowcount)


def expire_unanswered(*, now: datetime, limit: int = _BATCH) -> int:
    """Let a batch of yeses end whose renewal nobody answered in time; return how many.

    The count is of renewals looked at: nought means that nothing is left to do.
    """
    return _close(_UNANSWERED, _EXPIRE, now, limit)


def note_terms_hold(*, now: datetime, limit: int = _BATCH) -> int:
    """Note for a batch of members that changed terms hold for them; return how many.

    For those who were told at least thirty days ago and stayed without a word.
    """
    return _close(_TOLD, _CLOSE_TERMS, now, limit)


def mark_told(told_at: Mapping[UUID, datetime]) -> None:
    """Note when a message about it reached a member, by the renewal's public id."""
    found = list(Renewal.objects.filter(public_id__in=told_at, told_at=None))
    for renewal in found:
        renewal.told_at = told_at[renewal.public_id]
    Renewal.objects.bulk_update(found, ["told_at"])


def _list_open(member: Member) -> QuerySet[Renewal]:
    return (
        Renewal.objects.filter(
            member=member,
            outcome=Renewal.Outcome.OPEN,
            edition__state=Edition.State.PUBLISHED,
        )
        .select_related("edition")
        .order_by("edition__kind", "edition__number", "pk")
    )


def _shown(edition: Edition, member: Member, text: Text | None) -> Text:
    """Return the words that the answer is about: never older than the question."""
    slot = (edition.programme_id, edition.kind, edition.purpose, edition.channel)
    if (
        text is not None
        and text.published_at is not None
        and (text.programme_id, text.kind, text.purpose, text.channel) == slot
        and text.version >= edition.number
    ):
        return text
    return current_text(
        programme=member.programme,
        kind=edition.kind,
        purpose=edition.purpose,
        channel=edition.channel,
        language=member.language,
    )


def _accept(member: Member, text: Text, source: str, now: datetime) -> None:
    accept_terms(member=member, text=text, at=now, source=source)
    events.record(
        member_id=member.pk,
        kind=TERMS_ACCEPTED,
        at=now,
        now=now,
        data={"version": text.version, "source": source},
        subject_type="text",
        subject_id=text.public_id,
    )


def _say(
    member: Member,
    text: Text,
    renewal: Renewal,
    yes: bool,
    source: str,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    held = Permission.objects.filter(
        member=member, purpose=text.purpose, channel=text.channel
    ).first()
    is_live = held is not None and held.action in YES
    if not yes and not is_live:
        return
    given, withdrawn = ConsentEntry.Action.GIVEN, ConsentEntry.Action.WITHDRAWN
    record_entry(
        member=member,
        purpose=text.purpose,
        channel=text.channel,
        action=given if yes else withdrawn,
        at=now,
        source=source,
        actor=MEMBER,
        text=text,
        evidence={**evidence, "renewal": str(renewal.public_id)},
    )


def _close(is_due: str, statement: str, now: datetime, limit: int) -> int:
    values: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "notice": _NOTICE_DAYS,
        "yes": _yes(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE.format(is_due=is_due), values)
        due = [key for (key,) in cursor.fetchall()]
        if due:
            cursor.execute(statement, {**values, "due": due})
    return len(due)


def _question(edition: Edition) -> dict[str, Any]:
    return {
        "programme": edition.programme_id,
        "purpose": edition.purpose,
        "channel": edition.channel,
        "number": edition.number,
        "yes": _yes(),
    }


def _yes() -> list[str]:
    return [action.value for action in sorted(YES)]

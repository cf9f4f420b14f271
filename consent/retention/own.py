"""The kinds of this room, and of the rooms below, which do not know the registry."""

from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.erasure import erase_member
from consent.models import (
    ConsentEntry,
    Contact,
    ContactPreference,
    Erasure,
    RightsRequest,
    RightsStep,
    Suppression,
    TermsAcceptance,
)
from consent.registry import Retention
from consent.retention import activity, inactivity
from consent.retention.kinds import Due, register
from consent.retention.periods import days_of
from members.models import Member
from stores import audit
from stores.models import AuditEntry

_GONE = """
FROM consent_erasure e JOIN members_member m ON m.public_id = e.member_id
WHERE e.programme_id = %(programme)s AND m.status = 'ERASED' AND e.at < %(before)s
"""
_PROOF = """
SELECT t.id FROM {table} t WHERE t.member_id IN (SELECT m.id {gone})
"""
# Acts of the member, not of a till, an import or a rule.
_OWN_WORDS = (
    "(SELECT max(c.at) FROM consent_consententry c WHERE c.member_id = m.id"
    " AND c.source IN ('JOIN_LINK', 'PORTAL', 'SMS_REPLY', 'LINK'))"
)
_REQUESTS = (
    "(SELECT max(q.received_at) FROM consent_rightsrequest q WHERE q.member_id = m.id)"
)


def register_all() -> None:
    """Register the kinds and sources; called once, when the room is ready."""
    inactivity.register()
    activity.register(
        "permissions", title=_("Answers about messages"), newest=_OWN_WORDS, order=60
    )
    activity.register(
        "requests", title=_("Requests about own data"), newest=_REQUESTS, order=65
    )
    _register_members()
    _register_proof()
    _register_trail()


def _register_members() -> None:
    register(
        inactivity.KEY,
        title=_("Members nobody has heard of"),
        does=_(
            "The member is told three times, at the end, one month and two months"
            " before, and then erased; never without three messages that have left."
        ),
        why=_(
            "Without purchases and sign-ins nothing is left to keep a membership for"
            " (GDPR art. 5(1)(e)); authorities found years without them too long."
        ),
        days=days_of(24),
        least=days_of(12),
        most=days_of(36),
        model=Member,
        count=inactivity.count_due,
        prune=inactivity.erase_due,
        keeps={},
        order=1,
    )
    register(
        "members-left",
        title=_("Members who have left"),
        does=_("The member is erased; the books keep receipts, tied to nobody."),
        why=_("So that who changes their mind finds their points, and can ask."),
        days=365,
        least=30,
        most=730,
        model=Member,
        count=lambda due: _left(due).count(),
        prune=_erase_left,
        keeps={},
        order=2,
    )


def _register_proof() -> None:
    register(
        "contacts",
        title=_("When members were written to"),
        does=_("The row is deleted; the message itself has its own period."),
        why=_("Messages and surveys are counted by the week, month and year."),
        days=days_of(13),
        least=days_of(12) + 1,
        most=730,
        model=Contact,
        count=lambda due: _contacts(due).count(),
        prune=_drop_contacts,
        keeps={Contact: Retention.THIRTEEN_MONTHS},
        order=36,
    )
    register(
        "proof",
        title=_("What erased members had agreed to"),
        does=_("Their entries are deleted; those of members stay."),
        why=_(
            "Proof while it is used, and two years after (GDPR art. 7(1); the Danish"
            " practice for marketing)."
        ),
        days=730,
        least=395,
        most=1825,
        model=ConsentEntry,
        count=_count_proof,
        prune=_drop_proof,
        keeps={
            ConsentEntry: Retention.PROOF,
            TermsAcceptance: Retention.PROOF,
        },
        order=37,
    )
    register(
        "requests",
        title=_("Requests about own data"),
        does=_("The request is deleted with its log and answer."),
        why=_("To show that requests were answered, and in time (GDPR art. 5(2))."),
        days=730,
        least=395,
        most=3650,
        model=RightsRequest,
        count=lambda due: _requests(due).count(),
        prune=_drop_requests,
        keeps=dict.fromkeys((RightsRequest, RightsStep), Retention.TWO_YEARS),
        order=38,
    )
    register(
        "suppressions",
        title=_("Blocked addresses that are free again"),
        does=_("The keyed hash is deleted; those still blocked stay."),
        why=_("To show why nothing was sent, and since when something is."),
        days=730,
        least=30,
        most=1825,
        model=Suppression,
        count=lambda due: _lifted(due).count(),
        prune=_drop_lifted,
        keeps={Suppression: Retention.WISH},
        order=39,
    )
    register(
        "erasures",
        title=_("That a member was erased"),
        does=_("The note is deleted; the journal beside the database keeps its line."),
        why=_(
            "A restored backup is checked against it, and what the books and the proof"
            " still keep is found by it. It names nobody."
        ),
        # A year longer than the longest of those.
        days=9 * 365,
        model=Erasure,
        count=lambda due: _erasures(due).count(),
        prune=_drop_erasures,
        keeps={Erasure: Retention.BOOKS},
        # After all that is found by it.
        order=90,
        whole_years=True,
    )


def _register_trail() -> None:
    register(
        "audit",
        title=_("What staff and systems did"),
        does=_("The oldest entries are deleted; the chains prove those that are left."),
        why=_("To find out who looked at what, for as long as somebody may ask."),
        # The chains are the whole house's, so the period is too.
        days=730,
        model=AuditEntry,
        count=lambda due: audit.count_old(before=due.before),
        prune=lambda due, limit: audit.let_go(before=due.before, limit=limit),
        keeps={AuditEntry: Retention.TWO_YEARS},
        order=80,
    )


def _left(due: Due) -> QuerySet[Member]:
    disputed = ContactPreference.objects.filter(
        member=OuterRef("pk"), restricted_at__isnull=False
    )
    return Member.objects.filter(
        ~Exists(disputed),
        programme=due.programme,
        status=Member.Status.LEFT,
        left_at__lt=due.before,
    )


def _erase_left(due: Due, limit: int) -> int:
    # Locked in their order: who comes back at this moment is waited for, and stays.
    some = _left(due).order_by("pk").select_for_update(of=("self",))
    gone = 0
    for member in some[: min(limit, 200)]:
        erase_member(member=member, now=due.now, reason=Erasure.Reason.INACTIVE)
        gone += 1
    return gone


def _contacts(due: Due) -> QuerySet[Contact]:
    return Contact.objects.filter(member__programme=due.programme, at__lt=due.before)


def _drop_contacts(due: Due, limit: int) -> int:
    some = _contacts(due).values("pk")[:limit]
    return Contact.objects.filter(pk__in=some).delete()[0]


def _count_proof(due: Due) -> int:
    values: dict[str, Any] = {"programme": due.programme.pk, "before": due.before}
    with connection.cursor() as cursor:
        total = 0
        for table in _tables():
            rows = _PROOF.format(table=table, gone=_GONE)
            cursor.execute(f"SELECT count(*) FROM ({rows}) due", values)  # noqa: S608
            total += cursor.fetchone()[0]
    return total


def _drop_proof(due: Due, limit: int) -> int:
    values: dict[str, Any] = {"programme": due.programme.pk, "before": due.before}
    gone = 0
    with connection.cursor() as cursor:
        for table in _tables():
            rows = _PROOF.format(table=table, gone=_GONE)
            cursor.execute(
                f"DELETE FROM {table} WHERE id IN ({rows} LIMIT %(limit)s)",  # noqa: S608
                {**values, "limit": limit - gone},
            )
            gone += cursor.rowcount
    return gone


def _tables() -> list[str]:
    return [each._meta.db_table for each in (ConsentEntry, TermsAcceptance)]


def _requests(due: Due) -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(
        programme=due.programme, closed_at__lt=due.before
    )


def _drop_requests(due: Due, limit: int) -> int:
    some = list(_requests(due).order_by("pk").values_list("pk", flat=True)[:limit])
    RightsStep.objects.filter(request__in=some).delete()
    RightsRequest.objects.filter(pk__in=some).delete()
    return len(some)


def _lifted(due: Due) -> QuerySet[Suppression]:
    return Suppression.objects.filter(programme=due.programme, lifted_at__lt=due.before)


def _drop_lifted(due: Due, limit: int) -> int:
    some = _lifted(due).values("pk")[:limit]
    return Suppression.objects.filter(pk__in=some).delete()[0]


def _erasures(due: Due) -> QuerySet[Erasure]:
    # By then every backup from before is long gone.
    return Erasure.objects.filter(
        programme=due.programme, at__lt=due.before, journaled_at__isnull=False
    )


def _drop_erasures(due: Due, limit: int) -> int:
    some = _erasures(due).values("pk")[:limit]
    return Erasure.objects.filter(pk__in=some).delete()[0]

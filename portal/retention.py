"""How long codes, sessions and changes are kept, and what a sign-in says."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention import activity
from consent.retention.kinds import Due, register
from portal import kinds
from portal.models import ContactChange, LoginCode, Session


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "login-codes",
        title=_("Codes for signing in"),
        does=_("The code's row is deleted."),
        why=_("Wrong codes are counted for a day, so that nobody can guess."),
        days=1,
        most=7,
        model=LoginCode,
        # Of no club: a code for a number that nobody has is written down too.
        count=lambda due: _codes(due).count(),
        prune=_drop_codes,
        keeps={LoginCode: Retention.MONTH},
        order=33,
        is_routine=True,
    )
    register(
        "sessions",
        title=_("Sign-ins that are over"),
        does=_("The session is deleted; the timeline says when it began."),
        why=_("So that who asks can be told which devices were signed in."),
        days=90,
        least=30,
        most=365,
        model=Session,
        count=lambda due: _sessions(due).count(),
        prune=_drop_sessions,
        keeps={},
        order=34,
    )
    register(
        "contact-changes",
        title=_("Earlier numbers and addresses"),
        does=_("The change with the earlier number or address is deleted."),
        why=_("So that a change by somebody else can be found out and undone."),
        days=30,
        least=7,
        most=90,
        model=ContactChange,
        count=lambda due: _changes(due).count(),
        prune=_drop_changes,
        keeps={ContactChange: Retention.MONTH},
        order=35,
    )
    activity.register(
        "portal",
        title=_("Signing in, and pressing to keep the membership"),
        newest=activity.of_events(kinds.SIGNED_IN, kinds.KEPT),
        order=20,
    )


def _codes(due: Due) -> QuerySet[LoginCode]:
    return LoginCode.objects.filter(created_at__lt=due.before)


def _sessions(due: Due) -> QuerySet[Session]:
    return Session.objects.filter(
        Q(ended_at__lt=due.before) | Q(expires_at__lt=due.before),
        member__programme=due.programme,
    )


def _changes(due: Due) -> QuerySet[ContactChange]:
    return ContactChange.objects.filter(
        member__programme=due.programme, changed_at__lt=due.before
    )


def _drop_codes(due: Due, limit: int) -> int:
    some = _codes(due).values("pk")[:limit]
    return LoginCode.objects.filter(pk__in=some).delete()[0]


def _drop_sessions(due: Due, limit: int) -> int:
    some = _sessions(due).values("pk")[:limit]
    return Session.objects.filter(pk__in=some).delete()[0]


def _drop_changes(due: Due, limit: int) -> int:
    some = _changes(due).values("pk")[:limit]
    return ContactChange.objects.filter(pk__in=some).delete()[0]

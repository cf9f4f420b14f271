"""What becomes of registrations that nobody finishes: one reminder, then erasure."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from consent import erasure
from consent.models import Channel, Erasure
from enrolment import rules
from enrolment.models import JoinLink, Registration
from enrolment.selectors import message_key
from enrolment.services.beginning import lock_member
from enrolment.services.links import join_url, new_link
from members.models import Member
from messaging.models import Message
from messaging.services import queue_message
from stores.models import Programme

_OPEN = Registration.Outcome.OPEN
_PENDING = Member.Status.PENDING


def remind_unfinished(*, now: datetime, limit: int = 500) -> int:
    """Send one reminder, with a fresh link, to each who has waited long enough.

    Only by day, on the clock of each programme; returns how many were sent. Several
    workers may do so at once.
    """
    awake = [
        programme
        for programme in Programme.objects.all()
        if rules.may_remind(now.astimezone(programme.zone))
    ]
    due = _waiting_for_reminder(now).filter(programme__in=awake)
    ids = list(due.order_by("started_at").values_list("pk", flat=True)[:limit])
    return sum(_remind(pk, now) for pk in ids)


def erase_unfinished(*, now: datetime, limit: int = 500) -> int:
    """Erase those whose registration nobody has gone on with for the set time.

    Who had left and did not come back after all stays as somebody who left: only the
    registration is over. Returns how many registrations ended.
    """
    ids = list(
        _given_up(now).order_by("started_at").values_list("pk", flat=True)[:limit]
    )
    return sum(_end(pk, now) for pk in ids)


def _waiting_for_reminder(now: datetime) -> QuerySet[Registration]:
    links = JoinLink.objects.filter(member=OuterRef("member"))
    return Registration.objects.filter(
        # What another system registers without a link is that system's to follow up.
        ~Q(way__in=[Registration.Way.API, Registration.Way.IMPORT]) | Q(Exists(links)),
        outcome=_OPEN,
        reminded_at=None,
        member__status=_PENDING,
        started_at__lte=now - timedelta(days=settings.UNFINISHED_REMIND_DAYS),
    ).exclude(
        # Somebody who asked for a link lately needs no reminder yet.
        Exists(
            links.filter(
                created_at__gt=now - timedelta(days=settings.UNFINISHED_REMIND_DAYS)
            )
        )
    )


def _given_up(now: datetime) -> QuerySet[Registration]:
    since = now - timedelta(days=settings.UNFINISHED_ERASE_DAYS)
    # A link that was asked for begins the time anew; the one in our reminder does not.
    asked_for = JoinLink.objects.filter(
        member=OuterRef("member"), created_at__gt=since
    ).exclude(created_at=Coalesce(OuterRef("reminded_at"), OuterRef("started_at")))
    return Registration.objects.filter(
        outcome=_OPEN,
        started_at__lte=since,
        member__status__in=[_PENDING, Member.Status.LEFT],
    ).exclude(Exists(asked_for))


def _remind(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        found = _lock(pk)
        if found is None:
            return False
        registration, member = found
        if not _waiting_for_reminder(now).filter(pk=pk).exists():
            return False
        token, link = new_link(
            member=member,
            store=registration.store,
            device=registration.device,
            staff=registration.staff,
            now=now,
        )
        queue_message(
            programme=member.programme,
            member=member,
            channel=Channel.SMS if member.phone else Channel.EMAIL,
            message_class=Message.Class.SERVICE,
            kind="join_reminder",
            language=member.language,
            address=member.phone or member.email,
            context={"link": join_url(token)},
            dedupe_key=message_key(link),
            now=now,
            expires_at=link.expires_at,
        )
        registration.reminded_at = now
        registration.save(update_fields=["reminded_at"])
    return True


def _end(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        found = _lock(pk)
        if found is None:
            return False
        _registration, member = found
        still = _given_up(now).filter(pk=pk)
        if not still.exists():
            return False
        if member.status == _PENDING:
            erasure.erase_member(
                member=member, now=now, reason=Erasure.Reason.UNFINISHED
            )
        else:
            still.update(outcome=Registration.Outcome.LAPSED, ended_at=now)
    return True


def _lock(pk: int) -> tuple[Registration, Member] | None:
    """Return a registration with its member locked, whom everybody locks first.

    Whoever finishes at this moment is waited for; so the caller looks again.
    """
    registration = Registration.objects.filter(pk=pk).first()
    if registration is None:
        return None
    return registration, lock_member(registration.member)

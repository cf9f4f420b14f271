"""Reading the versions of a programme: in force, coming, past, and drafts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from members.models import Member
from points import rules, selectors
from points.models import Account, EarningRule, Entry
from stores.models import Programme

FIGURES_OVER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a programme, by what they are now."""

    in_force: EarningRule | None
    # The next to start first.
    coming: list[EarningRule]
    # The newest first, without the one in force.
    past: list[EarningRule]
    # The last changed first.
    drafts: list[EarningRule]
    # The last withdrawn first.
    withdrawn: list[EarningRule]

    @property
    def newest(self) -> EarningRule | None:
        """Return the last published one: what a draft is measured against."""
        return self.coming[-1] if self.coming else self.in_force


@dataclass(frozen=True, slots=True)
class Figures:
    """How the programme goes: members, points lately, points that are out."""

    members: int
    issued: int
    issued_worth: Decimal
    outstanding: int
    outstanding_worth: Decimal


def list_rows(programme: Programme) -> QuerySet[EarningRule]:
    """Return every version with who wrote and who published it."""
    return EarningRule.objects.filter(programme=programme).select_related(
        "written_by", "published_by", "withdrawn_by", "programme"
    )


def list_versions(programme: Programme, now: datetime) -> Versions:
    """Return the versions of a programme; there are few, so all at once."""
    rows = list(list_rows(programme))
    published = sorted(
        (row for row in rows if row.status == EarningRule.Status.PUBLISHED),
        key=lambda row: row.starts_at,
    )
    begun = [row for row in published if row.starts_at <= now]
    drafts = [row for row in rows if row.status == EarningRule.Status.DRAFT]
    return Versions(
        in_force=begun[-1] if begun else None,
        coming=[row for row in published if row.starts_at > now],
        past=begun[-2::-1],
        drafts=sorted(
            drafts, key=lambda row: row.changed_at or row.starts_at, reverse=True
        ),
        withdrawn=sorted(
            (row for row in rows if row.status == EarningRule.Status.WITHDRAWN),
            key=lambda row: row.withdrawn_at or row.starts_at,
            reverse=True,
        ),
    )


def find_in_force(programme: Programme, at: datetime) -> EarningRule | None:
    """Return the version in force at a moment, as it is stored."""
    return (
        list_rows(programme)
        .filter(status=EarningRule.Status.PUBLISHED, starts_at__lte=at)
        .order_by("-starts_at")
        .first()
    )


def find_before(row: EarningRule) -> EarningRule | None:
    """Return the published version that a version follows or would follow.

    For a draft that is the last published one; for one that was withdrawn, the one that
    it would have followed.
    """
    published = list_rows(row.programme).filter(status=EarningRule.Status.PUBLISHED)
    if row.status != EarningRule.Status.DRAFT:
        published = published.filter(starts_at__lt=row.starts_at)
    return published.order_by("-starts_at").first()


def summarize(programme: Programme, now: datetime) -> Figures:
    """Return the figures of a programme; apart, since they count every member."""
    rule = selectors.find_rule(programme_id=programme.pk, at=now)
    active = Q(status__in=[Member.Status.ACTIVE, Member.Status.PENDING])
    members = Member.objects.filter(active, programme=programme).count()
    issued = (
        Entry.objects.filter(
            member__programme=programme,
            kind=Entry.Kind.EARN,
            at__gt=now - FIGURES_OVER,
            at__lte=now,
        ).aggregate(points=Sum("points"))["points"]
        or 0
    )
    outstanding = (
        Account.objects.filter(member__programme=programme, balance__gt=0).aggregate(
            points=Sum("balance")
        )["points"]
        or 0
    )
    nothing = Decimal(0)
    return Figures(
        members=members,
        issued=issued,
        issued_worth=rules.worth(issued, rule) if rule else nothing,
        outstanding=outstanding,
        outstanding_worth=rules.worth(outstanding, rule) if rule else nothing,
    )

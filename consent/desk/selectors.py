"""The figures at the top of the privacy desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Count, Min, Q, Sum

from consent import registry
from consent.models import Breach, ConsentEntry, RetentionRun, RightsRequest
from stores.models import AuditEntry, Programme

# The states in which a request still waits for somebody.
WAITING = (
    RightsRequest.State.UNPROVEN,
    RightsRequest.State.OPEN,
    RightsRequest.State.COOLING,
)


@dataclass(frozen=True, slots=True)
class Registry:
    """How far the registry of personal data covers the tables."""

    fields: int
    missing: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the members' data."""

    requests_open: int
    requests_late: int
    request_due_at: datetime | None
    breaches_open: int
    breach_due_at: datetime | None
    taken_back: int
    checked_at: datetime | None
    check_breaks: int
    # The last night's run or dry run, with `found` and `done`.
    retention: RetentionRun | None
    registry: Registry


def standing_of(*, programme: Programme, now: datetime) -> Standing:
    """Return the figures of the overview; five queries."""
    requests = RightsRequest.objects.filter(
        programme=programme, state__in=WAITING
    ).aggregate(
        number=Count("pk"),
        late=Count("pk", filter=Q(due_at__lt=now)),
        due=Min("due_at"),
    )
    breaches = Breach.objects.filter(programme=programme, closed_at=None).aggregate(
        number=Count("pk"),
        due=Min("due_at", filter=Q(authority_told_at=None) & ~Q(risk=Breach.Risk.NONE)),
    )
    taken_back = ConsentEntry.objects.filter(
        member__programme=programme,
        action__in=[ConsentEntry.Action.WITHDRAWN, ConsentEntry.Action.OBJECTED],
        at__gte=now - timedelta(days=30),
    ).exclude(source__in=[ConsentEntry.Source.MERGE, ConsentEntry.Source.IMPORT])
    check = (
        AuditEntry.objects.filter(programme=programme, action="audit.checked")
        .order_by("-at")
        .first()
    )
    retention = (
        RetentionRun.objects.filter(programme=programme)
        .annotate(found=Sum("counts__found"), done=Sum("counts__done"))
        .order_by("-started_at")
        .first()
    )
    return Standing(
        requests_open=requests["number"],
        requests_late=requests["late"],
        request_due_at=requests["due"],
        breaches_open=breaches["number"],
        breach_due_at=breaches["due"],
        taken_back=taken_back.count(),
        checked_at=check.at if check else None,
        check_breaks=int(check.data.get("breaks", 0)) if check else 0,
        retention=retention,
        registry=registry_state(),
    )


def registry_state() -> Registry:
    """Compare the registry of personal data with the tables that there are."""
    registered = registry.registered()
    return Registry(
        fields=sum(len(fields) for fields in registered.values()),
        missing=registry.missing(apps.get_models()),
    )

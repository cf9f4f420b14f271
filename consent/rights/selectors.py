"""Read requests: a member's own, and those that the desk works on."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from consent.models import AnswerTemplate, RightsRequest, RightsStep
from members.models import Member
from stores.models import Programme

_SOON = timedelta(days=7)
_MEMBERS_LIMIT = 20


def list_requests(member: Member) -> list[RightsRequest]:
    """Return what a member has asked for, the newest first."""
    return list(
        RightsRequest.objects.filter(
            Q(member=member) | Q(member__merged_into=member)
        ).order_by("-received_at", "-pk")[:_MEMBERS_LIMIT]
    )


def list_of_club(programme: Programme) -> QuerySet[RightsRequest]:
    """Return every request of a club with its member, the most urgent first."""
    return (
        RightsRequest.objects.filter(programme=programme)
        .select_related("member__programme", "handled_by")
        .order_by(F("closed_at").desc(nulls_first=True), "due_at")
    )


def list_open(programme: Programme) -> QuerySet[RightsRequest]:
    """Return the requests that wait for an answer, the most urgent first."""
    return (
        RightsRequest.objects.filter(programme=programme, closed_at=None)
        .select_related("member__programme")
        .order_by("due_at", "pk")
    )


def list_steps(request: RightsRequest) -> QuerySet[RightsStep]:
    """Return the log of a request, the newest first."""
    return (
        RightsStep.objects.filter(request=request)
        .select_related("staff")
        .order_by("-at", "-pk")
    )


def list_templates(
    programme: Programme, *, kind: str = "", language: str = ""
) -> QuerySet[AnswerTemplate]:
    """Return the club's own words for answers."""
    found = AnswerTemplate.objects.filter(programme=programme)
    if kind:
        found = found.filter(kind=kind)
    if language:
        found = found.filter(language=language)
    return found.order_by("kind", "language", "title")


def urgency(due_at: datetime, closed_at: datetime | None, *, now: datetime) -> str:
    """Return how pressing a request is: over, soon, or neither."""
    if closed_at is not None:
        return ""
    if due_at <= now:
        return "over"
    return "soon" if due_at - now <= _SOON else ""

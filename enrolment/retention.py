"""How long links, registrations and imports are kept."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention.kinds import Due, register
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.models import JoinLink, Registration


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "join-links",
        title=_("Links that finish a registration"),
        does=_("The link's row is deleted."),
        why=_("A link is good for days; then it only proves that one was sent."),
        days=30,
        least=30,
        most=90,
        model=JoinLink,
        count=lambda due: _links(due).count(),
        prune=_drop_links,
        keeps={JoinLink: Retention.MONTH},
        order=43,
    )
    register(
        "registrations",
        title=_("How a member came in"),
        does=_("Where and through whom is deleted; how, and when, stays."),
        why=_("To see which ways in work, and to look into misuse of one."),
        days=730,
        least=90,
        most=1825,
        model=Registration,
        count=lambda due: _registrations(due).count(),
        prune=_drop_registrations,
        keeps={Registration: Retention.TWO_YEARS},
        order=44,
    )
    register(
        "import-rows",
        title=_("Rows of an imported file"),
        does=_("The rows are deleted; how many there were stays."),
        why=_("So that what could not be imported can be put right."),
        days=30,
        least=1,
        most=30,
        model=ImportRow,
        count=lambda due: _rows(due).count(),
        prune=_drop_rows,
        keeps={ImportRow: Retention.MONTH},
        order=45,
        is_routine=True,
    )


def _links(due: Due) -> QuerySet[JoinLink]:
    return JoinLink.objects.filter(
        member__programme=due.programme, expires_at__lt=due.before
    )


def _drop_links(due: Due, limit: int) -> int:
    some = _links(due).values("pk")[:limit]
    return JoinLink.objects.filter(pk__in=some).delete()[0]


def _registrations(due: Due) -> QuerySet[Registration]:
    return Registration.objects.filter(
        programme=due.programme,
        outcome__in=[
            Registration.Outcome.FINISHED,
            Registration.Outcome.ERASED,
            Registration.Outcome.LAPSED,
        ],
        ended_at__lt=due.before,
    )


def _drop_registrations(due: Due, limit: int) -> int:
    some = _registrations(due).values("pk")[:limit]
    return Registration.objects.filter(pk__in=some).delete()[0]


def _finished(due: Due) -> QuerySet[ClubImport]:
    return ClubImport.objects.filter(
        Q(finished_at__lt=due.before), programme=due.programme, rows_deleted_at=None
    )


def _rows(due: Due) -> QuerySet[ImportRow]:
    return ImportRow.objects.filter(club_import__in=_finished(due))


def _drop_rows(due: Due, limit: int) -> int:
    for club_import in _finished(due).order_by("pk"):
        some = list(
            ImportRow.objects.filter(club_import=club_import)
            .order_by("row")
            .values_list("row", flat=True)[:limit]
        )
        if some:
            ImportRow.objects.filter(
                club_import=club_import, row__lte=some[-1]
            ).delete()
            return len(some)
        ClubImport.objects.filter(pk=club_import.pk).update(rows_deleted_at=due.now)
    return 0

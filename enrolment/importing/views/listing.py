"""Lists: the imports there have been, and the rows of one that need a look."""

from typing import Any

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.tables import (
    CappedPaginator,
    MomentColumn,
    NumberColumn,
    Table,
    TableView,
)
from enrolment.importing import problems
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.importing.views.frame import import_of, may_import, steps
from stores.middleware import programme_of

STATE_TONES = {
    ClubImport.State.DONE: "good",
    ClubImport.State.CHECKED: "info",
    ClubImport.State.PAUSED: "warn",
    ClubImport.State.FAILED: "bad",
    ClubImport.State.CHECKING: "accent",
    ClubImport.State.APPLYING: "accent",
}


class ImportTable(Table):
    """Who imported what, when, and what came of it."""

    file_name = tables2.Column(verbose_name=gettext_lazy("File"), orderable=False)
    created_at = MomentColumn(verbose_name=gettext_lazy("When"), orderable=False)
    state = tables2.Column(verbose_name=gettext_lazy("Status"), orderable=False)
    rows = NumberColumn(
        verbose_name=gettext_lazy("Rows"), orderable=False, empty_values=(None, 0)
    )
    created = NumberColumn(verbose_name=gettext_lazy("New members"), orderable=False)
    changed = NumberColumn(verbose_name=gettext_lazy("Changed"), orderable=False)
    refused = NumberColumn(verbose_name=gettext_lazy("Refused"), orderable=False)

    caption = gettext_lazy("Imports")
    empty_icon = "upload"
    empty_title = gettext_lazy("Nothing has been imported yet")
    empty_text = gettext_lazy(
        "Take over the members of an existing club from a CSV or Excel file."
    )

    def render_file_name(self, record: ClubImport) -> SafeString:
        who = record.staff.name if record.staff else _("Somebody who has left")
        return format_html(
            '<span class="two-line"><b><a href="{}">{}</a></b><small>{}</small></span>',
            reverse("importing:import-detail", args=[record.public_id]),
            record.file_name,
            who,
        )

    def render_state(self, record: ClubImport) -> SafeString:
        tone = STATE_TONES.get(ClubImport.State(record.state))
        css = f"pill pill--{tone}" if tone else "pill"
        return format_html(
            '<span class="{}">{}</span>', css, record.get_state_display()
        )

    def render_refused(self, record: ClubImport, value: int | None) -> str:
        # Known from the dry run on.
        if value is None:
            value = record.report.get("outcomes", {}).get("REFUSED")
        return "—" if value is None else number_format(value, force_grouping=True)


class ImportList(TableView):
    """Every import, newest first."""

    table_class = ImportTable
    template_name = "enrolment/import_list.html"
    title = gettext_lazy("Imports")

    def get_queryset(self) -> QuerySet[ClubImport]:
        """Return the programme's imports with what came of them."""
        return (
            ClubImport.objects.filter(programme=programme_of(self.request))
            .select_related("staff")
            .annotate(
                created=Sum("batches__created"),
                changed=Sum("batches__changed"),
                refused=Sum("batches__refused"),
            )
            .order_by("-created_at", "-pk")
        )

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add whether a new one may be begun."""
        extra["may_import"] = may_import(self.request)
        extra["crumbs"] = [(_("Members"), reverse("members:member-list"))]
        return super().get_context_data(**extra)


class RowFilter(django_filters.FilterSet):
    """Refused or warned, and by what is wrong."""

    kind = django_filters.ChoiceFilter(
        method="by_kind",
        choices=[
            ("refused", gettext_lazy("Refused")),
            ("warned", gettext_lazy("Imported with a warning")),
        ],
        label=gettext_lazy("What becomes of the row"),
        empty_label=gettext_lazy("Refused and warned"),
    )
    code = django_filters.ChoiceFilter(
        method="by_code",
        choices=lambda: list(problems.ALL.items()),
        label=gettext_lazy("What is wrong"),
        empty_label=gettext_lazy("Whatever is wrong"),
    )

    class Meta:
        model = ImportRow
        fields = ("kind", "code")

    def by_kind(
        self, rows: QuerySet[ImportRow], _name: str, value: str
    ) -> QuerySet[ImportRow]:
        refused = ImportRow.Outcome.REFUSED
        if value == "refused":
            return rows.filter(outcome=refused)
        return rows.exclude(outcome=refused)

    def by_code(
        self, rows: QuerySet[ImportRow], _name: str, value: str
    ) -> QuerySet[ImportRow]:
        return rows.filter(problems__contains=[{"code": value}])


class RowTable(Table):
    """Rows with something wrong."""

    row = NumberColumn(verbose_name=gettext_lazy("Row"), orderable=False)
    outcome = tables2.Column(
        verbose_name=gettext_lazy("What becomes of it"), orderable=False
    )
    found = tables2.Column(
        accessor="problems", verbose_name=gettext_lazy("What is wrong"), orderable=False
    )

    caption = gettext_lazy("Rows with something wrong")
    empty_icon = "circle-check"
    empty_title = gettext_lazy("Nothing is wrong with any row")

    country = "SE"

    def render_outcome(self, record: ImportRow) -> SafeString:
        if record.outcome == ImportRow.Outcome.REFUSED:
            return format_html('<span class="pill pill--bad">{}</span>', _("Refused"))
        return format_html('<span class="pill pill--warn">{}</span>', _("Warning"))

    def render_found(self, value: list[dict[str, Any]]) -> SafeString:
        return format_html_join(
            "",
            '<div class="finding"><b>{}</b>{}<div>{}</div><code class="muted">{}</code>'
            "</div>",
            (
                (
                    problems.column_label(each.get("field", "")),
                    format_html(" <q>{}</q>", each["value"])
                    if each.get("value")
                    else "",
                    problems.words_of(each, country=self.country),
                    each["code"],
                )
                for each in value
            ),
        )


class ImportRows(TableView):
    """The rows of an import that are refused, or imported with a warning."""

    table_class = RowTable
    filterset_class = RowFilter
    paginator_class = CappedPaginator
    template_name = "enrolment/import_rows.html"
    title = gettext_lazy("Rows to look at")

    club_import: ClubImport

    def get(
        self, request: HttpRequest, public_id: object | None = None
    ) -> HttpResponseBase:
        """Answer with the rows of one import."""
        self.club_import = import_of(request, public_id)
        response = super().get(request)
        add_never_cache_headers(response)
        return response

    def get_queryset(self) -> QuerySet[ImportRow]:
        """Return the rows with something wrong, in the order of the file."""
        return ImportRow.objects.filter(
            club_import=self.club_import, problems__isnull=False
        ).order_by("row")

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add the import."""
        extra["table"].country = self.club_import.programme.country
        outcomes = self.club_import.report.get("outcomes", {})
        extra |= {
            "club_import": self.club_import,
            "refused": outcomes.get("REFUSED", 0),
            "may_import": may_import(self.request),
            "steps": steps(),
            "crumbs": [
                (_("Members"), reverse("members:member-list")),
                (_("Imports"), reverse("importing:import-list")),
                (
                    self.club_import.file_name,
                    reverse(
                        "importing:import-detail", args=[self.club_import.public_id]
                    ),
                ),
            ],
        }
        return super().get_context_data(**extra)

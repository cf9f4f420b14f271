"""The merges that were made, and undoing one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.ui.tables import CappedPaginator, MomentColumn, Table, TableView, two_lines
from common.ui.toasts import toast
from members import care, merging, selectors
from members.cards import display_number
from members.forms import UndoMergeForm
from members.merging import MergeForbidden
from members.models import Member, Merge
from members.views.frame import staff_of
from members.views.side_by_side import MAY_MERGE
from stores.access import roles_of
from stores.middleware import programme_of

_STATES = [
    ("undoable", gettext_lazy("Can be undone")),
    ("final", gettext_lazy("Final")),
    ("undone", gettext_lazy("Undone")),
]


class MergeFilter(django_filters.FilterSet):
    """Whether a merge can be undone."""

    state = django_filters.ChoiceFilter(
        method="by_state",
        choices=_STATES,
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Every merge"),
    )

    class Meta:
        model = Merge
        fields = ("state",)

    def by_state(
        self, rows: QuerySet[Merge], _name: str, value: str
    ) -> QuerySet[Merge]:
        is_open = Q(undone_at=None, sealed_at=None, at__gt=_since())
        if value == "undone":
            return rows.filter(undone_at__isnull=False)
        if value == "undoable":
            return rows.filter(is_open)
        return rows.filter(undone_at=None).exclude(is_open)


class MergeTable(Table):
    """Merges, with a way to undo those that can be."""

    kept = tables2.Column(verbose_name=gettext_lazy("Kept"), orderable=False)
    merged = tables2.Column(
        verbose_name=gettext_lazy("Merged into it"), orderable=False
    )
    at = MomentColumn(verbose_name=gettext_lazy("When"))
    staff = tables2.Column(
        empty_values=(), verbose_name=gettext_lazy("By whom"), orderable=False
    )
    reason = tables2.Column(
        verbose_name=gettext_lazy("Why"),
        orderable=False,
        attrs={"td": {"class": "wrap"}},
    )
    state = tables2.Column(
        empty_values=(), verbose_name=gettext_lazy("State"), orderable=False
    )
    do = tables2.Column(empty_values=(), verbose_name="", orderable=False)

    caption = gettext_lazy("Merges")
    empty_icon = "users"
    empty_title = gettext_lazy("No members have been merged")
    empty_text = gettext_lazy("Merges stand here, and how long they can be undone.")

    may_undo = False

    def render_kept(self, record: Merge) -> SafeString:
        return _linked(record.kept)

    def render_merged(self, record: Merge) -> SafeString:
        return _linked(record.merged)

    def render_staff(self, record: Merge) -> str:
        return record.staff.name if record.staff else _("The member's own proof")

    def render_state(self, record: Merge) -> SafeString:
        if record.undone_at:
            who = record.undone_by.name if record.undone_by else ""
            day = date_format(timezone.localtime(record.undone_at))
            text = _("Undone on %(day)s") % {"day": day}
            return two_lines(text, who)
        if not selectors.is_undoable(record, since=_since()):
            return format_html('<span class="pill">{}</span>', _("Final"))
        last = date_format(timezone.localtime(record.at + merging.UNDO_WITHIN))
        return two_lines(_("Can be undone"), _("until %(day)s") % {"day": last})

    def render_do(self, record: Merge) -> SafeString | str:
        if not self.may_undo or not selectors.is_undoable(record, since=_since()):
            return ""
        return format_html(
            '<a class="btn btn--default btn--sm" href="{}">{}</a>',
            reverse("members:merge-undo", args=[record.public_id]),
            _("Undo"),
        )


class MergeList(TableView):
    """Every merge, the newest first."""

    table_class = MergeTable
    filterset_class = MergeFilter
    paginator_class = CappedPaginator
    template_name = "members/merge_list.html"
    title = gettext_lazy("Merges")
    subtitle = gettext_lazy("Two memberships that became one.")

    def get_queryset(self) -> QuerySet[Merge]:
        """Return the club's merges."""
        return (
            Merge.objects.filter(programme=programme_of(self.request))
            .select_related("kept__programme", "merged__programme", "staff")
            .select_related("undone_by")
            .defer("before", "after", "moved", "notes", "kept__words", "merged__words")
            .order_by("-at", "-pk")
        )

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Show the way to undo to who may."""
        extra["table"].may_undo = bool(MAY_MERGE & roles_of(staff_of(self.request)))
        return super().get_context_data(**extra)


@require_http_methods(["GET", "HEAD", "POST"])
def merge_undo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask once more, then make two members of one again."""
    merge: Merge = get_object_or_404(
        Merge.objects.select_related("kept__programme", "merged__programme", "staff"),
        programme=programme_of(request),
        public_id=public_id,
    )
    form = UndoMergeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            merging.undo_merge(merge=merge, staff=staff_of(request), now=timezone.now())
        except MergeForbidden as error:
            form.refuse(str(error.reason.label))
        else:
            toast(request, _("Undone: they are two members again."))
            return redirect("members:member-detail", merge.kept.public_id)
    context = {
        "title": _("Undo the merge"),
        "merge": merge,
        "form": form,
        "kept_number": display_number(merge.kept.number),
        "merged_number": display_number(merge.merged.number),
        "kept_label": care.label_of(merge.kept),
        "is_undoable": selectors.is_undoable(merge, since=_since()),
        "crumbs": [
            (_("Members"), reverse("members:member-list")),
            (_("Merges"), reverse("members:merge-list")),
        ],
    }
    status = 422 if form.errors else 200
    response = render(request, "members/merge_undo.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _since() -> datetime:
    """Return when the oldest merge was made that can be undone now."""
    return timezone.now() - merging.UNDO_WITHIN


def _linked(member: Member) -> SafeString:
    return format_html(
        '<span class="two-line"><b><a href="{}">{}</a></b><small>{}</small></span>',
        reverse("members:member-detail", args=[member.public_id]),
        care.label_of(member),
        display_number(member.number),
    )

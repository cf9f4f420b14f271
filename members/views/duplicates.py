"""The list of members who may be one person."""

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.tables import CappedPaginator, DayColumn, Table, TableView
from members import care, duplicates, likeness
from members.cards import display_number
from members.models import DuplicatePair
from members.views.frame import staff_of
from stores import audit
from stores.middleware import programme_of


class DuplicateFilter(django_filters.FilterSet):
    """In which way they are alike."""

    likeness = django_filters.ChoiceFilter(
        method="by_likeness",
        choices=likeness.choices,
        label=gettext_lazy("Likeness"),
        empty_label=gettext_lazy("Every likeness"),
    )

    class Meta:
        model = DuplicatePair
        fields = ("likeness",)

    def by_likeness(
        self, rows: QuerySet[DuplicatePair], _name: str, value: str
    ) -> QuerySet[DuplicatePair]:
        return rows.filter(reasons__contains=[value])


class DuplicateTable(Table):
    """Pairs without contact details: names, numbers, and why."""

    pair = tables2.Column(
        empty_values=(), verbose_name=gettext_lazy("Members"), orderable=False
    )
    reasons = tables2.Column(
        verbose_name=gettext_lazy("What is alike"),
        orderable=False,
        attrs={"td": {"class": "wrap"}},
    )
    score = tables2.Column(
        verbose_name=gettext_lazy("One person"),
        attrs={"th": {"class": "r"}, "td": {"class": "r"}},
    )
    found_at = DayColumn(verbose_name=gettext_lazy("Found"))

    caption = gettext_lazy("Members who may be one person")
    empty_icon = "users"
    empty_title = gettext_lazy("Nobody looks like somebody else")
    empty_text = gettext_lazy(
        "Members are compared as they register and change: who may be one person "
        "comes up here."
    )

    def render_pair(self, record: DuplicatePair) -> SafeString:
        both = (record.first, record.second)
        names = list(dict.fromkeys(care.label_of(each) for each in both))
        return format_html(
            '<span class="two-line"><b><a href="{}">{}</a></b><small>{}</small></span>',
            reverse("members:duplicate-detail", args=[record.public_id]),
            " – ".join(names),
            " – ".join(display_number(each.number) for each in both),
        )

    def value_pair(self, record: DuplicatePair) -> str:
        both = (record.first, record.second)
        return " – ".join(display_number(each.number) for each in both)

    def render_reasons(self, value: list[str]) -> SafeString:
        return format_html_join(
            " · ", "{}", ((likeness.words(each),) for each in value)
        )

    def value_reasons(self, value: list[str]) -> str:
        return " · ".join(likeness.words(each) for each in value)

    def render_score(self, value: int) -> str:
        # Each language sets its space or none before the sign.
        return _("%(score)s %%") % {"score": value}

    def value_score(self, value: int) -> int:
        return value


class DuplicateList(TableView):
    """The pairs that wait for somebody to decide, the likeliest first."""

    table_class = DuplicateTable
    filterset_class = DuplicateFilter
    paginator_class = CappedPaginator
    template_name = "members/duplicate_list.html"
    title = gettext_lazy("Duplicates")
    subtitle = gettext_lazy("Members who may be one person.")
    csv_name = "duplicates"

    def get_queryset(self) -> QuerySet[DuplicatePair]:
        """Return the open pairs of the club."""
        return duplicates.list_open(programme_of(self.request))

    def before_export(self) -> None:
        """Note that the list left the house."""
        audit.record(
            programme=programme_of(self.request),
            actor=staff_of(self.request),
            action=duplicates.EXPORTED,
            now=timezone.now(),
        )

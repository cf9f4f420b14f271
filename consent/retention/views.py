"""The desk's pages of retention."""

from typing import Any
from uuid import UUID

import django_tables2 as tables2
from django.db.models import Prefetch, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_q.tasks import async_task

from common.ui import progress
from common.ui.htmx import is_partial
from common.ui.tables import MomentColumn, NumberColumn, Table, TableView
from common.ui.toasts import toast
from consent.desk.frame import answer
from consent.models import RetentionCount, RetentionRun
from consent.retention import activity, inactivity, rules, runs, screen, tasks
from consent.retention.forms import PeriodForm
from consent.retention.kinds import Kind, find
from consent.retention.periods import period_of, set_period
from stores.middleware import programme_of
from stores.views.pages import staff_of

State = RetentionRun.State


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show every kind of data, what last night let go, and what the next will."""
    programme, now = programme_of(request), timezone.now()
    shown = screen.screen_of(programme, now)
    length = inactivity.period(programme)
    context = {
        "title": _("Retention"),
        "subtitle": _("How long each kind of data is kept, and what is let go."),
        "screen": shown,
        "next_at": tasks.next_night(programme, now),
        "steps": [rules.months_of(step, length) for step in (1, 2, 3)],
        "grace": inactivity.grace().days,
        "sources": [each.title for each in activity.sources()],
        "tones": screen.TONES,
    }
    counting = shown.counted
    if counting is not None and counting.state == State.RUNNING:
        context["job"] = screen.job_of(counting, counting.counts.all())
        context["job_url"] = reverse(
            "privacy:retention-progress", args=[counting.public_id]
        )
    return render(request, "consent/retention/overview.html", context)


@require_GET
def panel(request: HttpRequest) -> HttpResponse:
    """Show the state of retention on the overview of the privacy desk."""
    programme, now = programme_of(request), timezone.now()
    context = {
        "screen": screen.screen_of(programme, now),
        "next_at": tasks.next_night(programme, now),
        "tones": screen.TONES,
    }
    return answer(
        request, "consent/retention/_panel.html", context, title=_("Retention")
    )


@require_POST
def start_dry(request: HttpRequest) -> HttpResponse:
    """Have a worker count what is past its time."""
    try:
        runs.begin(
            programme=programme_of(request),
            is_dry=True,
            staff=staff_of(request),
            now=timezone.now(),
        )
    except runs.AlreadyRunning:
        toast(request, _("A count is under way already."), tone="info")
    else:
        async_task(tasks.TASK)
    return redirect("privacy:retention")


@require_GET
def progress_of(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the bar; when the count is over, have the page drawn anew."""
    run = _run(request, public_id)
    if run.state != State.RUNNING:
        address = reverse("privacy:retention")
        if is_partial(request):
            response = HttpResponse()
            response["HX-Redirect"] = address
            return response
        return redirect(address)
    url = reverse("privacy:retention-progress", args=[public_id])
    return progress.render(request, screen.job_of(run, run.counts.all()), url=url)


@require_http_methods(["GET", "HEAD", "POST"])
def kind_edit(request: HttpRequest, kind: str) -> HttpResponse:
    """Show why a kind is kept for as long, and change its period."""
    known = _kind(kind)
    programme = programme_of(request)
    period = period_of(programme, known)
    form = PeriodForm(period, request.POST if request.method == "POST" else None)
    if request.method == "POST" and not known.is_fixed and form.is_valid():
        set_period(
            programme=programme,
            kind=known,
            days=form.days,
            staff=staff_of(request),
            now=timezone.now(),
        )
        toast(request, _("The period was changed. It holds from the next night on."))
        return redirect("privacy:retention")
    status = 422 if form.is_bound and form.errors else 200
    context = {
        "title": known.title,
        "period": period,
        "form": form,
        "crumbs": _crumbs(),
        "before": period.before(programme, timezone.now()),
    }
    return render(request, "consent/retention/kind_edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, public_id: UUID, kind: str) -> HttpResponse:
    """Ask, and then let a run go on with a kind that it had stopped at."""
    run = _run(request, public_id)
    count = get_object_or_404(run.counts, kind=kind, is_held=True)
    if request.method == "POST":
        runs.confirm(run=run, kind=kind, staff=staff_of(request), now=timezone.now())
        async_task(tasks.TASK)
        toast(request, _("Confirmed. It is being let go now."))
        return redirect("privacy:retention")
    context = {
        "title": _("Let much more go than usual?"),
        "run": run,
        "count": count,
        "name": screen.title_of(kind),
        "kind": find(kind),
        "is_open": screen.is_waiting(count) and run.state != State.RUNNING,
        "crumbs": _crumbs(),
    }
    return render(request, "consent/retention/confirm.html", context)


@require_GET
def run_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what one run found and let go, kind by kind."""
    run = _run(request, public_id)
    context = {
        "title": _("Count") if run.is_dry else _("Run"),
        "run": run,
        "tone": screen.TONES[State(run.state)],
        "rows": [(screen.title_of(each.kind), each) for each in _in_order(run)],
        "crumbs": [*_crumbs(), (_("History"), reverse("privacy:retention-runs"))],
    }
    return render(request, "consent/retention/run_detail.html", context)


class RunTable(Table):
    """The runs of a club, newest first."""

    started_at = MomentColumn(verbose_name=gettext_lazy("Began"))
    is_dry = tables2.Column(verbose_name=gettext_lazy("What"), orderable=False)
    state = tables2.Column(verbose_name=gettext_lazy("State"), orderable=False)
    found = NumberColumn(verbose_name=gettext_lazy("Past its time"), orderable=False)
    done = NumberColumn(verbose_name=gettext_lazy("Let go"), orderable=False)

    class Meta:
        model = RetentionRun
        fields = ("started_at", "is_dry", "state", "found", "done")
        order_by = "-started_at"

    caption = gettext_lazy("Runs")
    empty_icon = "hourglass"
    empty_title = gettext_lazy("Nothing has run yet")
    empty_text = gettext_lazy("The first run is tonight.")

    def render_started_at(self, value: Any, record: RetentionRun) -> SafeString:
        """Lead to the run."""
        return format_html(
            '<a class="link" href="{}">{}</a>',
            reverse("privacy:retention-run", args=[record.public_id]),
            MomentColumn().render(value),
        )

    def render_state(self, record: RetentionRun) -> SafeString:
        """Show how far a run is, as its own page does."""
        tone = screen.TONES[State(record.state)]
        shown = record.get_state_display()
        return format_html('<span class="pill pill--{}">{}</span>', tone, shown)

    def value_state(self, record: RetentionRun) -> str:
        """Write the state alone into a file."""
        return record.get_state_display()

    def render_is_dry(self, value: bool) -> str:
        """Say whether anything could have been deleted."""
        return _("Count") if value else _("Run")


class RunList(TableView):
    """Every run and count there has been."""

    table_class = RunTable
    template_name = "consent/retention/run_list.html"
    title = gettext_lazy("History of retention")

    def get_queryset(self) -> QuerySet[RetentionRun]:
        """Return the club's runs with their sums."""
        return RetentionRun.objects.filter(
            programme=programme_of(self.request)
        ).annotate(found=Sum("counts__found"), done=Sum("counts__done"))


def _run(request: HttpRequest, public_id: UUID) -> RetentionRun:
    return get_object_or_404(
        RetentionRun.objects.prefetch_related(
            Prefetch("counts", RetentionCount.objects.select_related("confirmed_by"))
        ),
        programme=programme_of(request),
        public_id=public_id,
    )


def _in_order(run: RetentionRun) -> list[RetentionCount]:
    return sorted(run.counts.all(), key=lambda each: each.pk)


def _kind(key: str) -> Kind:
    known = find(key)
    if known is None:
        raise Http404
    return known


def _crumbs() -> list[tuple[str, str]]:
    # Who sees these pages sees the overview too.
    return [
        (_("Privacy"), reverse("privacy:overview")),
        (_("Retention"), reverse("privacy:retention")),
    ]

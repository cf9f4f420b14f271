"""One breach: begun, read, changed, closed, and reported to the authority."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.toasts import toast
from consent.breaches import services
from consent.breaches.forms import BreachForm, NoteForm
from consent.breaches.views.listing import clock_for
from consent.breaches.words import (
    changes_in_words,
    clock_in_words,
    clock_tone,
    lack_in_words,
)
from consent.models import Breach, BreachEntry
from stores.middleware import programme_of
from stores.views.pages import staff_of


@require_http_methods(["GET", "HEAD", "POST"])
def breach_add(request: HttpRequest) -> HttpResponse:
    """Begin the log of a breach."""
    now = timezone.now()
    form = BreachForm(request.POST or None, now=now, initial={"aware_at": now})
    if request.method == "POST" and form.is_valid():
        breach = services.open_breach(
            programme=programme_of(request),
            staff=staff_of(request),
            fields=form.fields_given(),
            note=form.cleaned_data["note"],
            now=now,
        )
        toast(request, _("Written down. The clock runs."))
        return redirect("privacy:breach-detail", breach.public_id)
    return _form(request, form, title=_("Write down a breach"))


@require_http_methods(["GET", "HEAD", "POST"])
def breach_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change what is known or decided."""
    breach = _breach(request, public_id)
    now = timezone.now()
    initial = {name: getattr(breach, name) for name in services.FIELDS}
    form = BreachForm(request.POST or None, now=now, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_breach(
                breach=breach,
                staff=staff_of(request),
                fields=form.fields_given(),
                note=form.cleaned_data["note"],
                now=now,
            )
        except services.BreachClosed:
            form.add_error(None, _("It is closed. Open it again to change it."))
        else:
            toast(request, _("Saved, and written into the log."))
            return redirect("privacy:breach-detail", breach.public_id)
    return _form(request, form, title=_("Change"), breach=breach)


@require_safe
def breach_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a breach, its clock, what is lacking, and its log."""
    return _detail(request, _breach(request, public_id), NoteForm())


@require_POST
def breach_note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a line to the log."""
    breach = _breach(request, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, breach, form)
    services.add_note(
        breach=breach,
        staff=staff_of(request),
        note=form.cleaned_data["note"],
        now=timezone.now(),
    )
    toast(request, _("Written into the log."))
    return redirect("privacy:breach-detail", breach.public_id)


@require_POST
def breach_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a breach, or say what is lacking."""
    breach = _breach(request, public_id)
    try:
        services.close_breach(
            breach=breach, staff=staff_of(request), now=timezone.now()
        )
    except services.NotDecided as refused:
        toast(request, " ".join(map(lack_in_words, refused.lacks)), tone="error")
    except services.BreachClosed:
        toast(request, _("It is closed already."), tone="error")
    else:
        toast(request, _("Closed."))
    return redirect("privacy:breach-detail", breach.public_id)


@require_POST
def breach_reopen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open a closed breach again; the note says why."""
    breach = _breach(request, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, breach, form)
    services.reopen_breach(
        breach=breach,
        staff=staff_of(request),
        note=form.cleaned_data["note"],
        now=timezone.now(),
    )
    toast(request, _("Open again."))
    return redirect("privacy:breach-detail", breach.public_id)


@require_safe
def breach_report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what the authority has to be told (art. 33(3)), to be printed."""
    breach = _breach(request, public_id)
    now = timezone.now()
    staff = staff_of(request)
    services.note_report(breach=breach, staff=staff, now=now)
    context = {
        "title": _("Notification of a breach"),
        "breach": breach,
        "parent": breach.title,
        "parent_url": reverse("privacy:breach-detail", args=[breach.public_id]),
        "contact": staff,
        "is_late": (breach.authority_told_at or now) > breach.due_at,
        "hours": settings.BREACH_DEADLINE_HOURS,
        "made_at": now,
        "entries": _entries(breach),
    }
    return render(request, "consent/breaches/breach_report.html", context)


def _breach(request: HttpRequest, public_id: UUID) -> Breach:
    found: Breach = get_object_or_404(
        Breach.objects.select_related("written_by", "programme"),
        programme=programme_of(request),
        public_id=public_id,
    )
    return found


def _detail(request: HttpRequest, breach: Breach, form: NoteForm) -> HttpResponse:
    clock = clock_for(breach, timezone.now())
    context = {
        "title": breach.title,
        "breach": breach,
        "parent": _("Breaches"),
        "parent_url": reverse("privacy:breach-list"),
        "clock": clock_in_words(clock, breach),
        "clock_tone": clock_tone(clock),
        "hours": settings.BREACH_DEADLINE_HOURS,
        "lacks": [lack_in_words(lack) for lack in services.lacks_of(breach)],
        "entries": _entries(breach),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(
        request, "consent/breaches/breach_detail.html", context, status=status
    )


def _entries(
    breach: Breach,
) -> list[tuple[BreachEntry, list[tuple[str, str]]]]:
    entries = breach.entries.select_related("staff").order_by("-at", "-pk")
    return [(entry, changes_in_words(entry.changes)) for entry in entries]


def _form(
    request: HttpRequest, form: BreachForm, *, title: str, breach: Breach | None = None
) -> HttpResponse:
    list_url = reverse("privacy:breach-list")
    back = (
        reverse("privacy:breach-detail", args=[breach.public_id])
        if breach
        else list_url
    )
    context = {
        "title": title,
        "form": form,
        "parent": breach.title if breach else _("Breaches"),
        "parent_url": back,
        "back_url": back,
    }
    status = 422 if form.errors else 200
    return render(request, "consent/breaches/breach_form.html", context, status=status)

"""Write down a request that came by letter, e-mail, phone or in a store."""

from datetime import datetime, time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.ui.toasts import toast
from consent import rights
from consent.desk.crumbs import crumbs_below
from consent.rights.forms import ReceiveForm
from members.views.frame import staff_of
from stores.middleware import programme_of


@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Find the member, and take what they ask for."""
    programme, now = programme_of(request), timezone.now()
    today = now.astimezone(programme.zone).date()
    form = ReceiveForm(
        request.POST if request.method == "POST" else None,
        programme=programme,
        today=today,
    )
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        day = cleaned["received_on"]
        asked = rights.receive(
            member=cleaned["who"],
            kind=cleaned["kind"],
            source=cleaned["source"],
            words=cleaned["words"],
            staff=staff_of(request),
            received_at=now
            if day == today
            else datetime.combine(day, time(12), tzinfo=programme.zone),
            now=now,
        )
        toast(request, _("The request is written down."))
        return redirect("privacy:request-detail", asked.public_id)
    context = {
        "title": _("New request"),
        "crumbs": crumbs_below(
            request,
            (_("Requests"), reverse("privacy:request-list")),
        ),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "consent/rights/request_new.html", context, status=status)

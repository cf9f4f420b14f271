"""The record of processing at the desk, and the privacy notice for everybody."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.ui.csv import csv_response
from consent.record import kinds
from consent.record.authorities import authority_of
from consent.record.entries import People, activities
from consent.record.receivers import receivers
from consent.record.words import kept_words, measures, plain_class, plain_use
from members.views.frame import staff_of
from stores import audit
from stores.middleware import programme_of
from stores.models import Programme


@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """Show what is done with whose data, for which purpose and how long (art. 30)."""
    programme = programme_of(request)
    context = {
        "title": _("Record of processing"),
        "subtitle": _("GDPR article 30, from the registry of personal data."),
        "activities": [
            {
                "activity": activity,
                "kept": [
                    kept_words(each, programme.country) for each in activity.retentions
                ],
            }
            for activity in activities()
        ],
        "programme": programme,
        "receivers": receivers(),
        "measures": measures(),
        "authority": authority_of(programme.country),
        "written_at": timezone.now(),
    }
    return render(request, "consent/record/record.html", context)


@require_POST
def record_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send the record as a table or for machines, and note that it was fetched."""
    if kind not in {"csv", "json"}:
        raise Http404
    programme, now = programme_of(request), timezone.now()
    audit.record(
        programme=programme,
        actor=staff_of(request),
        action=kinds.RECORD_FETCHED,
        now=now,
        data={"format": kind},
    )
    name = f"record-{timezone.localdate(now).isoformat()}"
    rows = _rows(programme)
    if kind == "csv":
        return csv_response(
            [list(rows[0]), *(list(row.values()) for row in rows)], name=f"{name}.csv"
        )
    content = {
        "controller": programme.company_name,
        "club": programme.name,
        "written": now.isoformat(),
        "receivers": [str(each) for each in receivers()],
        "measures": measures(),
        "entries": rows,
    }
    response = HttpResponse(
        json.dumps(content, ensure_ascii=False, indent=2),
        content_type="application/json",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """Say in plain words what is held of members, why, how long, and their rights."""
    asked = request.GET.get("language", "")
    if asked not in dict(settings.LANGUAGES):
        return _notice(request)
    with override(asked):
        return _notice(request)


def _notice(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)
    context = {
        "programme": programme,
        "activities": [
            {
                "why": plain_use(activity.purpose),
                "what": [plain_class(each) for each in activity.classes],
                "bases": [str(each.label) for each in activity.bases],
                "kept": [
                    kept_words(each, programme.country) for each in activity.retentions
                ],
            }
            for activity in activities(people=People.MEMBERS)
        ],
        "receivers": receivers(),
        "authority": authority_of(programme.country),
        "languages": [
            (code, get_language_info(code)["name_local"], f"?language={code}")
            for code, _name in settings.LANGUAGES
        ],
    }
    return render(request, "consent/record/notice.html", context)


def _rows(programme: Programme) -> list[dict[str, str]]:
    """Return the record as a table: a row for each holding."""
    return [
        {
            _("Purpose"): str(activity.purpose.label),
            _("Whose data"): str(holding.people.label),
            _("What"): str(holding.data_class.label),
            _("Table"): holding.title,
            _("Fields"): ", ".join(holding.fields),
            _("Ground"): str(holding.basis.label),
            _("Kept"): kept_words(holding.retention, programme.country),
            _("When a member is erased"): str(holding.erase.label),
        }
        for activity in activities()
        for holding in activity.holdings
    ]

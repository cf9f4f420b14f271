"""What the pages of an import share."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from enrolment.importing import problems, sizes
from enrolment.importing.forms import most_bytes
from enrolment.importing.models import ClubImport
from enrolment.importing.registrations import MAY_IMPORT
from members.views.frame import staff_of
from stores.access import roles_of
from stores.middleware import programme_of

State = ClubImport.State
# The step in hand, from one, by where the import stands.
STEP = {
    State.NEW: 2,
    State.CHECKING: 3,
    State.CHECKED: 3,
    State.APPLYING: 4,
    State.PAUSED: 4,
    State.DONE: 5,
    State.CANCELLED: 5,
    State.FAILED: 3,
}


def import_of(request: HttpRequest, public_id: object) -> ClubImport:
    """Return an import of the programme.

    Raises:
        Http404: there is none.
    """
    found: ClubImport = get_object_or_404(
        ClubImport.objects.select_related("programme", "staff"),
        programme=programme_of(request),
        public_id=public_id,
    )
    return found


def steps() -> list[str]:
    """Name the steps."""
    return [_("File"), _("Columns"), _("Check"), _("Import"), _("Result")]


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    step: int = 0,
    status: int = 200,
) -> HttpResponse:
    """Answer with a page of the import."""
    content = {
        "steps": steps(),
        "step": step,
        "crumbs": [
            (_("Members"), reverse("members:member-list")),
            (_("Imports"), reverse("importing:import-list")),
        ],
        "may_import": may_import(request),
        **context,
    }
    response = render(request, template, content, status=status)
    # It shows what a file says about people.
    add_never_cache_headers(response)
    return response


def may_import(request: HttpRequest) -> bool:
    """Tell whether this person may change the import, and not only look."""
    return bool(MAY_IMPORT & roles_of(staff_of(request)))


def fault_text(code: str) -> str:
    """Say why a file was refused or an import stopped."""
    text = str(problems.FILE_FAULTS.get(code, code))
    return text.format(size=filesizeformat(most_bytes()), columns=sizes.COLUMNS)

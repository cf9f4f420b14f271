"""The first step: a file comes in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from enrolment.importing import services
from enrolment.importing.files import StoredUpload, StoreHandler
from enrolment.importing.forms import UploadForm, most_bytes
from enrolment.importing.models import ClubImport
from enrolment.importing.views.frame import fault_text, show
from members.views.frame import staff_of
from stores.middleware import programme_of

# Of a form beside its file.
_ROOM = 64 * 1024


@csrf_exempt
@require_http_methods(["GET", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Ask for a file and take it.

    How uploads are stored must be set before the body is read, and Django's guard reads
    it: so the guard stands at `_receive`, behind this.
    """
    handler = StoreHandler(request, most=most_bytes())
    if request.method == "POST":
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
        if announced > most_bytes() + _ROOM:
            # Not read at all; the browser may lose the answer, its hint stands beside
            # the field.
            handler.is_too_large = True
            return _page(request, UploadForm(), fault="too_large", status=413)
        request.upload_handlers = [handler]
    return _receive(request, handler)


@csrf_protect
def _receive(request: HttpRequest, handler: StoreHandler) -> HttpResponse:
    if request.method != "POST":
        return _page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if handler.is_too_large:
        return _page(request, UploadForm(), fault="too_large", status=413)
    upload = request.FILES.get("file")
    if not form.is_valid() or not isinstance(upload, StoredUpload):
        return _page(request, form, status=422)
    try:
        club_import = services.receive(
            programme=programme_of(request),
            staff=staff_of(request),
            stored=upload.stored,
            file_name=upload.name or _("Upload"),
            now=timezone.now(),
        )
    except services.FileRefused as refused:
        form.add_error("file", fault_text(refused.code))
        return _page(request, form, status=422)
    return redirect("importing:import-file", club_import.public_id)


def _page(
    request: HttpRequest, form: UploadForm, *, fault: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "title": _("Import members"),
        "form": form,
        "fault": fault_text(fault) if fault else "",
        "most": filesizeformat(most_bytes()),
        "unfinished": ClubImport.objects.filter(
            programme=programme_of(request),
            state__in=[
                ClubImport.State.NEW,
                ClubImport.State.CHECKED,
                ClubImport.State.PAUSED,
            ],
        ).count(),
    }
    return show(request, "enrolment/import_new.html", context, step=1, status=status)

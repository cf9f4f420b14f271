"""Posters of a store, to look at and to print."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrolment import posters
from enrolment.forms import PosterForm
from enrolment.posters import Paper, Poster
from stores import selectors
from stores.middleware import programme_of
from stores.models import Programme, Store
from stores.views.pages import staff_of


@require_safe
def poster(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose language and place, and see the poster."""
    store = _find(request, public_id)
    programme = programme_of(request)
    choices = {
        "language": request.GET.get("language") or programme.language,
        "placement": request.GET.get("placement", ""),
    }
    form = PosterForm(choices)
    form.is_valid()
    query = _query(form, programme)
    files = {
        name: reverse("enrolment:poster-file", args=[public_id, name]) + query
        for name in ("svg", *Paper)
    }
    context = {
        "title": _("Poster"),
        "crumbs": [(_("Registrations"), reverse("enrolment:registrations"))],
        "store": store,
        "form": form,
        "files": files,
        "poster": _written(programme, store, form),
    }
    return render(request, "enrolment/poster.html", context)


@require_safe
def poster_file(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Answer with the poster as a file: `svg`, or a PDF of the paper `a4` or `a6`."""
    store = _find(request, public_id)
    programme = programme_of(request)
    form = PosterForm(request.GET)
    form.is_valid()
    written = _written(programme, store, form)
    shapes = posters.draw(written)
    title = f"{written.headline} · {written.club} · {written.place}"
    if name == "svg":
        body: str | bytes = posters.to_svg(shapes, title=title)
        response = HttpResponse(body, content_type="image/svg+xml")
        ending = "svg"
    elif name in set(Paper):
        response = HttpResponse(
            posters.to_pdf(
                shapes, paper=Paper(name), title=title, author=written.company
            ),
            content_type="application/pdf",
        )
        ending = "pdf"
    else:
        raise Http404
    if "download" in request.GET or ending == "pdf":
        words = slugify(f"{programme.name} {written.place} {name}") or name
        response["Content-Disposition"] = f'attachment; filename="{words}.{ending}"'
    return response


def _query(form: PosterForm, programme: Programme) -> str:
    """Return the choices as the query of a file's address."""
    chosen = {
        "language": form.cleaned_data.get("language") or programme.language,
        "placement": form.cleaned_data.get("placement", ""),
    }
    return f"?{urlencode(chosen)}"


def _written(programme: Programme, store: Store, form: PosterForm) -> Poster:
    language = form.cleaned_data.get("language") or programme.language
    with translation.override(language):
        return posters.poster_for(
            programme=programme,
            store=store,
            placement=form.cleaned_data.get("placement", ""),
            now=timezone.now(),
        )


def _find(request: HttpRequest, public_id: UUID) -> Store:
    stores = selectors.list_stores(viewer=staff_of(request))
    return get_object_or_404(stores, public_id=public_id)

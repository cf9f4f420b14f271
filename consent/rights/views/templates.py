"""The club's own words for answers."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.toasts import toast
from consent.desk.crumbs import crumbs_below
from consent.models import AnswerTemplate, RightsRequest
from consent.rights import selectors, wording
from consent.rights.forms import TemplateForm, template_values
from members.views.frame import staff_of
from stores.middleware import programme_of


@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """Show the club's own words, and the ways to begin with ours."""
    context = {
        "title": _("Answers"),
        "subtitle": _("Words for what members ask most, in each language."),
        "crumbs": crumbs_below(
            request,
            (_("Requests"), reverse("privacy:request-list")),
        ),
        "templates": list(selectors.list_templates(programme_of(request))),
        "kinds": RightsRequest.Kind.choices,
    }
    return render(request, "consent/rights/answer_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    """Write a template, beginning with ours, or change one."""
    template = _find(request, public_id) if public_id else None
    initial = template_values(template) if template else _begun_with(request)
    form = TemplateForm(
        request.POST if request.method == "POST" else None, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            wording.save_template(
                programme=programme_of(request),
                template=template,
                staff=staff_of(request),
                now=timezone.now(),
                **form.cleaned_data,
            )
        except wording.NameTaken:
            form.say_taken()
        else:
            toast(request, _("The answer is saved."))
            return redirect("privacy:answer-list")
    context = {
        "title": template.title if template else _("New answer"),
        "crumbs": crumbs_below(
            request,
            (_("Requests"), reverse("privacy:request-list")),
            (_("Answers"), reverse("privacy:answer-list")),
        ),
        "form": form,
        "template": template,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "consent/rights/answer_edit.html", context, status=status)


@require_POST
def template_delete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Delete a template."""
    wording.delete_template(
        template=_find(request, public_id),
        staff=staff_of(request),
        now=timezone.now(),
    )
    toast(request, _("The answer is deleted."))
    return redirect("privacy:answer-list")


def _find(request: HttpRequest, public_id: UUID) -> AnswerTemplate:
    found = wording.find_template(programme_of(request), public_id)
    if found is None:
        raise Http404
    return found


def _begun_with(request: HttpRequest) -> dict[str, str]:
    """Return our own words for a kind, in the club's language."""
    kind = request.GET.get("kind", "")
    language = request.GET.get("language", programme_of(request).language)
    if kind not in RightsRequest.Kind.values or language not in {"sv", "da", "en"}:
        return {}
    shipped = wording.shipped_text(kind, language)
    return {
        "kind": kind,
        "language": language,
        "title": shipped.title,
        "body": shipped.body,
    }

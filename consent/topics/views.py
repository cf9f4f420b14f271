"""The desk's pages about subjects."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.toasts import toast
from consent.desk.crumbs import crumbs_below
from consent.models import Topic
from consent.topics import selectors, services
from consent.topics.forms import TopicForm, TopicNamesForm
from stores.access import roles_of
from stores.middleware import programme_of
from stores.models import Staff
from stores.roles import Role
from stores.views.pages import ConfirmView, Crumbs, Page, Text, show_form, staff_of

# Who reads the list, and who changes it.
READERS = (Role.OWNER, Role.MARKETER, Role.DATA_PROTECTION_OFFICER)
EDITORS = (Role.OWNER, Role.MARKETER)


@require_safe
def topic_list(request: HttpRequest) -> HttpResponse:
    """Show the subjects in the members' order, with how many want each."""
    counted = selectors.count_wishes(programme_of(request))
    context = {
        "title": _("Subjects"),
        "subtitle": _("What members can want to hear about, or not."),
        "crumbs": crumbs_below(request),
        "used": [each for each in counted if each.topic.retired_at is None],
        "retired": [each for each in counted if each.topic.retired_at is not None],
        "fewest": selectors.FEWEST_SHOWN,
        "may_change": bool(roles_of(staff_of(request)) & set(EDITORS)),
    }
    return render(request, "consent/topics/topic_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def topic_add(request: HttpRequest) -> HttpResponse:
    """Add a subject."""
    form = TopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_topic(
                programme=programme_of(request),
                kind=form.cleaned_data["kind"],
                names=form.names,
                staff=staff_of(request),
                now=timezone.now(),
            )
        except services.NameTaken as taken:
            form.refuse_name(taken.language)
        else:
            toast(request, _("Members can choose about it now."))
            return redirect("privacy:topic-list")
    page = Page(
        title=gettext_lazy("Add a subject"),
        back_url=reverse("privacy:topic-list"),
        save_label=gettext_lazy("Add it"),
        crumbs=_crumbs(request),
    )
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
def topic_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Call a subject something else."""
    topic = _find(request, public_id)
    form = TopicNamesForm(
        request.POST or None, initial=TopicNamesForm.initial_for(topic.names)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_topic(
                topic=topic,
                names=form.names,
                staff=staff_of(request),
                now=timezone.now(),
            )
        except services.NameTaken as taken:
            form.refuse_name(taken.language)
        else:
            toast(request, _("Saved."))
            return redirect("privacy:topic-list")
    page = Page(
        title=gettext_lazy("Rename the subject"),
        subtitle=gettext_lazy(
            "What members said of it stays. Do not turn it into another subject."
        ),
        back_url=reverse("privacy:topic-list"),
        save_label=gettext_lazy("Save"),
        crumbs=_crumbs(request),
    )
    return show_form(request, form, page)


@require_POST
def topic_move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Move a subject one place up or down."""
    services.move_topic(
        topic=_find(request, public_id),
        is_up=request.POST.get("to") == "up",
        staff=staff_of(request),
        now=timezone.now(),
    )
    return redirect(f"{reverse('privacy:topic-list')}#topic-{public_id}")


@require_POST
def topic_return(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Offer a retired subject again."""
    try:
        services.return_topic(
            topic=_find(request, public_id),
            staff=staff_of(request),
            now=timezone.now(),
        )
    except services.NameTaken:
        toast(
            request,
            _("Another subject has its name by now. Rename one of them first."),
            tone="error",
        )
    else:
        toast(request, _("Members can choose about it again."))
    return redirect("privacy:topic-list")


class TopicRetire(ConfirmView):
    """Offer a subject no more."""

    title = gettext_lazy("Retire the subject")
    button = gettext_lazy("Retire it")
    icon = "archive"

    def find(self, public_id: UUID) -> Any:
        """Return the subject."""
        return _find(self.request, public_id)

    def explain(self, row: Any) -> Text:
        """Say what stays."""
        return _(
            "Members are no longer asked about %(name)s. Who does not want it is still "
            "spared it, and can take that back."
        ) % {"name": selectors.name_of(row, get_language() or "")}

    def back_url(self, row: Any) -> str:
        """Return the list."""
        return reverse("privacy:topic-list")

    def act(self, row: Any, actor: Staff, now: datetime) -> Text:
        """Retire it."""
        services.retire_topic(topic=row, staff=actor, now=now)
        return _("Members are no longer asked about it.")


def _find(request: HttpRequest, public_id: UUID) -> Topic:
    topics = selectors.list_topics(programme_of(request))
    return get_object_or_404(topics, public_id=public_id)


def _crumbs(request: HttpRequest) -> Crumbs:
    return crumbs_below(request, (_("Subjects"), reverse("privacy:topic-list")))

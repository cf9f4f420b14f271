"""The desk's pages about how often and when members are written to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.ui import charts
from common.ui.toasts import toast
from consent import contact
from consent.desk import frame
from consent.desk.crumbs import crumbs_below
from consent.desk.words import answer_for
from consent.gate import MessageClass
from consent.models import MESSAGE_CHANNELS, Channel
from consent.policy import selectors
from consent.policy.forms import PolicyForm
from consent.policy.words import LABELS, sentences
from stores.access import roles_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import Page, show_form, staff_of

# Who reads the bounds, and who changes them.
READERS = (Role.OWNER, Role.MARKETER, Role.DATA_PROTECTION_OFFICER)
EDITORS = (Role.OWNER, Role.DATA_PROTECTION_OFFICER)
# What is counted: marketing by each way, and surveys.
_CLASSES = (MessageClass.MARKETING, MessageClass.SURVEY)


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Show the bounds in words, what they mean today, and how they were changed."""
    programme = programme_of(request)
    changes = [
        (change, [(LABELS[name], was, now) for name, was, now in change.bounds])
        for change in selectors.list_changes(programme)
    ]
    context = {
        "title": _("How often we write"),
        "subtitle": _("Bounds on offers and surveys; they hold for every message."),
        "crumbs": crumbs_below(request),
        "sentences": sentences(contact.policy_of(programme), programme),
        "panels": [
            (panel_id(way), _WAY_WORDS[way], reverse(f"privacy:{panel_id(way)}"))
            for way in MESSAGE_CHANNELS
        ],
        "changes": changes,
        "may_change": bool(roles_of(staff_of(request)) & set(EDITORS)),
    }
    return render(request, "consent/policy/policy.html", context)


@require_safe
def reach_panel(request: HttpRequest, channel: Channel) -> HttpResponse:
    """Count whom a message could reach by one way today, and what stops the rest.

    Fetched by itself: a large club takes seconds to count.
    """
    now = timezone.now()
    counted = []
    for message_class in _CLASSES:
        reach = selectors.summarize_reach(
            programme=programme_of(request),
            channel=channel,
            message_class=message_class,
            now=now,
        )
        bars = charts.bars(
            (str(answer_for(code).title), number) for code, number in reach.stopped
        )
        counted.append((_CLASS_WORDS[message_class], reach, bars))
    title = _WAY_WORDS[channel]
    context = {"id": panel_id(channel), "title": title, "counted": counted}
    return frame.answer(
        request, "consent/policy/_reach_panel.html", context, title=title
    )


@require_http_methods(["GET", "HEAD", "POST"])
def policy_edit(request: HttpRequest) -> HttpResponse:
    """Change the bounds."""
    programme = programme_of(request)
    held = contact.policy_of(programme)
    form = PolicyForm(
        request.POST or None,
        programme=programme,
        initial=PolicyForm.initial_for(held),
    )
    url = reverse("privacy:contact-policy")
    if request.method == "POST" and form.is_valid():
        changes = {
            name: form.cleaned_data[name]
            for name in LABELS
            if form.cleaned_data[name] != getattr(held, name)
        }
        if changes:
            contact.set_policy(
                programme=programme,
                staff=staff_of(request),
                now=timezone.now(),
                **changes,
            )
            toast(request, _("Saved. It holds for every message from now on."))
        else:
            toast(request, _("Nothing was changed."), tone="info")
        return redirect(url)
    page = Page(
        title=gettext_lazy("Change how often we write"),
        subtitle=gettext_lazy("Service messages and codes are outside these bounds."),
        back_url=url,
        save_label=gettext_lazy("Save"),
        crumbs=[
            (gettext_lazy("Privacy"), reverse("privacy:overview")),
            (gettext_lazy("How often we write"), url),
        ],
    )
    return show_form(request, form, page, template="consent/policy/policy_edit.html")


def panel_id(channel: Channel) -> str:
    """Return what the panel of a way is called, as an address and on the page."""
    return f"contact-policy-{channel.lower()}-panel"


_CLASS_WORDS = {
    MessageClass.MARKETING: gettext_lazy("Offers and news"),
    MessageClass.SURVEY: gettext_lazy("Surveys"),
}
_WAY_WORDS = {
    Channel.SMS: gettext_lazy("Whom an SMS could reach today"),
    Channel.EMAIL: gettext_lazy("Whom an e-mail could reach today"),
}

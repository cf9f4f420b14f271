"""What the pages of this room share: who asks, forms, confirmations, secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from common.ui.toasts import toast
from stores import services
from stores.models import Staff

Text = str | Promise
Crumbs = list[tuple[Text, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A form page: what stands above the form and where it leads."""

    title: Text
    back_url: str
    save_label: Text
    subtitle: Text = ""
    crumbs: Crumbs = field(default_factory=list)


def staff_of(request: HttpRequest) -> Staff:
    """Return the signed-in person; the access table let nobody else in."""
    if not isinstance(request.user, Staff):
        message = "A desk page was opened by nobody."
        raise TypeError(message)
    return request.user


def show_form(
    request: HttpRequest,
    form: forms.Form,
    page: Page,
    *,
    template: str = "stores/form.html",
    **extra: Any,
) -> HttpResponse:
    """Show a form, or the same form with its errors."""
    context = {
        "form": form,
        "page": page,
        "title": page.title,
        "subtitle": page.subtitle,
        **extra,
    }
    return render(request, template, context, status=422 if form.errors else 200)


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that is shown once: what it is, and what to do with it."""

    title: Text
    explain: Text
    label: Text
    value: str
    back_url: str
    # Written large, to be read out loud instead of copied.
    is_code: bool = False
    notes: list[Text] = field(default_factory=list)
    crumbs: Crumbs = field(default_factory=list)


def show_secret(request: HttpRequest, secret: Secret) -> HttpResponse:
    """Show it in the answer itself: never in a session or an address."""
    return render(
        request, "stores/secret.html", {"secret": secret, "title": secret.title}
    )


def explain_refusal(error: Exception) -> str:
    """Say in words why a service refused."""
    match error:
        case services.LastOwner():
            return _("The club must keep at least one active owner.")
        case services.NotYours():
            return _("Your role does not reach this person or this role.")
        case services.EmailTaken():
            return _("Somebody has an account with this e-mail address.")
        case services.CodeTaken():
            return _("The code is taken. Choose another.")
        case services.KeyNotUsable():
            return _("The key is over and cannot be replaced. Issue a new one.")
        case services.DeviceCodeRefused():
            return _("The device is revoked. Add it anew.")
        case _:
            raise error


REFUSALS = (
    services.LastOwner,
    services.NotYours,
    services.EmailTaken,
    services.CodeTaken,
    services.KeyNotUsable,
    services.DeviceCodeRefused,
)


class ConfirmView(View):
    """Ask, then do: GET shows what will happen, POST lets it happen."""

    http_method_names = ["get", "head", "post"]

    title: Text = ""
    button: Text = ""
    icon: str = "alert-triangle"
    is_dangerous: bool = True

    def find(self, public_id: UUID) -> Any:
        """Return what it is about.

        Raises:
            Http404: there is none, or not for this person.
        """
        raise NotImplementedError

    def explain(self, row: Any) -> Text:
        """Say what will happen."""
        raise NotImplementedError

    def back_url(self, row: Any) -> str:
        """Return the page one came from."""
        raise NotImplementedError

    def act(self, row: Any, actor: Staff, now: datetime) -> HttpResponse | Text:
        """Do it; return an answer, or the words of a notice."""
        raise NotImplementedError

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Ask."""
        row = self.find(public_id)
        context = {
            "title": self.title,
            "row": row,
            "explain": self.explain(row),
            "button": self.button,
            "icon": self.icon,
            "is_dangerous": self.is_dangerous,
            "back_url": self.back_url(row),
        }
        return render(request, "stores/confirm.html", context)

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Do it."""
        row = self.find(public_id)
        try:
            done = self.act(row, staff_of(request), timezone.now())
        except REFUSALS as error:
            toast(request, explain_refusal(error), tone="error")
            return redirect(self.back_url(row))
        if isinstance(done, HttpResponse):
            return done
        toast(request, done)
        return redirect(self.back_url(row))


def try_or_show(
    form: forms.Form, act: Callable[[], Any], *, fields: Mapping[type, str]
) -> Any | None:
    """Run a service; when it refuses, put the reason by its field and return None."""
    try:
        return act()
    except REFUSALS as error:
        form.add_error(fields.get(type(error)), explain_refusal(error))
        return None

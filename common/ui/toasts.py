"""Short notices after an action: Django's messages, shown as toasts.

A full page renders waiting messages itself. A partial answer has no place for them, so
the middleware moves them into the `HX-Trigger` header, from which `lp-toasts` shows
them. Answers that lead to another page keep them for that page.
"""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise

from common.ui.htmx import is_partial

GetResponse = Callable[[HttpRequest], HttpResponse]

EVENT = "toast"
_LEADS_AWAY = ("HX-Redirect", "HX-Location", "HX-Refresh")
_LEVELS = {
    "info": messages.INFO,
    "success": messages.SUCCESS,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


def toast(request: HttpRequest, text: str | Promise, *, tone: str = "success") -> None:
    """Queue a notice: tone is `success`, `info`, `warning` or `error`."""
    messages.add_message(request, _LEVELS[tone], str(text))


class ToastMiddleware:
    """Send waiting messages along with partial answers.

    Stands after MessageMiddleware in the settings' list.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_partial(request) and not _leads_away(response):
            attach(request, response)
        return response


def attach(request: HttpRequest, response: HttpResponseBase) -> None:
    """Move this request's waiting messages into the answer's `HX-Trigger`."""
    waiting = [
        {"tone": message.level_tag, "text": str(message.message)}
        for message in messages.get_messages(request)
    ]
    if waiting:
        events = _events(response.headers.get("HX-Trigger", ""))
        response.headers["HX-Trigger"] = json.dumps({**events, EVENT: waiting})


def _leads_away(response: HttpResponseBase) -> bool:
    return 300 <= response.status_code < 400 or any(
        name in response.headers for name in _LEADS_AWAY
    )


def _events(header: str) -> dict[str, Any]:
    """Read an `HX-Trigger` header in either of its two forms."""
    if not header:
        return {}
    if header.lstrip().startswith("{"):
        events: dict[str, Any] = json.loads(header)
        return events
    return {name.strip(): None for name in header.split(",")}

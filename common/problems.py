"""Errors of the API as problem details (RFC 9457) with stable codes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"
# Where each code is explained; a relative reference resolves against the API's host.
TYPE_BASE = "/api/docs/problems#"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in the input: where (a JSON pointer), which code, in words."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An answer other than success; `code` is stable and documented."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        faults: Sequence[Fault] = (),
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.faults = tuple(faults)
        self.extra = extra or {}
        self.headers = headers or {}

    def body(self, request_id: str = "") -> dict[str, Any]:
        """Return the members of the problem document."""
        body: dict[str, Any] = {
            "type": f"{TYPE_BASE}{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.faults:
            body["errors"] = [asdict(fault) for fault in self.faults]
        body.update(self.extra)
        body["request_id"] = request_id
        return body


def invalid(faults: Sequence[Fault], *, status: int = 422) -> Problem:
    """Return the problem of a body that was understood but cannot be accepted."""
    return Problem(
        status=status,
        code="invalid",
        title=_("The content has errors."),
        detail=_("Correct what is listed under errors and send it again."),
        faults=faults,
    )


def render(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Write a problem as a response."""
    response = JsonResponse(
        problem.body(getattr(request, "request_id", "")),
        status=problem.status,
        content_type=CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response


_CODES = {
    exceptions.ParseError: (
        "malformed",
        gettext_lazy("The body is not readable JSON."),
    ),
    exceptions.NotAuthenticated: ("key_missing", gettext_lazy("An API key is needed.")),
    exceptions.AuthenticationFailed: (
        "key_refused",
        gettext_lazy("The API key is not valid."),
    ),
    exceptions.PermissionDenied: (
        "scope_missing",
        gettext_lazy("The key may not do this."),
    ),
    exceptions.NotFound: ("not_found", gettext_lazy("Not found.")),
    exceptions.MethodNotAllowed: (
        "method_not_allowed",
        gettext_lazy("Method not allowed."),
    ),
    exceptions.NotAcceptable: ("not_acceptable", gettext_lazy("Only JSON is served.")),
    exceptions.UnsupportedMediaType: (
        "not_json",
        gettext_lazy("Send application/json."),
    ),
    exceptions.Throttled: ("too_many_requests", gettext_lazy("Too many requests.")),
}


def _pointers(detail: Any, path: str = "") -> list[Fault]:
    if isinstance(detail, dict):
        return [
            fault
            for key, inner in detail.items()
            for fault in _pointers(
                inner, path if key == "non_field_errors" else f"{path}/{key}"
            )
        ]
    if isinstance(detail, list):
        faults = []
        for place, inner in enumerate(detail):
            if isinstance(inner, dict | list):
                faults += _pointers(inner, f"{path}/{place}")
            else:
                code = getattr(inner, "code", "invalid")
                faults.append(Fault(path or "/", code, str(inner)))
        return faults
    return [Fault(path or "/", getattr(detail, "code", "invalid"), str(detail))]


def from_exception(error: Exception) -> Problem | None:
    """Translate a framework exception, or return None for one of ours to crash on."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return invalid(_pointers(error.detail))
    if isinstance(error, exceptions.APIException):
        code, title = _CODES.get(type(error), ("error", _("The request failed.")))
        headers = {}
        if isinstance(error, exceptions.NotAuthenticated):
            headers["WWW-Authenticate"] = "Bearer"
        wait = getattr(error, "wait", None)
        if wait:
            headers["Retry-After"] = str(int(wait))
        return Problem(
            status=error.status_code,
            code=code,
            title=str(title),
            detail=str(error.detail),
            headers=headers,
        )
    return None


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Answer with a problem document; unknown errors go on to the 500 handler."""
    problem = from_exception(error)
    if problem is None:
        return None
    set_rollback()
    return render(problem, context["request"]._request)

"""What every view of the API has: a caller, JSON in, JSON out, problems as answers."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import APIView

from common.problems import Problem, from_exception, render

JSON = "application/json"


class ApiView(APIView):
    """A view of the API without the framework's request, parsers and renderers.

    Authentication, permissions and the translation of exceptions are the framework's
    own, in its order; what is left out is what a JSON-only API pays for and does not
    use. `scopes` names the scope that a key needs for each method.
    """

    scopes: Mapping[str, str] = {}

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Know the caller, check the scope, call the method, answer with JSON."""
        try:
            self._admit(request)
            handler = getattr(self, (request.method or "").lower(), None)
            if handler is None:
                raise exceptions.MethodNotAllowed(request.method or "")
            response: HttpResponseBase = handler(request, *args, **kwargs)
        except Exception as error:
            problem = from_exception(error)
            if problem is None:
                raise
            return render(problem, request)
        return response

    def _admit(self, request: HttpRequest) -> None:
        for authenticator in self.get_authenticators():
            found = authenticator.authenticate(request)  # type: ignore[arg-type]
            if found is not None:
                request.user = found[0]
                break
        for permission in self.get_permissions():
            if not permission.has_permission(request, self):  # type: ignore[arg-type]
                raise exceptions.PermissionDenied


def read_json(request: HttpRequest) -> Any:
    """Return the JSON value in a request's body; its decimals are exact.

    Raises:
        Problem: 413 above 1 MB, 415 for another content type, 400 for broken JSON.
    """
    if request.content_type != JSON:
        raise Problem(status=415, code="not_json", title=_("Send application/json."))
    try:
        body = request.body
    except RequestDataTooBig:
        raise Problem(
            status=413,
            code="body_too_large",
            title=_("The body is too large."),
            detail=_("A body may have 1 MB at most."),
        ) from None
    return decode(body)


def decode(body: bytes) -> Any:
    """Return the JSON value in these bytes; its decimals are exact.

    Raises:
        Problem: 400 for anything but JSON as RFC 8259 has it.
    """
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, ArithmeticError, RecursionError):
        # Broken, not UTF-8, a number with more digits than anybody means, or nested
        # deeper than the reader goes.
        raise Problem(
            status=400, code="malformed", title=_("The body is not readable JSON.")
        ) from None


def answer(body: Any, *, status: int = 200) -> HttpResponse:
    """Answer with a JSON value."""
    return JsonResponse(
        body, status=status, safe=False, json_dumps_params={"ensure_ascii": False}
    )


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)

"""What every request gets: an id, a language, safe headers."""

import re
from collections.abc import Callable

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from common.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

_USABLE_ID = re.compile(r"\A[\w.-]{8,64}\Z", re.ASCII)

# The camera belongs to the till page alone (it scans member cards).
_PERMISSIONS = (
    "accelerometer=(), autoplay=(), browsing-topics=(), camera={camera}, "
    "display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), usb=()"
)
_DATA = {"application/json", "application/problem+json"}


class RequestIdMiddleware:
    """Give each request an id that stands in logs, errors and the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _USABLE_ID.match(given) else str(uuid7())
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class SecurityHeadersMiddleware:
    """Add the headers that Django has no setting for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        camera = "(self)" if request.path.startswith("/till/") else "()"
        response.headers.setdefault(
            "Permissions-Policy", _PERMISSIONS.format(camera=camera)
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(settings.STATIC_URL):
            # Pages and answers hold personal data: no cache keeps them.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class ContentPolicyMiddleware(CSPMiddleware):
    """Say what a page may load.

    The policy is put together anew for every answer, as a page may add to it. That
    costs more than all other headers: answers of the API, which add nothing, share it.
    """

    _shared = ""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Set the header, unless the answer brings its own."""
        if response.headers.get("Content-Type") not in _DATA or _has_a_policy(response):
            return super().process_response(request, response)
        if self._shared:
            response.headers[HEADER] = self._shared
        else:
            response = super().process_response(request, response)
            self._shared = response.headers.get(HEADER, "")
        return response


def _has_a_policy(response: HttpResponseBase) -> bool:
    return HEADER in response.headers or any(
        name.startswith("_csp") for name in vars(response)
    )


class LanguageMiddleware:
    """Use the language chosen by cookie, else Swedish.

    Not the browser's: a shop's tablet is often set up in English by the factory,
    and the club speaks its own language until somebody chooses another.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = {code for code, _name in settings.LANGUAGES}
        with translation.override(
            chosen if chosen in known else settings.LANGUAGE_CODE
        ):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault(
                "Content-Language", translation.get_language() or ""
            )
        patch_vary_headers(response, ["Cookie"])
        return response

"""Who stands at the portal."""

from django.http import HttpRequest, HttpResponse


def member(request: HttpRequest) -> HttpResponse | None:
    """Let a signed-in member through."""
    raise NotImplementedError

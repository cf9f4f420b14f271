"""In which language the join pages speak."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, get_language_info

_YEAR = int(timedelta(days=365).total_seconds())


def language_of(request: HttpRequest, otherwise: str = "") -> str:
    """Return the language of a page: asked for, chosen before, or what else is known.

    `otherwise` is the member's; without it the browser's own word counts.
    """
    known = dict(settings.LANGUAGES)
    wishes = [
        request.GET.get("language", ""),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        otherwise,
        # As the middleware found it in the browser's own list.
        get_language() or "",
    ]
    return next((wish for wish in wishes if wish in known), settings.LANGUAGE_CODE)


def languages() -> list[tuple[str, str]]:
    """List our languages, each in its own words."""
    return [
        (code, get_language_info(code)["name_local"].capitalize())
        for code, _name in settings.LANGUAGES
    ]


def remember_language(response: HttpResponse, language: str) -> None:
    """Let the pages that follow speak it too."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )

"""What every template may use."""

from django.http import HttpRequest

THEMES = {"light", "dark"}


def shell(request: HttpRequest) -> dict[str, object]:
    """Give the theme chosen by cookie (`light`, `dark`, or empty for the system's)."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "request_id": getattr(request, "request_id", ""),
    }

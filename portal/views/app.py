"""What lets a phone keep the pages on its first screen."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal import icons
from stores.middleware import programme_of

_DAY = 24 * 3600
# The canvas of the pages by day, as in tokens.css.
_GROUND = "#f5f6f3"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the pages to a phone that keeps them on its first screen."""
    programme = programme_of(request)
    shapes = (("any", "portal:icon"), ("maskable", "portal:icon-maskable"))
    return JsonResponse(
        {
            "name": programme.name,
            "short_name": programme.name[:12].strip(),
            "lang": get_language(),
            "dir": "ltr",
            "id": reverse("portal:home"),
            "start_url": reverse("portal:home"),
            "scope": reverse("portal:home"),
            "display": "standalone",
            "background_color": _GROUND,
            "theme_color": programme.brand_color,
            "icons": [
                {
                    "src": reverse(name, kwargs={"size": size}),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for purpose, name in shapes
                for size in icons.SIZES
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
@cache_control(public=True, max_age=_DAY)
def icon(request: HttpRequest, size: int) -> HttpResponse:
    """Show the club's sign in its colour, with round corners."""
    return _icon(request, "any", size)


@require_safe
@cache_control(public=True, max_age=_DAY)
def icon_maskable(request: HttpRequest, size: int) -> HttpResponse:
    """Show the club's sign in its colour, for phones that cut the corners."""
    return _icon(request, "maskable", size)


def _icon(request: HttpRequest, shape: str, size: int) -> HttpResponse:
    if size not in icons.SIZES:
        raise Http404
    color = programme_of(request).brand_color
    return HttpResponse(icons.png(shape, size, color), content_type="image/png")

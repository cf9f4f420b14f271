"""What the privacy desk's pages ask for in their templates."""

from django import template
from django.http import HttpRequest

from consent.desk import crumbs

register = template.Library()


@register.filter
def may_see_overview(request: HttpRequest) -> bool:
    """Tell whether a page's way back begins at the overview."""
    return crumbs.may_see_overview(request)

"""The way back to the overview, which not everybody who sees a page below may open."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from consent.desk.roles import OFFICERS
from stores.access import roles_of
from stores.views.pages import Crumbs, Text, staff_of


def may_see_overview(request: HttpRequest) -> bool:
    """Tell whether a link to the overview would lead anywhere."""
    return bool(roles_of(staff_of(request)) & set(OFFICERS))


def crumbs_below(request: HttpRequest, *between: tuple[Text, str]) -> Crumbs:
    """Return the overview, if its link leads anywhere, and what lies between."""
    if not may_see_overview(request):
        return list(between)
    return [(_("Privacy"), reverse("privacy:overview")), *between]

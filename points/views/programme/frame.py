"""What the pages of the programme share: who may change it, which version is meant."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from points.models import EarningRule
from points.programme import versions
from stores.access import roles_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import staff_of

# The access table says the same; this is for what a page offers.
WRITERS = frozenset({Role.OWNER, Role.MARKETER})


def may_write(request: HttpRequest) -> bool:
    """Tell whether this person may change the programme."""
    return bool(WRITERS & roles_of(staff_of(request)))


def version_of(request: HttpRequest, public_id: UUID) -> EarningRule:
    """Return a version of the programme, draft or published.

    Raises:
        Http404: there is none.
    """
    rows = versions.list_rows(programme_of(request))
    found: EarningRule = get_object_or_404(rows, public_id=public_id)
    return found


def draft_of(request: HttpRequest, public_id: UUID) -> EarningRule:
    """Return a draft.

    Raises:
        Http404: there is none, or it is published.
    """
    row = version_of(request, public_id)
    if row.status != EarningRule.Status.DRAFT:
        raise Http404
    return row


def name_of(row: EarningRule) -> str:
    """Return what a version is called at the desk."""
    if row.status == EarningRule.Status.DRAFT:
        return row.title or _("Draft %(n)s") % {"n": row.version}
    return _("Version %(n)s") % {"n": row.version}


def crumbs(*further: tuple[str, str]) -> list[tuple[Any, str]]:
    """Return the way from the overview to a page."""
    return [(_("Programme"), reverse("points:programme")), *further]


def draft_crumbs(draft: EarningRule) -> list[tuple[Any, str]]:
    """Return the way to a page of a draft."""
    url = reverse("points:draft-edit", args=[draft.public_id])
    return crumbs((name_of(draft), url))

"""Withdrawing a published version that has not started."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.ui.toasts import toast
from points.programme import withdrawing
from points.views.programme import frame
from stores.views.pages import staff_of


@require_POST
def version_withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw a version; its page says what became of it."""
    row = frame.version_of(request, public_id)
    try:
        withdrawing.withdraw(version=row, staff=staff_of(request), now=timezone.now())
    except withdrawing.HasStarted:
        toast(request, _("It has started and cannot be withdrawn."), tone="error")
    except withdrawing.IsFollowed:
        text = _("Another version follows it; withdraw that one first.")
        toast(request, text, tone="error")
    except withdrawing.NotPublished:
        toast(request, _("There is nothing to withdraw."), tone="error")
    else:
        toast(request, _("Withdrawn: %(name)s.") % {"name": frame.name_of(row)})
    return redirect("points:version-detail", public_id)

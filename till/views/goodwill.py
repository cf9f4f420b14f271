"""The panes of goodwill: why, how much, a manager's yes, done."""

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.limits import LimitReached
from members.models import Member
from points.goodwill import selectors
from points.goodwill.services import AllowanceUsed, Ask, NotGrantable, NotTheirs
from points.models import GoodwillGrant, GoodwillReason
from points.selectors import balance_of
from stores.models import Staff
from till import goodwill, guards
from till.answers import Answer, Outcome
from till.goodwill import Form
from till.services import PinRefused
from till.views.till import page
from till.words import wait


@require_safe
def reasons(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask why."""
    member = _member(request, public_id)
    return page(
        request,
        Answer(Outcome.GOODWILL_REASONS, member),
        reasons=selectors.list_reasons(member.programme),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def amounts(request: HttpRequest, public_id: UUID, reason: str) -> HttpResponse:
    """Ask how much, and give it; above the own allowance a manager is asked."""
    member = _member(request, public_id)
    why = _reason(member, reason)
    if request.method != "POST":
        return _amounts_page(request, member, why)
    ask = _ask(request, member, why)
    form = goodwill.read_form(request.POST.get("form", ""))
    try:
        return _done(request, goodwill.give(ask, form, now=timezone.now()))
    except AllowanceUsed as refused:
        said = goodwill.said_of(refused, ask, None)
        if refused.manager_helps and goodwill.list_approvers(ask.staff, ask.store):
            return _approval_page(request, ask, form, said=said)
        return _refused(request, ask, said)
    except NotGrantable:
        return _refused(request, ask, _("Nothing can be given to this customer now."))


@require_POST
def approve(request: HttpRequest, public_id: UUID, reason: str) -> HttpResponse:
    """Take a manager's PIN, and give."""
    member = _member(request, public_id)
    ask = _ask(request, member, _reason(member, reason))
    form = goodwill.read_form(request.POST.get("form", ""))
    chosen = request.POST.get("manager", "")[:40]
    manager = next(
        (
            each
            for each in goodwill.list_approvers(ask.staff, ask.store)
            if str(each.public_id) == chosen
        ),
        None,
    )
    if manager is None:
        return _approval_page(request, ask, form, error=_("Choose who approves."))
    try:
        given = goodwill.approve(
            ask,
            form,
            device=guards.device_of(request),
            manager=manager,
            pin=request.POST.get("pin", "")[:20],
            now=timezone.now(),
        )
    except PinRefused:
        return _approval_page(
            request, ask, form, manager, error=_("That is not the PIN. Try again.")
        )
    except LimitReached as error:
        said = _("Too many wrong PINs.") + " " + wait(error.retry_after)
        return _approval_page(request, ask, form, manager, error=said)
    except AllowanceUsed as refused:
        return _approval_page(
            request, ask, form, manager, error=goodwill.said_of(refused, ask, manager)
        )
    except (NotGrantable, NotTheirs):
        return _refused(request, ask, _("Nothing can be given to this customer now."))
    return _done(request, given)


def _member(request: HttpRequest, public_id: UUID) -> Member:
    member = goodwill.find_member(guards.store_of(request).programme, public_id)
    if member is None:
        raise Http404
    return member


def _reason(member: Member, key: str) -> GoodwillReason:
    reason = goodwill.find_reason(member.programme, key)
    if reason is None:
        raise Http404
    return reason


def _ask(request: HttpRequest, member: Member, reason: GoodwillReason) -> Ask:
    ask = goodwill.read_ask(
        request,
        member=member,
        reason=reason,
        store=guards.store_of(request),
        staff=guards.staff_of(request),
    )
    if ask is None:
        raise Http404
    return ask


def _amounts_page(
    request: HttpRequest, member: Member, reason: GoodwillReason
) -> HttpResponse:
    form = goodwill.read_form(request.GET.get("form", ""))
    offer = goodwill.offer_of(
        guards.staff_of(request), guards.store_of(request), form, now=timezone.now()
    )
    # The key is the screen's: whatever is tapped on it twice is one grant.
    return page(
        request,
        Answer(Outcome.GOODWILL_AMOUNTS, member),
        reason=reason,
        offer=offer,
        form=form.value,
        key=uuid4(),
    )


def _approval_page(
    request: HttpRequest,
    ask: Ask,
    form: Form,
    manager: Staff | None = None,
    *,
    said: str = "",
    error: str = "",
) -> HttpResponse:
    managers = goodwill.list_approvers(ask.staff, ask.store)
    return page(
        request,
        Answer(Outcome.GOODWILL_APPROVAL, ask.member, message=said),
        ask=ask,
        form=form.value,
        tile=goodwill.tile_of(ask.store, ask.amount, form, now=timezone.now()),
        managers=managers,
        chosen=manager or (managers[0] if len(managers) == 1 else None),
        error=error,
    )


def _refused(request: HttpRequest, ask: Ask, said: str) -> HttpResponse:
    return page(
        request,
        Answer(Outcome.GOODWILL_REFUSED, ask.member, message=said),
        ask=ask,
    )


def _done(request: HttpRequest, given: GoodwillGrant) -> HttpResponse:
    now = timezone.now()
    return page(
        request,
        Answer(Outcome.GOODWILL_DONE, given.member),
        given=given,
        balance=balance_of(given.member, now),
        left=goodwill.left_after(given, now=now),
    )

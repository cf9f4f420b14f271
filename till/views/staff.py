"""Who stands at the till: choosing a name, entering a PIN, locking."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.limits import LimitReached
from stores.models import Staff
from till import guards, selectors, services
from till.services import PinRefused
from till.words import wait


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """Show the people of the store."""
    device = guards.device_of(request)
    context = {
        "store": device.store,
        "device": device,
        "people": selectors.list_staff(device.store),
    }
    return render(request, "till/staff.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask one of them for the PIN."""
    store = guards.store_of(request)
    person = selectors.find_staff(store=store, public_id=public_id)
    if person is None:
        raise Http404
    if request.method != "POST":
        return _pin_page(request, person)
    now = timezone.now()
    try:
        services.identify_staff(
            device=guards.device_of(request),
            staff=person,
            pin=request.POST.get("pin", "")[:20],
            now=now,
        )
    except PinRefused:
        message = gettext("That is not the PIN. Try again.")
        return _pin_page(request, person, error=message, status=422)
    except LimitReached as error:
        message = gettext("Too many wrong PINs.") + " " + wait(error.retry_after)
        return _pin_page(request, person, error=message, status=429)
    guards.remember_staff(request, person, now=now)
    return redirect("till:home")


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock the device, so that the next person identifies."""
    person = guards.identified_staff(request)
    if person is not None:
        services.sign_out_staff(
            device=guards.device_of(request), staff=person, now=timezone.now()
        )
    guards.forget_staff(request)
    return redirect("till:staff")


def _pin_page(
    request: HttpRequest, person: Staff, *, error: str = "", status: int = 200
) -> HttpResponse:
    device = guards.device_of(request)
    context = {
        "store": device.store,
        "device": device,
        "person": person,
        "error": error,
    }
    return render(request, "till/pin.html", context, status=status)

"""Which device calls, and who stands at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from stores.middleware import to_sign_in
from stores.models import Staff, Store, TillDevice
from stores.roles import Role
from stores.selectors import find_device
from till import rules, selectors

# The prefix makes browsers refuse the cookie from other hosts and over plain HTTP.
DEVICE_COOKIE = ("__Host-" if settings.SESSION_COOKIE_SECURE else "") + "device"
# As long as browsers keep any cookie; each visit renews it.
DEVICE_COOKIE_LIFE = timedelta(days=400)
_KEY = "till"


@dataclass(frozen=True, slots=True)
class _Identified:
    """Who identified on which device, when, and when they last did something."""

    device: str
    staff: str
    since: datetime
    seen: datetime


def device(request: HttpRequest) -> HttpResponse | None:
    """Let an enrolled device through; the views find it by `device_of`."""
    key = request.COOKIES.get(DEVICE_COOKIE, "")
    found = find_device(key) if key else None
    if found is None:
        return to_sign_in(request, reverse("till:enrol"))
    request.till_device = found  # type: ignore[attr-defined]
    # The store decides in which club the till works, also while somebody is signed
    # in to another club's desk in the same browser.
    request._programme = found.store.programme  # type: ignore[attr-defined]
    return None


def till(request: HttpRequest) -> HttpResponse | None:
    """Let staff through who identified on this device; found by `staff_of`."""
    refused = device(request)
    if refused is not None:
        return refused
    now = timezone.now()  # noqa: TID251 - a guard stands in the web layer
    identified = _read(request)
    till_device = device_of(request)
    if (
        identified is None
        or identified.device != str(till_device.public_id)
        or rules.is_locked(since=identified.since, seen=identified.seen, now=now)
    ):
        forget_staff(request)
        return to_sign_in(request, reverse("till:staff"))
    staff = selectors.find_staff(store=till_device.store, public_id=identified.staff)
    if staff is None:
        forget_staff(request)
        return to_sign_in(request, reverse("till:staff"))
    allowed = request.allowed_roles  # type: ignore[attr-defined]
    held = selectors.roles_at(staff, till_device.store)
    if not allowed & held:
        return render(request, "errors/403.html", status=403)
    if now - identified.seen >= rules.NOTED_EVERY:
        request.session[_KEY]["seen"] = now.isoformat()
        request.session.modified = True
    request.till_staff = staff  # type: ignore[attr-defined]
    request.till_roles = held  # type: ignore[attr-defined]
    return None


def device_of(request: HttpRequest) -> TillDevice:
    """Return the device that the guard let through."""
    found: TillDevice = request.till_device  # type: ignore[attr-defined]
    return found


def store_of(request: HttpRequest) -> Store:
    """Return the store in which the device stands."""
    return device_of(request).store


def staff_of(request: HttpRequest) -> Staff:
    """Return the person that the guard let through."""
    found: Staff = request.till_staff  # type: ignore[attr-defined]
    return found


def searches_names(request: HttpRequest) -> bool:
    """Tell whether the person that the guard let through may search by name."""
    held: frozenset[Role] = request.till_roles  # type: ignore[attr-defined]
    return bool(held & selectors.SEARCH_NAMES)


def remember_device(response: HttpResponse, key: str) -> None:
    """Let the browser be this device from now on."""
    response.set_cookie(
        DEVICE_COOKIE,
        key,
        max_age=DEVICE_COOKIE_LIFE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember_staff(request: HttpRequest, staff: Staff, *, now: datetime) -> None:
    """Let a person work on this device until it locks."""
    request.session.cycle_key()
    request.session[_KEY] = {
        "device": str(device_of(request).public_id),
        "staff": str(staff.public_id),
        "since": now.isoformat(),
        "seen": now.isoformat(),
    }


def forget_staff(request: HttpRequest) -> None:
    """Lock the device."""
    request.session.pop(_KEY, None)


def identified_staff(request: HttpRequest) -> Staff | None:
    """Return who had identified on this device, even if it has locked since."""
    identified = _read(request)
    if identified is None or identified.device != str(device_of(request).public_id):
        return None
    return selectors.find_staff(store=store_of(request), public_id=identified.staff)


def _read(request: HttpRequest) -> _Identified | None:
    kept = request.session.get(_KEY)
    if not kept:
        return None
    return _Identified(
        device=kept["device"],
        staff=kept["staff"],
        since=datetime.fromisoformat(kept["since"]),
        seen=datetime.fromisoformat(kept["seen"]),
    )

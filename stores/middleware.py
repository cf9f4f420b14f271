"""Which programme a request belongs to, and whether the caller may make it."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from common.problems import Problem
from common.problems import render as render_problem
from stores import services, sessions
from stores.access import Access, Audience, roles_of
from stores.models import Programme, Staff
from stores.roles import Role

GetResponse = Callable[[HttpRequest], HttpResponse]
Guard = Callable[[HttpRequest], HttpResponse | None]


def programme_of(request: HttpRequest) -> Programme:
    """Return the request's programme, read once and only when asked for.

    Raises:
        Http404: no programme has been set up.
    """
    known: Programme | None = getattr(request, "_programme", None)
    if known is None:
        staff = getattr(request, "user", None)
        if staff is not None and staff.is_authenticated and staff.programme_id:
            known = staff.programme
        else:
            known = Programme.objects.order_by("pk").first()
        if known is None:
            raise Http404
        request._programme = known  # type: ignore[attr-defined]
    return known


class AccessMiddleware:
    """Let a request through only if the access table says so."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.table: dict[str, Access] = import_string(settings.ACCESS_TABLE)
        # How till devices and members are known is the faces' business: they are named
        # in settings, because this room knows neither.
        self.guards: dict[Audience, Guard] = {
            Audience(audience): import_string(path)
            for audience, path in settings.ACCESS_GUARDS.items()
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # At the start and not at the end: a streamed answer is written after us.
        timezone.deactivate()
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., HttpResponse],
        _args: tuple[object, ...],
        _kwargs: dict[str, object],
    ) -> HttpResponse | None:
        """Refuse, send to a sign-in, or let the view run (None)."""
        match = request.resolver_match
        access = self.table.get(match.view_name) if match else None
        if access is None:
            raise Http404
        roles = access.roles(request.method or "")
        if roles is None:
            if access.audience is Audience.API:
                return render_problem(_wrong_method(access), request)
            return HttpResponseNotAllowed(sorted(access.methods))
        if access.audience in {Audience.PUBLIC, Audience.API}:
            return None
        if access.audience is Audience.DESK:
            refused = self._desk(request, roles)
        else:
            request.allowed_roles = roles  # type: ignore[attr-defined]
            refused = self.guards[access.audience](request)
        if refused is None:
            _note_device(request)
            use_zone(request)
        return refused

    def _desk(
        self, request: HttpRequest, roles: frozenset[Role]
    ) -> HttpResponse | None:
        staff = request.user
        if not isinstance(staff, Staff):
            return to_sign_in(request, reverse("account_login"))
        if sessions.is_over(request, now=timezone.now()):
            logout(request)
            return to_sign_in(request, reverse("account_login"))
        # The side bar asks for the same.
        request.roles = held = roles_of(staff)  # type: ignore[attr-defined]
        if not roles & held:
            return render(request, "errors/403.html", status=403)
        second_factor: Guard = import_string(settings.SECOND_FACTOR_GUARD)
        return second_factor(request)


def to_sign_in(request: HttpRequest, address: str) -> HttpResponse:
    """Send the caller to a sign-in page and back here; htmx is told to go there."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    if request.method != "GET":
        return redirect(address)
    return redirect(f"{address}?{urlencode({'next': request.get_full_path()})}")


def _wrong_method(access: Access) -> Problem:
    return Problem(
        status=405,
        code="method_not_allowed",
        title="Method not allowed.",
        headers={"Allow": ", ".join(sorted(access.methods))},
    )


def use_zone(request: HttpRequest) -> None:
    """Show times as the programme's clocks do."""
    try:
        timezone.activate(programme_of(request).zone)
    except Http404:
        # Nothing is set up yet: the page will say so.
        return


def _note_device(request: HttpRequest) -> None:
    """Note that the device, which its guard left on the request, is in use."""
    device = getattr(request, "till_device", None)
    if device is not None:
        services.mark_seen(device=device, now=timezone.now())

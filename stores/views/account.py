"""A person's own account, and the page behind an invitation."""

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common import limits
from common.addresses import address_block
from common.ui.toasts import toast
from stores import invitations, services
from stores.forms import PasswordForm, PinForm
from stores.views.limits import INVITATIONS_PER_ADDRESS
from stores.views.pages import Page, show_form, staff_of
from stores.views.staff import roles_in_words


@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest) -> HttpResponse:
    """Show who one is, and how one signs in."""
    staff = staff_of(request)
    kinds = set(Authenticator.objects.filter(user=staff).values_list("type", flat=True))
    context = {
        "title": gettext_lazy("My account"),
        "person": staff,
        "roles": roles_in_words(staff),
        "has_second_factor": Authenticator.Type.TOTP in kinds,
        "works_in_store": any(grant.store_id for grant in staff.roles.all()),
    }
    return render(request, "stores/account.html", context)


@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def account_pin(request: HttpRequest) -> HttpResponse:
    """Choose one's own PIN."""
    staff = staff_of(request)
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_pin(
            staff=staff, pin=form.cleaned_data["pin"], actor=staff, now=timezone.now()
        )
        toast(request, _("Your PIN is set."))
        return redirect("stores:account")
    url = reverse("stores:account")
    page = Page(
        title=gettext_lazy("PIN for the till"),
        back_url=url,
        save_label=gettext_lazy("Set the PIN"),
        crumbs=[(gettext_lazy("My account"), url)],
    )
    return show_form(request, form, page)


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, public_id: UUID, token: str) -> HttpResponse:
    """Let the person behind a link choose a password.

    Looking at it uses nothing up: mail scanners and previews look first.
    """
    now = timezone.now()
    try:
        limits.take([(INVITATIONS_PER_ADDRESS, address_block(request))], now=now)
    except limits.LimitReached as error:
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    staff = invitations.find_invited(public_id=public_id, token=token)
    if staff is None:
        return render(request, "stores/invitation_over.html", status=410)
    form = PasswordForm(request.POST or None, staff=staff)
    if request.method == "POST" and form.is_valid():
        services.accept_invitation(
            staff=staff, password=form.cleaned_data["password"], now=now
        )
        # Whoever sat here before must not be taken for the one who was invited.
        logout(request)
        toast(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")
    context = {"form": form, "person": staff}
    status = 422 if form.errors else 200
    return render(request, "stores/invitation.html", context, status=status)

"""Keep staff out of the desk until their second factor is in place."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from stores.models import Staff

# Where a second factor is set up and the way out: open without one.
_OPEN_WITHOUT = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "account_logout",
}


def second_factor(request: HttpRequest) -> HttpResponse | None:
    """Send staff without a second factor to set one up (ASVS 5.0 6.3.3).

    Demo accounts may skip it by a setting that production refuses. A person who has
    one was already asked for it by allauth at sign-in.
    """
    staff = request.user
    if not isinstance(staff, Staff):
        return redirect("account_login")
    if staff.is_demo and settings.DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR:
        return None
    match = request.resolver_match
    if match is not None and match.view_name in _OPEN_WITHOUT:
        return None
    return None if is_mfa_enabled(staff) else redirect("mfa_activate_totp")

"""How allauth is bent to staff accounts: nobody signs up, staff are invited."""

from datetime import timedelta

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from common.addresses import client_address
from stores import sessions
from stores.models import Staff


class StaffAccountAdapter(DefaultAccountAdapter):
    """Staff accounts are made at the desk; there is no sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse sign-up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that limits count by, as the rest of the house does."""
        return client_address(request)

    def reauthenticate(self, user: Staff, password: str) -> bool:
        """Check the password; allauth's own way needs its table of addresses."""
        return bool(password) and user.check_password(password)

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """Ask for the password again, but not of somebody who has just typed it."""
        age = sessions.age(
            context.request,
            now=timezone.now(),  # noqa: TID251 - allauth brings no clock along
        )
        if age is not None and age < timedelta(
            seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        ):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class StaffMFAAdapter(DefaultMFAAdapter):
    """Names the account in the authenticator app by its e-mail address."""

    def build_totp_svg(self, url: str) -> str:
        """Draw the code to scan as every other QR code of ours."""
        return segno.make_qr(url, error="m").svg_inline(border=4, omitsize=True)

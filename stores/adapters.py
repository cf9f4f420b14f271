"""How allauth is bent to staff accounts: nobody signs up, staff are invited."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):
    """Staff accounts are made at the desk; there is no sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse sign-up."""
        return False


class StaffMFAAdapter(DefaultMFAAdapter):
    """Names the account in the authenticator app by its e-mail address."""

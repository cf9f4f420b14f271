"""Links by which staff set their password: made by Django's token, good for one use."""

from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse

from stores.models import Staff


class InvitationTokens(PasswordResetTokenGenerator):
    """Tokens that die with their use, with the next sign-in, and after three days.

    The token covers the password and the last sign-in; being deactivated changes the
    password, so that it kills the link too.
    """

    key_salt = "stores.invitations"


tokens = InvitationTokens()


def path_for(staff: Staff) -> str:
    """Return the path of a fresh link for a person."""
    return reverse(
        "stores:invitation", args=[staff.public_id, tokens.make_token(staff)]
    )


def find_invited(*, public_id: UUID, token: str) -> Staff | None:
    """Return whom a link is for, or None when it is wrong, used or too old."""
    staff = Staff.objects.filter(public_id=public_id, is_active=True).first()
    if staff is None or not tokens.check_token(staff, token):
        return None
    return staff

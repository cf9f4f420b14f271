"""What is kept no longer than it is needed."""

from datetime import datetime

from django.db.models import Q

from portal import rules
from portal.models import ContactChange, LoginCode, Session


def forget_old(*, now: datetime) -> int:
    """Delete codes that no limit counts any more, sessions long over, and old changes.

    Returns how many rows went. What happened stays in the member's timeline.
    """
    codes, _per_model = LoginCode.objects.filter(
        created_at__lt=now - rules.CODES_KEPT
    ).delete()
    sessions, _per_model = Session.objects.filter(
        Q(ended_at__lt=now - rules.SESSIONS_KEPT)
        | Q(expires_at__lt=now - rules.SESSIONS_KEPT)
    ).delete()
    changes, _per_model = ContactChange.objects.filter(
        changed_at__lt=now - rules.CHANGES_KEPT
    ).delete()
    return codes + sessions + changes

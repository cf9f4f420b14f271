"""Reading sessions."""

from datetime import datetime

from members.models import Member
from portal import codes, rules
from portal.models import Session


def find_session(key: str, *, now: datetime) -> Session | None:
    """Return the session that a browser's key opens, if it is still good."""
    if not key:
        return None
    return (
        Session.objects.select_related("member__programme")
        .filter(
            key_hash=codes.key_hash(key),
            ended_at=None,
            expires_at__gt=now,
            last_seen_at__gt=now - rules.SESSION_IDLE,
            member__status=Member.Status.ACTIVE,
        )
        .first()
    )

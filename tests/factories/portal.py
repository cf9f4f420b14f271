"""Members who are signed in to their pages, and what they have proven."""

from datetime import UTC, datetime, timedelta

from django.test import Client

from consent.models import Channel
from members.models import Identifier
from portal import services
from portal.cookies import SESSION_COOKIE


def signed_in(member, *, now, device="Chrome, Android", fresh=True):
    """Return a browser in which a member is signed in, lately or an hour ago."""
    opened = services.open_session(
        member=member, channel=Channel.SMS, device=device, now=now
    )
    if not fresh:
        opened.session.stepped_up_at = now - timedelta(hours=1)
        opened.session.save(update_fields=["stepped_up_at"])
    client = Client()
    client.cookies[SESSION_COOKIE] = opened.key
    client.session_row = opened.session
    return client


def proven(member, kind, *, days=0):
    """Let a member have proven their number or address, so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    name = kind.lower()
    setattr(member, f"{name}_verified_at", at)
    member.save(update_fields=[f"{name}_verified_at"])
    Identifier.objects.filter(
        member=member, kind=kind, value=getattr(member, name).lower(), ended_at=None
    ).update(proven_at=at, last_proven_at=at, proof="CODE")

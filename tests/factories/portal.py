"""Members who are signed in to their pages."""

from django.test import Client

from consent.models import Channel
from portal import services
from portal.cookies import SESSION_COOKIE


def signed_in(member, *, now, device="Chrome, Android"):
    """Return a browser in which a member is signed in."""
    opened = services.open_session(
        member=member, channel=Channel.SMS, device=device, now=now
    )
    client = Client()
    client.cookies[SESSION_COOKIE] = opened.key
    client.session_row = opened.session
    return client

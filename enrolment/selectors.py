"""Find join links, and tell what they can do."""

import re
from datetime import datetime
from uuid import UUID

from enrolment import rules, tokens
from enrolment.models import JoinLink
from enrolment.rules import LinkFacts, LinkState
from members.models import Member
from messaging.models import Message
from stores.models import Programme, Store

_PLAIN_CODE = re.compile(r"\A[A-Za-z0-9._~-]+\Z")


def find_link(token: str) -> JoinLink | None:
    """Return the link with a token, whatever its state, or None."""
    if not tokens.is_token(token):
        return None
    return (
        JoinLink.objects.select_related("member__programme", "store")
        .filter(token_hash=tokens.digest(token))
        .first()
    )


def latest_link(member: Member) -> JoinLink | None:
    """Return the link that was last sent to a member, or None."""
    return JoinLink.objects.filter(member=member).order_by("-created_at", "-pk").first()


def link_state(link: JoinLink, *, now: datetime) -> LinkState:
    """Return what a link can still do."""
    facts = LinkFacts(link.expires_at, link.used_at, link.replaced_at)
    return rules.state_of(facts, now=now)


def find_address(link: JoinLink) -> str:
    """Return the number or address that a link went to, empty if it went nowhere."""
    sent = Message.objects.filter(dedupe_key=message_key(link)).first()
    return sent.address if sent else ""


def message_key(link: JoinLink) -> str:
    """Return what names the one message that carries a link."""
    return f"join-link:{link.public_id}"


# What stands at the place of a store's code in the addresses of the join pages.
RESERVED = frozenset({"asked", "asked-email", "sent", "terms", "welcome"})


def find_store(programme: Programme, key: str) -> Store | None:
    """Return the open store with a code, in capitals or not, or an id; or None."""
    if not key.isprintable():
        return None
    open_ones = Store.objects.filter(programme=programme, is_active=True)
    found = list(open_ones.filter(code__iexact=key).order_by("pk"))
    exact = [store for store in found if store.code == key]
    if exact or found:
        return (exact or found)[0]
    try:
        return open_ones.filter(public_id=UUID(key)).first()
    except ValueError:
        return None


def key_of(store: Store) -> str:
    """Return what names a store in addresses: its code, or its id if that will not do.

    A code can look like a link's token, hold a slash, or be called like a page.
    """
    code = store.code
    is_plain = _PLAIN_CODE.match(code) and code.lower() not in RESERVED
    return code if is_plain and not tokens.is_token(code) else str(store.public_id)

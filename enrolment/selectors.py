"""Find join links, and tell what they can do."""

from datetime import datetime

from enrolment import rules, tokens
from enrolment.models import JoinLink
from enrolment.rules import LinkFacts, LinkState
from members.models import Member
from messaging.models import Message


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

"""Read the texts in force and what a member has allowed."""

from django.db.models import QuerySet

from consent.models import (
    Channel,
    ConsentEntry,
    Permission,
    Purpose,
    TermsAcceptance,
    Text,
)
from members.models import Member
from stores.models import Programme

Permissions = dict[tuple[str, str], ConsentEntry]


def current_text(
    *,
    programme: Programme,
    kind: str,
    purpose: str = "",
    channel: str = "",
    language: str,
) -> Text:
    """Return the latest published version, in the language or else the programme's.

    Raises:
        Text.DoesNotExist: nothing has been published.
    """
    published = Text.objects.filter(
        programme=programme,
        kind=kind,
        purpose=purpose,
        channel=channel,
        published_at__isnull=False,
    ).order_by("-version")
    text = (
        published.filter(language=language).first()
        or published.filter(language=programme.language).first()
    )
    if text is None:
        message = f"no published {kind} {purpose} {channel}".rstrip()
        raise Text.DoesNotExist(message)
    return text


def permissions_of(member: Member) -> Permissions:
    """Return the latest entry for each purpose and channel the member was asked for."""
    latest = (
        ConsentEntry.objects.filter(member=member)
        .select_related("text")
        .order_by("purpose", "channel", "-at", "-pk")
        .distinct("purpose", "channel")
    )
    return {(entry.purpose, entry.channel): entry for entry in latest}


def find_permission(
    member: Member, *, purpose: str, channel: str
) -> ConsentEntry | None:
    """Return the latest entry for one purpose and channel, or None: never asked."""
    return (
        ConsentEntry.objects.filter(member=member, purpose=purpose, channel=channel)
        .order_by("-at", "-pk")
        .first()
    )


def has_objected(member: Member) -> bool:
    """Tell whether the member objects to all direct marketing (GDPR art. 21(2))."""
    return Permission.objects.filter(
        member=member,
        purpose=Purpose.MARKETING,
        channel=Channel.ANY,
        action=ConsentEntry.Action.OBJECTED,
    ).exists()


def list_entries(member: Member) -> QuerySet[ConsentEntry]:
    """Return everything a member ever said, latest first."""
    return (
        ConsentEntry.objects.filter(member=member)
        .select_related("text")
        .order_by("-at", "-pk")
    )


def find_acceptance(member: Member) -> TermsAcceptance | None:
    """Return the latest version of the terms that the member accepted, or None."""
    return (
        TermsAcceptance.objects.filter(member=member)
        .select_related("text")
        .order_by("-at", "-pk")
        .first()
    )

"""Texts in force and members' answers to them."""

from datetime import UTC, datetime

from consent import services, texts
from consent.models import Channel, ConsentEntry, Purpose, Text
from consent.selectors import current_text

PUBLISHED_AT = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)


def publish_texts(programme):
    """Publish our own first wording of terms and permissions."""
    return texts.publish_defaults(programme, PUBLISHED_AT)


def answer(member, action, *, channel=Channel.SMS, at=PUBLISHED_AT):
    """Have a member say yes, say no, or take a yes back."""
    text = None
    if action == ConsentEntry.Action.GIVEN:
        publish_texts(member.programme)
        text = current_text(
            programme=member.programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=channel,
            language=member.language,
        )
    return services.record_entry(
        member=member,
        purpose=Purpose.MARKETING,
        channel=channel,
        action=action,
        at=at,
        source=ConsentEntry.Source.PORTAL,
        actor=services.MEMBER,
        text=text,
    )

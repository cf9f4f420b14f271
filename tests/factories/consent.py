"""Texts in force and members' answers to them."""

from datetime import UTC, datetime, time

from consent import services, texts
from consent.models import Channel, ConsentEntry, ContactPolicy, Purpose, Text
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


def without_bounds(programme):
    """Let a club write at any hour and as often as it likes.

    For tests that are not about the bounds: they run at night too.
    """
    return ContactPolicy.objects.create(
        programme=programme,
        quiet_from=time(0, 0, 0),
        quiet_until=time(0, 0, 0, 1),
        per_week=1000,
        per_month=1000,
        gap_hours=0,
        surveys_per_year=1000,
        changed_at=PUBLISHED_AT,
    )

"""Texts in force and members' answers to them."""

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from uuid import uuid4

from consent import services, texts
from consent.models import (
    Channel,
    ConsentEntry,
    ContactPolicy,
    Edition,
    Purpose,
    Text,
)
from consent.selectors import current_text
from consent.texts import Wording, editing
from purchases.models import Receipt
from tests.factories.stores import StoreFactory

PUBLISHED_AT = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)
# Our own wordings: name, kind, purpose, channel.
TEXT_SUBJECTS = [
    ("terms", "TERMS", "", ""),
    ("marketing_sms", "CONSENT", "MARKETING", "SMS"),
    ("marketing_email", "CONSENT", "MARKETING", "EMAIL"),
    ("profiling", "CONSENT", "PROFILING", "ANY"),
    ("surveys_sms", "CONSENT", "SURVEYS", "SMS"),
    ("surveys_email", "CONSENT", "SURVEYS", "EMAIL"),
    ("partners", "CONSENT", "PARTNERS", "ANY"),
]


# Our own first wordings as they were published for a club, by what they say of it.
_published = {}


def publish_texts(programme):
    """Publish our own first wording of terms and permissions.

    Nearly every club of a test has them, so what `publish_defaults` wrote for the first
    club of its kind is written for the next ones in two statements instead of sixty. A
    test holds both to be the same.
    """
    subjects = set(
        Text.objects.filter(
            programme=programme, published_at__isnull=False
        ).values_list("kind", "purpose", "channel")
    )
    said = (
        programme.name,
        programme.company_name,
        programme.email_sender,
        programme.country,
    )
    first = _published.get(said)
    if first is None or subjects:
        if first and subjects >= {(t.kind, t.purpose, t.channel) for t in first}:
            return []
        made = texts.publish_defaults(programme, PUBLISHED_AT)
        if not subjects:
            _published[said] = made
        return made
    editions = {
        text.edition_id: again(text.edition, programme=programme) for text in first
    }
    Edition.objects.bulk_create(editions.values())
    return Text.objects.bulk_create(
        again(text, programme=programme, edition=editions[text.edition_id])
        for text in first
    )


def again(row, **changes):
    """Return a row like another that is to be written anew."""
    fields = {
        field.name: getattr(row, field.name)
        for field in row._meta.concrete_fields
        if field.name not in {"id", "public_id"}
    }
    return type(row)(**fields | changes)


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


def edited(draft, *, added=None, **changes):
    """Return the content of a draft with a harmless paragraph added to each language.

    `added` are other words by language.
    """
    words = added or {
        "sv": "Vi hör av oss högst en gång i veckan.",
        "da": "Vi skriver højst en gang om ugen.",
        "en": "We write once a week at most.",
    }
    content = editing.content_of(draft)
    wordings = {
        language: Wording(wording.title, f"{wording.body}\n\n{words[language]}")
        for language, wording in content.wordings.items()
    }
    return replace(content, wordings=wordings, **changes)


def publish_change(draft, *, writer, publisher, now, **changes):
    """Write, send and publish a change of a text that starts from a draft."""
    saved = editing.save_draft(
        edition=draft, content=edited(draft, **changes), staff=writer, now=now
    )
    sent = editing.send_for_review(edition=saved, staff=writer, now=now)
    return editing.publish_edition(edition=sent, staff=publisher, now=now)


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


def purchase_of(member, at):
    """Give a member a purchase that a customer relation can rest on."""
    return Receipt.objects.create(
        programme=member.programme,
        store=StoreFactory(programme=member.programme),
        unique_receipt_id=str(uuid4()),
        receipt_number="1",
        member=member,
        purchased_at=at,
        business_on=at.date(),
        currency="SEK",
        total=Decimal("249.00"),
        payments=[],
        eligible=Decimal(0),
        points=0,
        source=Receipt.Source.API,
        content_hash=b"",
        recorded_at=at,
    )

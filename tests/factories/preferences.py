"""Permissions of every kind, and subjects to choose about."""

from consent import services, texts
from consent.models import Channel, ConsentEntry, Purpose, Text, Topic
from consent.selectors import current_text
from tests.factories.consent import PUBLISHED_AT


def text_of(programme, purpose, channel, language="sv"):
    """Return the words a yes is given to; publishes some where there are none."""
    what = {"kind": Text.Kind.CONSENT, "purpose": purpose, "channel": channel}
    if not Text.objects.filter(programme=programme, **what).exists():
        texts.publish(
            programme=programme,
            **what,
            wordings={
                each: texts.Wording(f"{purpose} {channel}", f"Yes please ({each}).")
                for each in ("sv", "da", "en")
            },
            now=PUBLISHED_AT,
        )
    return current_text(programme=programme, **what, language=language)


def permit(member, purpose=Purpose.MARKETING, channel=Channel.SMS, *, at=PUBLISHED_AT):
    """Have a member say yes to something."""
    return services.record_entry(
        member=member,
        purpose=purpose,
        channel=channel,
        action=ConsentEntry.Action.GIVEN,
        at=at,
        source=ConsentEntry.Source.JOIN_LINK,
        actor=services.MEMBER,
        text=text_of(member.programme, purpose, channel, member.language),
    )


def topic(programme, name="Jackor", *, kind=Topic.Kind.INTEREST, position=1, **more):
    """Let members choose about a subject, called the same in every language."""
    names = {language: f"{name} {language}" for language in ("sv", "da", "en")}
    return Topic.objects.create(
        programme=programme, kind=kind, names=names, position=position, **more
    )


def filled(page, **changes):
    """Return what a browser sends for the page of choices, with some things changed.

    None takes a field away, as a switch that is turned off does.
    """
    form = page.context["form"]
    data = {"seal": form.centre.seal, "per_week": form["per_week"].value(), "pause": ""}
    for asked in form.centre.asked:
        if asked.is_given:
            data[f"yes_{asked.name}"] = "on"
        elif asked.text is not None:
            data[f"text_{asked.name}"] = str(asked.text.public_id)
    for topic in form.topics:
        if topic.wish or not topic.is_diet:
            data[topic.name] = topic.wish or ""
    data |= changes
    return {name: value for name, value in data.items() if value is not None}

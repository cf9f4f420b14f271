"""Read the subjects and how many members want each."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from consent.models import Topic, TopicWish
from members.models import Member
from stores.models import Programme

# Of fewer, a count says something about the health of people one may know.
FEWEST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class CountedTopic:
    """A subject with how many active members want it and do not want it.

    None is a number too small to be shown.
    """

    topic: Topic
    wanted: int | None
    unwanted: int | None


def list_topics(programme: Programme) -> QuerySet[Topic]:
    """Return every subject, those in use first, in the order members see them."""
    return (
        Topic.objects.filter(programme=programme)
        .select_related("programme")
        .order_by("retired_at", "position", "pk")
    )


def name_of(topic: Topic, language: str) -> str:
    """Return what a subject is called in a language, or else in the first there is."""
    return str(topic.names.get(language) or topic)


def count_wishes(programme: Programme) -> list[CountedTopic]:
    """Return every subject with its counts: no more than numbers leaves this room."""
    counted: dict[tuple[int, str], int] = {
        (topic, wish): number
        for topic, wish, number in TopicWish.objects.filter(
            topic__programme=programme, member__status=Member.Status.ACTIVE
        )
        .values_list("topic", "wish")
        .annotate(number=Count("pk"))
    }
    found = []
    topics = list_topics(programme)
    for topic in sorted(topics, key=lambda each: each.retired_at is not None):
        wanted = counted.get((topic.pk, TopicWish.Wish.WANTED), 0)
        unwanted = counted.get((topic.pk, TopicWish.Wish.UNWANTED), 0)
        if topic.kind == Topic.Kind.DIET:
            is_shown = unwanted >= FEWEST_SHOWN
            found.append(CountedTopic(topic, None, unwanted if is_shown else None))
        else:
            found.append(CountedTopic(topic, wanted, unwanted))
    return found

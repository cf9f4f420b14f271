"""What else happens in a club: people register twice, cards are lost, staff merge.

Done through the rooms' own verbs, so that the demo shows what the product does.
"""

from datetime import datetime, timedelta

from django.db import connection

from consent import contact
from consent.models import Topic, TopicWish
from consent.topics.services import add_topic
from enrolment import services as enrolment
from enrolment.models import Registration
from loyalty.demo.phones import MOST, fictional_number
from members import duplicates, identity
from members import services as members
from members.merging import merge_members
from members.models import Identifier, Member, Merge
from stores.models import Programme, Staff
from stores.roles import Role

TWICE = 5
PHYSICAL = 8
# By language, as the members of the club read them; the last one only ever excludes.
TOPICS = [
    ("INTEREST", "Friluftsliv", "Friluftsliv", "Outdoor life"),
    ("INTEREST", "Kläder och skor", "Tøj og sko", "Clothes and shoes"),
    ("INTEREST", "Kök och dukning", "Køkken og borddækning", "Kitchen and table"),
    ("INTEREST", "Textil och belysning", "Tekstiler og lamper", "Textiles and lamps"),
    ("INTEREST", "Barn och lek", "Børn og leg", "Children and play"),
    (
        "DIET",
        "Ull och dun (allergi)",
        "Uld og dun (allergi)",
        "Wool and down (allergy)",
    ),
]
WISHERS = 40
_REASON = "Samma person, bekräftat i butiken"
# Made up, but of the form that Swedish postcodes have; neighbours share one.
_POSTCODES = """
UPDATE members_member SET postcode =
    (11100 + (coalesce(home_store_id, 0) * 7 + id %% 4) * 10 %% 80000)::text
WHERE programme_id = %s AND postcode = '' AND status = 'ACTIVE'
"""


def happen(*, programme: Programme, now: datetime) -> None:
    """Let the club live a little; a second load of it changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_POSTCODES, [programme.pk])
    _choose_topics(programme, now)
    if Merge.objects.filter(programme=programme).exists():
        return
    some = list(
        Member.objects.filter(
            programme=programme,
            status=Member.Status.ACTIVE,
            birthday_on__isnull=False,
            registered_store__isnull=False,
        )
        .select_related("registered_store")
        .order_by("number")[: TWICE + PHYSICAL]
    )
    seconds = [
        _register_again(programme, member, place, now)
        for place, member in enumerate(some[:TWICE])
    ]
    duplicates.find_all(programme=programme, now=now)
    owner = Staff.objects.filter(
        programme=programme, roles__role=Role.OWNER, is_demo=True
    ).first()
    if seconds and owner is not None:
        merge = merge_members(
            kept=some[0], merged=seconds[0], staff=owner, reason=_REASON, now=now
        )
        duplicates.note_merge(merge=merge, now=now)
    _give_cards(some[TWICE:], now)


def _choose_topics(programme: Programme, now: datetime) -> None:
    """Let some members say what they want to hear about, and what not."""
    owner = Staff.objects.filter(
        programme=programme, roles__role=Role.OWNER, is_demo=True
    ).first()
    if owner is None or Topic.objects.filter(programme=programme).exists():
        return
    topics = [
        add_topic(
            programme=programme,
            kind=kind,
            names={"sv": swedish, "da": danish, "en": english},
            staff=owner,
            now=now - timedelta(days=90),
        )
        for kind, swedish, danish, english in TOPICS
    ]
    some = Member.objects.filter(
        programme=programme, status=Member.Status.ACTIVE
    ).order_by("number")
    for place, member in enumerate(some[:WISHERS]):
        wanted = topics[place % (len(topics) - 1)]
        unwanted = topics[(place * 2 + 1) % len(topics)]
        at = now - timedelta(hours=1 + place % 20)
        if unwanted != wanted:
            contact.set_topic_wish(
                member=member, topic=unwanted, wish=TopicWish.Wish.UNWANTED, now=at
            )
        contact.set_topic_wish(
            member=member, topic=wanted, wish=TopicWish.Wish.WANTED, now=at
        )


def _register_again(
    programme: Programme, member: Member, place: int, now: datetime
) -> Member:
    """Register somebody once more, with the new number they have by now."""
    began = enrolment.begin(
        programme=programme,
        phone=fictional_number(MOST - 1 - place),
        way=Registration.Way.WEB,
        store=member.registered_store,
        language=member.language,
        now=now - timedelta(days=3, hours=place),
    )
    second = members.activate_member(
        member=began.member,
        first_name=member.first_name.upper(),
        last_name=member.last_name,
        email="",
        language=member.language,
        birthday_on=member.birthday_on,
        phone_verified=True,
        now=now - timedelta(days=3),
    )
    members.update_member(
        member=second, postcode=member.postcode, now=now - timedelta(days=3)
    )
    Registration.objects.filter(
        member=second, outcome=Registration.Outcome.OPEN
    ).update(outcome=Registration.Outcome.FINISHED, ended_at=now - timedelta(days=3))
    return second


def _give_cards(some: list[Member], now: datetime) -> None:
    """Give out cards of plastic, and lose one of them."""
    for place, member in enumerate(some):
        identity.add_identifier(
            member=member,
            kind=Identifier.Kind.CARD,
            value=f"K{7_300_000 + place}",
            proof=Identifier.Proof.STAFF,
            now=now - timedelta(days=2),
        )
    if some:
        identity.replace_card(
            member=some[-1], end=Identifier.End.LOST, now=now - timedelta(days=1)
        )

"""Reading for the till: who works here, who is standing there, how the day goes."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, Q, QuerySet

from common.periods import day_bounds, local_day
from enrolment.models import Registration
from enrolment.rules import RESEND_DELAY
from enrolment.selectors import latest_link
from members import phones
from members.models import Member
from stores.models import Programme, Staff, Store, TillDevice
from stores.roles import STORE_ROLES, Role
from till.answers import Answer, Hit, Outcome
from till.names import NameBegins

# Who may look for a member by name. The table of addresses says the same.
SEARCH_NAMES = frozenset({Role.OWNER, Role.STORE_MANAGER})
# More people with such a name are not shown: more letters are asked for.
MOST_NAMED = 5
_NOT_LETTERS = re.compile(r"[\W_]+")


def list_staff(store: Store) -> QuerySet[Staff]:
    """Return who may identify at a store's devices: its own people and the owners."""
    here = Q(roles__store=store, roles__role__in=STORE_ROLES)
    owner = Q(roles__store=None, roles__role=Role.OWNER)
    return (
        Staff.objects.filter(here | owner, programme=store.programme, is_active=True)
        .exclude(pin_hash="")
        .distinct()
        .order_by("name", "pk")
    )


def find_staff(*, store: Store, public_id: UUID | str) -> Staff | None:
    """Return one of the people who may identify at a store's devices."""
    return list_staff(store).filter(public_id=public_id).first()


def roles_at(staff: Staff, store: Store) -> frozenset[Role]:
    """Return the roles a person holds in a store, and those held everywhere."""
    held = staff.roles.filter(Q(store=store) | Q(store=None))
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def count_new_members(store: Store, *, now: datetime) -> int:
    """Count the registrations begun in a store that were finished today."""
    zone = store.programme.zone
    starts_at, ends_at = day_bounds(local_day(now, zone), zone)
    return Member.objects.filter(
        registered_store=store, activated_at__gte=starts_at, activated_at__lt=ends_at
    ).count()


@dataclass(frozen=True, slots=True)
class Week:
    """How many registrations were finished since Monday."""

    store: int
    person: int


def summarize_week(store: Store, staff: Staff, *, now: datetime) -> Week:
    """Count what was begun in a store, and by one person in it, and finished."""
    zone = store.programme.zone
    today = local_day(now, zone)
    monday, _ends_at = day_bounds(today - timedelta(days=today.weekday()), zone)
    counted = Registration.objects.filter(
        programme=store.programme,
        outcome=Registration.Outcome.FINISHED,
        ended_at__gte=monday,
        store=store,
    ).aggregate(store=Count("pk"), person=Count("pk", filter=Q(staff=staff)))
    return Week(**counted)


def list_named(programme: Programme, begins: NameBegins) -> list[Hit]:
    """Return members whose names begin so; one more than are shown, if there are.

    Who has left or never finished is not among them.
    """
    words = _NOT_LETTERS.split(f"{begins.last} {begins.first}")
    query = " & ".join(f"'{word}':*" for word in words if word)
    found = (
        Member.objects.filter(
            programme=programme,
            status__in=[Member.Status.ACTIVE, Member.Status.BLOCKED],
            # The index finds the words, whichever name they are in.
            words=SearchQuery(query, config="simple", search_type="raw"),
            first_name__istartswith=begins.first,
            last_name__istartswith=begins.last,
        )
        .select_related("home_store", "registered_store")
        .order_by("last_name", "first_name", "pk")[: MOST_NAMED + 1]
    )
    return [_hit(member, programme.country) for member in found]


def was_registered_just_now(
    answer: Answer, *, device: TillDevice, now: datetime
) -> bool:
    """Tell whether this device sent this member the link a moment ago."""
    if answer.outcome is not Outcome.PENDING or answer.member is None:
        return False
    link = latest_link(answer.member)
    return (
        link is not None
        and link.device_id == device.pk
        and link.created_at + RESEND_DELAY > now
    )


def _hit(member: Member, country: str) -> Hit:
    store = member.home_store or member.registered_store
    return Hit(
        public_id=member.public_id,
        name=member.name,
        phone=phones.mask(member.phone, country),
        place=(store.city or store.name) if store else "",
    )

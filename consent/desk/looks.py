"""Who looked at which member, and what is out of the ordinary: counts, not guesses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from members import care
from stores import selectors as stores_selectors
from stores.models import AuditEntry, Programme, Staff

# More members than this in one hour, one person seldom has reason to look at.
MANY_IN_AN_HOUR = 30
# Fewer looks than this say nothing about a share.
ENOUGH = 10
# A look at the till is followed by a purchase or a registration within this time.
FOLLOWED_WITHIN = timedelta(hours=2)

# What counts as looking at a member. Rooms above add their own.
_actions: dict[str, bool] = {care.VIEWED: False, care.REVEALED: False}

_BY_PERSON = """
WITH look AS (
    SELECT a.actor_id, a.at, a.action, m.id AS member_id,
        COALESCE(m.home_store_id, m.registered_store_id) AS store_id
    FROM stores_auditentry a
    JOIN members_member m ON m.public_id = a.member_id
    WHERE a.programme_id = %(programme)s AND a.at >= %(since)s
        AND a.actor_kind = 'STAFF' AND a.action = ANY(%(actions)s)
), hours AS (
    SELECT actor_id, max(members) AS most FROM (
        SELECT actor_id, count(DISTINCT member_id) AS members
        FROM look GROUP BY actor_id, date_trunc('hour', at)
    ) each_hour GROUP BY actor_id
)
SELECT look.actor_id, count(*), count(DISTINCT look.member_id), min(hours.most),
    -- Whose work is one store: how many looks were at members of others.
    CASE WHEN bool_or(own.is_chain) THEN NULL ELSE count(*) FILTER (
        WHERE look.store_id IS NOT NULL AND NOT look.store_id = ANY(own.stores)
    ) END,
    count(*) FILTER (WHERE look.action = ANY(%(followed)s)),
    count(*) FILTER (WHERE look.action = ANY(%(followed)s) AND NOT EXISTS (
        SELECT FROM members_event e WHERE e.member_id = look.member_id
            AND e.at >= look.at AND e.at < look.at + %(within)s
    ))
FROM look
JOIN hours USING (actor_id)
JOIN (
    SELECT s.public_id, bool_or(g.store_id IS NULL) AS is_chain,
        array_agg(g.store_id) AS stores
    FROM stores_staff s LEFT JOIN stores_rolegrant g ON g.staff_id = s.id
    GROUP BY s.public_id
) own ON own.public_id = look.actor_id
GROUP BY look.actor_id
"""


@dataclass(frozen=True, slots=True)
class Looker:
    """What one person looked at in a period, and which counts stand out."""

    staff_id: UUID
    name: str
    looks: int
    members: int
    # Different members in the busiest hour.
    most_in_an_hour: int
    # At members of other stores than one's own; None for who works for all.
    elsewhere: int | None
    # At the till: in all, and how many after which nothing happened.
    expecting: int
    without_sequel: int

    @property
    def is_hasty(self) -> bool:
        """Tell whether there were many members in one hour."""
        return self.most_in_an_hour >= MANY_IN_AN_HOUR

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether more than half of the looks were at other stores' members."""
        return (
            self.elsewhere is not None
            and self.looks >= ENOUGH
            and self.elsewhere * 2 > self.looks
        )

    @property
    def is_without_sequel(self) -> bool:
        """Tell whether nothing followed more than half of the look-ups."""
        return self.expecting >= ENOUGH and self.without_sequel * 2 > self.expecting

    @property
    def stands_out(self) -> bool:
        """Tell whether somebody should ask why."""
        return self.is_hasty or self.is_elsewhere or self.is_without_sequel


def register(action: str, *, expects_sequel: bool = False) -> None:
    """Let an action of the audit trail count as a look; call it in `ready()`.

    `expects_sequel` is for looks after which a purchase or registration is the rule.
    """
    _actions[action] = expects_sequel


def actions() -> list[str]:
    """Return the actions that count as looks."""
    return sorted(_actions)


def list_looks(*, programme: Programme) -> QuerySet[AuditEntry]:
    """Return every look at a member, with the names of those who looked."""
    entries = stores_selectors.list_audit(programme=programme)
    return entries.filter(member_id__isnull=False, action__in=actions())


def lookers(*, programme: Programme, since: datetime) -> list[Looker]:
    """Count each person's looks since a moment; those who stand out come first."""
    given: dict[str, Any] = {
        "programme": programme.pk,
        "since": since,
        "actions": actions(),
        "followed": [action for action, expects in _actions.items() if expects],
        "within": FOLLOWED_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_PERSON, given)
        rows = cursor.fetchall()
    names = dict(
        Staff.objects.filter(public_id__in=[row[0] for row in rows]).values_list(
            "public_id", "name"
        )
    )
    found = [Looker(row[0], names.get(row[0], ""), *row[1:]) for row in rows]
    return sorted(found, key=lambda each: (not each.stands_out, -each.looks, each.name))

"""The points that members bring along: who has brought theirs, how many, and giving.

In sets, as all of an import. What is given is the ledger's to write: `points.opening`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from enrolment.importing.dates import NEVER
from enrolment.importing.models import ClubImport
from points import opening
from points.opening import Brought, Opening

# Which rows bring points, of those that are imported.
BRING = "r.points > 0 AND r.points_brought IS NULL"
_BATCH = "r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s"
# Who has brought points along before, they themselves or a membership that was merged
# into theirs, brings no more: whoever imports a file twice doubles nothing.
_BEFORE = f"""
WITH brought AS (
    SELECT r.row, e.points
    FROM enrolment_importrow r
    JOIN points_entry e ON e.member_id = r.member_id AND e.key = '{opening.KEY}'
    WHERE {_BATCH} AND r.points > 0 AND r.outcome <> 'REFUSED'
    UNION ALL
    SELECT r.row, e.points
    FROM enrolment_importrow r
    JOIN members_member g ON g.merged_into_id = r.member_id
        AND g.merged_into_id IS NOT NULL
    JOIN points_entry e ON e.member_id = g.id AND e.key = '{opening.KEY}'
    WHERE {_BATCH} AND r.points > 0 AND r.outcome <> 'REFUSED'
), summed AS (
    SELECT row, sum(points)::integer AS points FROM brought GROUP BY row
)
UPDATE enrolment_importrow r SET points_brought = s.points,
    problems = CASE
        WHEN s.points = r.points
            OR r.problems @@ '$[*].code == "points_brought"' IS TRUE
        THEN r.problems
        ELSE coalesce(r.problems, '[]') || jsonb_build_array(jsonb_build_object(
            'code', 'points_brought', 'field', 'POINTS', 'value', r.points::text)) END
FROM summed s
WHERE r.club_import_id = %(import)s AND r.row = s.row
"""  # noqa: S608 - made of constants of this module
_COUNT = f"""
SELECT count(*) FILTER (WHERE {BRING}),
    coalesce(sum(r.points) FILTER (WHERE {BRING}), 0),
    coalesce(max(r.points) FILTER (WHERE {BRING}), 0),
    count(*) FILTER (WHERE {BRING} AND r.points_until IS NOT NULL),
    count(*) FILTER (WHERE {BRING} AND r.points >= %(reward)s),
    count(r.points_brought)
FROM enrolment_importrow r
WHERE r.club_import_id = %(import)s AND r.outcome <> 'REFUSED'
"""  # noqa: S608 - made of constants of this module
# The first moment that is not the last day's any more.
_EXPIRES_AT = f"""
CASE WHEN r.points_until IS NULL THEN %(expires_at)s::timestamptz
    WHEN r.points_until < '{NEVER}'
    THEN (r.points_until + 1)::timestamp AT TIME ZONE %(zone)s END
""".strip()
# Instead of how many there are alone, at the end of the statement that makes members:
# each of the lists is in the same order.
OF_NEW = f"""
SELECT count(*), array_agg(r.id ORDER BY r.id) FILTER (WHERE r.points > 0),
    array_agg(r.points ORDER BY r.id) FILTER (WHERE r.points > 0),
    array_agg({_EXPIRES_AT} ORDER BY r.id) FILTER (WHERE r.points > 0)
FROM target r
"""  # noqa: S608 - made of constants of this module
_OF_KNOWN = f"""
SELECT array_agg(r.member_id ORDER BY r.member_id),
    array_agg(r.points ORDER BY r.member_id),
    array_agg({_EXPIRES_AT} ORDER BY r.member_id)
FROM enrolment_importrow r WHERE {_BATCH} AND r.outcome = 'CHANGED' AND {BRING}
"""  # noqa: S608 - made of constants of this module
_ANALYZE = "ANALYZE points_account, points_entry, points_lot"


class Bringing:
    """Gives the members of one batch what they bring along."""

    def __init__(
        self, club_import: ClubImport, found: Opening, *, now: datetime
    ) -> None:
        self._import = club_import
        self._opening = found
        self._now = now
        # What the statements are given, besides what they are given anyhow.
        self.values = {
            "zone": club_import.programme.zone.key,
            "expires_at": found.expires_at,
        }

    def give_known(self, values: Mapping[str, Any]) -> bool:
        """Give those who were members before theirs; False when not all could be."""
        with connection.cursor() as cursor:
            cursor.execute(_OF_KNOWN, values)
            return self.give(*cursor.fetchone())

    def give(
        self,
        members: Sequence[int] | None,
        points: Sequence[int] | None,
        expires_at: Sequence[datetime | None] | None,
    ) -> bool:
        """Give members theirs, None being nobody; False when not all could be.

        Another import of the same file, say, has come first.
        """
        if not members or not points or not expires_at:
            return True
        given = opening.open_balances(
            brought=Brought(members, points, expires_at),
            rule_id=self._opening.rule.id,
            source_id=self._import.public_id,
            now=self._now,
        )
        return given == len(members)


def bringing_of(club_import: ClubImport, *, now: datetime) -> Bringing | None:
    """Return what gives a batch's members their points; None without a version.

    The version and the day are those of the import's start, whenever each batch has its
    turn: nobody's points last a month longer for a midnight between two batches.
    """
    found = opening.opening_at(
        club_import.programme, club_import.apply_started_at or now
    )
    return None if found is None else Bringing(club_import, found, now=now)


def find_brought(values: Mapping[str, Any]) -> None:
    """Mark the rows of those who brought points along before."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, values)


def count(club_import: ClubImport, *, at: datetime) -> dict[str, Any] | None:
    """Count who brings how many points, and what they are worth at a moment.

    None where no version of the programme says what that is.
    """
    found = opening.opening_at(club_import.programme, at)
    if found is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT, {"import": club_import.pk, "reward": found.rule.reward_points}
        )
        members, points, most, dated, enough, brought = cursor.fetchone()
    worth = opening.worth_of(int(points), found.rule)
    return {
        "members": members,
        "points": int(points),
        # Of one member.
        "most": most,
        # Of whom the file says until when they last.
        "dated": dated,
        # Who have enough for a voucher.
        "enough": enough,
        # Who brought theirs before.
        "brought": brought,
        "worth": [str(worth.least), str(worth.most)],
        "version": found.rule.version,
    }


def learn_the_ledger() -> None:
    """Have PostgreSQL count the ledger, which has grown at once."""
    with connection.cursor() as cursor:
        cursor.execute(_ANALYZE)

"""Who is to be compared with whom: members who share something.

The database looks them up, by indexes for a few members and by grouping for a whole
club. Neither decides anything.
"""

from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Any

from django.db import connection, transaction

from members.models import Member
from stores.models import Programme

# The keys of two members, the lower first.
Ids = tuple[int, int]

ALIVE = (Member.Status.PENDING, Member.Status.ACTIVE, Member.Status.BLOCKED)
# More members than this who share something share a placeholder: `1 January 1900`.
_MOST_ALIKE = 25

# For each member of a batch, whom the indexes of migration 0006 (and the one by which
# the ends of numbers are searched) find. The limit keeps a placeholder from taking the
# whole batch's time. Ranges instead of LIKE, which reads no index for a pattern that
# is not known beforehand; a colon is the sign after 9.
_NEAR = """
WITH fresh AS MATERIALIZED (
    SELECT m.id, m.programme_id, m.birthday_on, m.first_name, m.last_name, m.phone,
        replace(m.postcode, ' ', '') AS postcode,
        members_name_key(m.first_name, m.last_name) AS name_key,
        reverse(right(m.phone, 8)) AS ends
    FROM members_member m WHERE m.id = ANY (%(ids)s) AND m.status = ANY (%(alive)s)
), mail AS MATERIALIZED (
    SELECT f.*, i.value, members_mail_name(i.value) AS mail_name
    FROM fresh f JOIN members_identifier i ON i.member_id = f.id
    WHERE i.kind = 'EMAIL' AND i.ended_at IS NULL
)
SELECT f.id, array_agg(near.id) FROM fresh f CROSS JOIN LATERAL (
    SELECT m.id FROM members_member m
    WHERE m.programme_id = f.programme_id AND m.birthday_on = f.birthday_on
        AND members_name_key(m.first_name, m.last_name) = f.name_key
        AND m.birthday_on IS NOT NULL AND m.first_name <> '' AND m.last_name <> ''
    LIMIT %(limit)s
) AS near
WHERE f.birthday_on IS NOT NULL AND f.first_name <> '' AND f.last_name <> ''
GROUP BY f.id
UNION ALL
SELECT f.id, array_agg(near.id) FROM fresh f CROSS JOIN LATERAL (
    SELECT m.id FROM members_member m
    WHERE reverse(m.phone) ~>=~ f.ends AND reverse(m.phone) ~<~ (f.ends || ':')
        AND m.programme_id + 0 = f.programme_id
    LIMIT %(limit)s
) AS near
WHERE f.phone <> ''
GROUP BY f.id
UNION ALL
SELECT f.id, array_agg(near.member_id) FROM mail f CROSS JOIN LATERAL (
    SELECT i.member_id FROM members_identifier i
    WHERE i.programme_id = f.programme_id AND members_mail_name(i.value) = f.mail_name
        AND i.kind = 'EMAIL' AND i.ended_at IS NULL
        AND members_mail_domain(i.value) = members_mail_domain(f.value)
    LIMIT %(limit)s
) AS near
GROUP BY f.id, f.value
UNION ALL
SELECT f.id, array_agg(near.member_id) FROM mail f CROSS JOIN LATERAL (
    SELECT i.member_id FROM members_identifier i
    JOIN members_member m ON m.id = i.member_id
    WHERE i.programme_id = f.programme_id AND members_mail_name(i.value) = f.mail_name
        AND i.kind = 'EMAIL' AND i.ended_at IS NULL
        AND replace(m.postcode, ' ', '') = f.postcode
        AND members_name_key(m.first_name, m.last_name) = f.name_key
    LIMIT %(limit)s
) AS near
WHERE f.postcode <> '' AND f.first_name <> '' AND f.last_name <> ''
GROUP BY f.id, f.value
UNION ALL
SELECT old.member_id, array_agg(near.member_id) FROM members_identifier old
CROSS JOIN LATERAL (
    SELECT i.member_id FROM members_identifier i
    WHERE i.programme_id = old.programme_id AND i.kind = old.kind
        AND i.system = '' AND i.value = old.value AND i.ended_at IS NULL
    LIMIT %(limit)s
) AS near
WHERE old.member_id = ANY (%(ids)s) AND old.kind IN ('PHONE', 'EMAIL')
    AND old.ended_at IS NOT NULL AND old."end" = 'CHANGED'
GROUP BY old.id
UNION ALL
SELECT i.member_id, array_agg(near.member_id) FROM members_identifier i
CROSS JOIN LATERAL (
    SELECT old.member_id FROM members_identifier old
    WHERE old.programme_id = i.programme_id AND old.kind = i.kind
        AND old.value = i.value AND old.ended_at IS NOT NULL AND old."end" = 'CHANGED'
    LIMIT %(limit)s
) AS near
WHERE i.member_id = ANY (%(ids)s) AND i.kind IN ('PHONE', 'EMAIL')
    AND i.ended_at IS NULL
GROUP BY i.id
"""

# The same for a whole club: who shares something stands in one group.
_GROUPS = (
    """
    SELECT array_agg(m.id) FROM members_member m
    WHERE m.programme_id = %(programme)s AND m.status = ANY (%(alive)s)
        AND m.birthday_on IS NOT NULL AND m.first_name <> '' AND m.last_name <> ''
    GROUP BY m.birthday_on, members_name_key(m.first_name, m.last_name)
    HAVING count(*) BETWEEN 2 AND %(limit)s
    """,
    """
    SELECT array_agg(m.id) FROM members_member m
    WHERE m.programme_id = %(programme)s AND m.status = ANY (%(alive)s)
        AND m.phone <> ''
    GROUP BY right(m.phone, 8) HAVING count(*) BETWEEN 2 AND %(limit)s
    """,
    """
    SELECT array_agg(i.member_id) FROM members_identifier i
    WHERE i.programme_id = %(programme)s AND i.kind = 'EMAIL' AND i.ended_at IS NULL
    GROUP BY members_mail_name(i.value), members_mail_domain(i.value)
    HAVING count(*) BETWEEN 2 AND %(limit)s
    """,
    """
    SELECT array_agg(i.member_id) FROM members_identifier i
    JOIN members_member m ON m.id = i.member_id
    WHERE i.programme_id = %(programme)s AND i.kind = 'EMAIL' AND i.ended_at IS NULL
        AND m.postcode <> '' AND m.first_name <> '' AND m.last_name <> ''
    GROUP BY members_mail_name(i.value), replace(m.postcode, ' ', ''),
        members_name_key(m.first_name, m.last_name)
    HAVING count(*) BETWEEN 2 AND %(limit)s
    """,
    """
    SELECT ARRAY[old.member_id, i.member_id] FROM members_identifier old
    JOIN members_identifier i ON i.programme_id = old.programme_id
        AND i.kind = old.kind AND i.system = '' AND i.value = old.value
        AND i.ended_at IS NULL
    WHERE old.programme_id = %(programme)s AND old.kind IN ('PHONE', 'EMAIL')
        AND old.ended_at IS NOT NULL AND old."end" = 'CHANGED'
    """,
)


def near(member_ids: Collection[int]) -> Iterator[Ids]:
    """Give the pairs of these members with whom they share something, by indexes."""
    for member_id, ids in _rows(
        _NEAR,
        # One more, the member itself; and one by which too many are known.
        {"ids": list(member_ids), "alive": list(ALIVE), "limit": _MOST_ALIKE + 2},
    ):
        near = set(ids) - {member_id}
        if len(near) <= _MOST_ALIKE:
            for other in near:
                yield min(member_id, other), max(member_id, other)


def in_groups(programme: Programme) -> Iterator[Ids]:
    """Give the pairs of all in a club who share something."""
    given = {
        "programme": programme.pk,
        "alive": list(ALIVE),
        "limit": _MOST_ALIKE + 1,
    }
    for query in _GROUPS:
        for (ids,) in _rows(query, given):
            yield from combinations(sorted(set(ids)), 2)


def _rows(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        # The estimates are high, and compiling takes longer than looking.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(query, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows

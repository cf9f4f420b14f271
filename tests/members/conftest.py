"""What the tests of members share: a person who may see them, and a club of 50 000."""

import pytest
from django.db import connection

from stores.roles import Role
from tests.factories.stores import StaffFactory

_CROWD = """
INSERT INTO members_member (public_id, programme_id, number, status, phone, email,
    first_name, last_name, language, home_store_id, source, registered_store_id,
    registered_at, activated_at)
SELECT gen_random_uuid(), %(programme)s, '88' || lpad(g::text, 10, '0'),
    CASE WHEN g %% 997 = 0 THEN 'BLOCKED' ELSE 'ACTIVE' END,
    '+4670' || lpad((g::bigint * 7919 %% 10000000)::text, 7, '0'),
    lower(first.name) || '.' || g || '@example.se',
    first.name, last.name, 'sv', %(store)s, 'TILL', %(store)s,
    timestamptz '2024-01-01' + g * interval '9 minutes',
    timestamptz '2024-01-01' + g * interval '9 minutes'
FROM generate_series(1, 50000) g
JOIN unnest(ARRAY['Anna', 'Sven', 'Maria', 'Lars', 'Karin', 'Olof', 'Ylva'])
    WITH ORDINALITY AS first (name, place) ON first.place = g %% 7 + 1
JOIN unnest(ARRAY['Svensson', 'Ek', 'Lind', 'Berg', 'von Essen', 'Dahl', 'Strand',
    'Lund', 'Sand', 'Holm', 'Qvist']) WITH ORDINALITY AS last (name, place)
    ON last.place = g %% 11 + 1
"""


@pytest.fixture
def crowd(programme, store):
    """Fifty thousand members, written and counted by the database."""
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, {"programme": programme.pk, "store": store.pk})
        cursor.execute("ANALYZE members_member")


@pytest.fixture
def siv(programme):
    """Customer service."""
    return StaffFactory(
        programme=programme,
        name="Siv Holm",
        email="siv@example.com",
        role=Role.CUSTOMER_SERVICE,
    )


@pytest.fixture
def dag(programme):
    """The data-protection officer."""
    return StaffFactory(
        programme=programme,
        name="Dag Lund",
        email="dag@example.com",
        role=Role.DATA_PROTECTION_OFFICER,
    )

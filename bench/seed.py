"""A club for the bench: one store, one key, one rule, and as many members as asked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from bench import floor
from points.models import EarningRule
from stores.models import ApiKey, Programme, Store

STORE_CODE = "B1"


@dataclass(frozen=True, slots=True)
class Club:
    """What the clients need to know."""

    key: str
    members: int


def phone(number: int) -> str:
    """Return the mobile number of the nth member (a Swedish mobile range)."""
    return f"+4676{number % 10_000_000:07d}"


def make_club(now: datetime) -> Club:
    """Create programme, store, rule and key, and the floor's SQL function."""
    programme = Programme.objects.create(
        name="Bench", company_name="Bench AB", sms_countries=["SE"]
    )
    Store.objects.create(programme=programme, code=STORE_CODE, name="Bench")
    EarningRule.objects.create(
        programme=programme,
        version=1,
        status=EarningRule.Status.PUBLISHED,
        starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        points_per_unit=Decimal(1),
        expires_after_months=24,
        point_value=Decimal("0.10"),
        reward_points=500,
    )
    prefix, secret = f"sk_live_{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    ApiKey.objects.create(
        programme=programme,
        name="Bench",
        prefix=prefix,
        secret_hash=hashlib.sha256(secret.encode()).digest(),
        scopes=["receipts:write", "members:read"],
        created_at=now,
        expires_at=now + timedelta(days=30),
    )
    with connection.cursor() as cursor:
        cursor.execute(floor.FUNCTION)
    return Club(f"{prefix}_{secret}", 0)


# Names from short lists, so that a prefix finds many, as in life.
_MEMBERS = """
INSERT INTO members_member (public_id, programme_id, number, status, phone, email,
    first_name, last_name, language, source, registered_at, activated_at)
SELECT gen_random_uuid(), %(programme)s, lpad((400000000000 + n)::text, 12, '0'),
    'ACTIVE', '+4676' || lpad(n::text, 7, '0'), 'm' || n || '@example.com',
    (ARRAY['Anna','Erik','Maria','Lars','Karin','Johan','Eva','Nils','Ida','Sven'])
        [1 + n %% 10],
    (ARRAY['Lind','Berg','Holm','Dahl','Ek','Ström','Sjö','Ny','Åkesson','Öberg'])
        [1 + (n / 10) %% 10],
    'sv', 'IMPORT', now() - n * interval '10 seconds', now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""


def add_members(first: int, last: int) -> None:
    """Add members by number, with an account for each, and leave nothing to be tidied.

    A club grows to a million in years. Made in two minutes, its tables would be
    vacuumed and its pages written out while the answers are timed.
    """
    programme = Programme.objects.get().pk
    with connection.cursor() as cursor:
        for start in range(first, last + 1, 100_000):
            cursor.execute(
                _MEMBERS,
                {
                    "programme": programme,
                    "first": start,
                    "last": min(last, start + 99_999),
                },
            )
        cursor.execute(
            "INSERT INTO points_account"
            " (member_id, balance, earned_total, entries, changed_at)"
            " SELECT id, 0, 0, 0, now() FROM members_member ON CONFLICT DO NOTHING"
        )
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_has_role('pg_checkpoint', 'USAGE')")
        if cursor.fetchone() == (True,):
            cursor.execute("CHECKPOINT")

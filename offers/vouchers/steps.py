"""The steps by which points become vouchers, as receipts go by them too."""

from datetime import datetime

from django.db import connection

from members.models import Member
from points.terms import VoucherStep

# The very steps that receipts go by.
_STEPS = """
SELECT r.version, s.points, s.value, s.needs_purchase
FROM points_rule_at(%s, %s) r CROSS JOIN LATERAL offers_steps(r) s ORDER BY s.points
"""


def steps_at(member: Member, now: datetime) -> tuple[int, list[VoucherStep]]:
    """Return the number of the version in force and the steps now, smallest first.

    While worse terms run down they are the better ones of two versions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [member.programme_id, now])
        rows = cursor.fetchall()
    version = rows[0][0] if rows else 0
    return version, [VoucherStep(*step) for _version, *step in rows]


def step_of(
    *, points: int, version: int, rule_steps: tuple[int, list[VoucherStep]]
) -> VoucherStep | None:
    """Return the step of so many points, if the version is the one in force."""
    current, steps = rule_steps
    if version != current:
        return None
    return next((step for step in steps if step.points == points), None)

"""The steps by which points become vouchers, as receipts go by them too."""

from datetime import datetime

from django.db import connection

from members.models import Member
from points.models import EarningRule
from points.terms import VoucherStep


def steps_at(member: Member, now: datetime) -> tuple[int, list[VoucherStep]]:
    """Return the number of the version in force and its steps, smallest first."""
    row = (
        EarningRule.objects.filter(
            programme_id=member.programme_id,
            status=EarningRule.Status.PUBLISHED,
            starts_at__lte=now,
        )
        .order_by("-starts_at")
        .first()
    )
    if row is None:
        return 0, []
    with connection.cursor() as cursor:
        # The very steps that receipts go by.
        cursor.execute(
            "SELECT s.* FROM points_earningrule r, offers_steps(r) s"
            " WHERE r.id = %s ORDER BY s.points",
            [row.pk],
        )
        return row.version, [VoucherStep(*each) for each in cursor.fetchall()]


def step_of(
    *, points: int, version: int, rule_steps: tuple[int, list[VoucherStep]]
) -> VoucherStep | None:
    """Return the step of so many points, if the version is the one in force."""
    current, steps = rule_steps
    if version != current:
        return None
    return next((step for step in steps if step.points == points), None)

"""Publish a version of the earning rules."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from points.models import EarningRule

# A rule may not give more than this for one unit of currency: points are integers, and
# a wrong decimal point would be expensive.
MOST_POINTS_PER_UNIT = Decimal(100)


class RuleInvalid(ValueError):
    """Raised for a rule that cannot be published; the message says why."""


def publish_rule(*, rule: EarningRule, now: datetime) -> EarningRule:
    """Publish a draft; from its start on purchases earn by it. It never changes again.

    Raises:
        RuleInvalid: it is published already, starts in the past of another version, or
            gives amounts that nobody means.
    """
    with transaction.atomic():
        rule = EarningRule.objects.select_for_update().get(pk=rule.pk)
        _check_rule(rule, now)
        rule.status = EarningRule.Status.PUBLISHED
        rule.save(update_fields=["status"])
    return rule


def _check_rule(rule: EarningRule, now: datetime) -> None:
    if rule.status != EarningRule.Status.DRAFT:
        message = "The rule was published already."
        raise RuleInvalid(message)
    if rule.points_per_unit > MOST_POINTS_PER_UNIT:
        message = f"A rule gives at most {MOST_POINTS_PER_UNIT} points for a unit."
        raise RuleInvalid(message)
    published = EarningRule.objects.filter(
        programme_id=rule.programme_id, status=EarningRule.Status.PUBLISHED
    )
    last = published.aggregate(last=Max("starts_at"))["last"]
    # The first version may reach back: purchases from before the club began to count
    # are loaded by it. Later ones may not, for then two rules would claim one day.
    if last is not None and rule.starts_at <= max(last, now - timedelta(minutes=1)):
        message = "The rule must start after now and after the last published one."
        raise RuleInvalid(message)

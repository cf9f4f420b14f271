"""Earning rules for tests: one point per krona unless a test says otherwise."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from django.db.models import Max
from factory.django import DjangoModelFactory

from points.models import EarningRule
from points.services import publish_rule
from tests.factories.stores import ProgrammeFactory

RULES_SINCE = datetime(2024, 1, 1, tzinfo=UTC)


def _next_version(programme):
    newest = EarningRule.objects.filter(programme=programme).aggregate(Max("version"))
    return (newest["version__max"] or 0) + 1


class EarningRuleFactory(DjangoModelFactory):
    """A draft; `published=True` publishes it as a marketer does."""

    class Meta:
        model = EarningRule
        skip_postgeneration_save = True

    programme = factory.SubFactory(ProgrammeFactory)
    # Never a sequence over all programmes: it would meet a version that a test names.
    version = factory.LazyAttribute(lambda rule: _next_version(rule.programme))
    starts_at = RULES_SINCE
    points_per_unit = Decimal(1)
    point_value = Decimal("0.10")
    reward_points = 500
    expires_after_months = 24

    @classmethod
    def _create(cls, model_class, *args, published=False, **kw):
        rule = super()._create(model_class, *args, **kw)
        if published:
            rule = publish_rule(rule=rule, now=rule.starts_at)
        return rule

"""What tests of replays share: drafts, and a worker that works until all is done."""

from datetime import UTC, datetime

from points.models import EarningRule
from purchases.replay import services, work
from purchases.replay.models import Replay
from tests.factories.points import EarningRuleFactory


def now():
    return datetime.now(UTC)


def never():
    """A worker's time that is not over."""
    return False


def draft_of(rule, **changes):
    """A draft that says what a version says, but for the changes."""
    said = {
        name: getattr(rule, name)
        for name in (
            "points_per_unit",
            "excluded_groups",
            "expires_after_months",
            "point_value",
            "reward_points",
            "terms",
        )
    }
    return EarningRuleFactory(
        programme=rule.programme,
        status=EarningRule.Status.DRAFT,
        starts_at=now(),
        **{**said, **changes},
    )


def ask(draft, months=12, staff=None):
    """Ask for a replay, as a person does."""
    return services.start_replay(rule=draft, months=months, staff=staff, now=now())


def tried(draft, months=12, staff=None):
    """Return a replay of a draft that a worker has worked off."""
    replay = ask(draft, months, staff)
    work.run(clock=now, is_over=never)
    return Replay.objects.get(pk=replay.pk)

"""Reading replays: the latest of a version, and whether it still says the truth."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from points.models import EarningRule
from points.programme.looking import Look
from points.selectors import find_rule
from purchases.replay import words
from purchases.replay.models import Replay

State = Replay.State


@dataclass(frozen=True, slots=True)
class Impact:
    """A finished replay that holds for a version as it is now."""

    replay: Replay
    # Members who have a voucher or a level by today that the version takes away; None
    # where they are fewer than are shown.
    rights_lost: int | None


def digest_of(rule: EarningRule) -> bytes:
    """Return a mark of what a version says; its title and its dates are left out."""
    content = {
        "points_per_unit": str(rule.points_per_unit.normalize()),
        "excluded_groups": sorted(rule.excluded_groups),
        "expires_after_months": rule.expires_after_months,
        "point_value": str(rule.point_value.normalize()),
        "reward_points": rule.reward_points,
        "terms": rule.terms,
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def newest_of(rule: EarningRule) -> Replay | None:
    """Return the newest replay of a version, whatever became of it."""
    return (
        Replay.objects.filter(programme_id=rule.programme_id, rule=rule)
        .select_related("programme", "rule__programme", "beside", "started_by")
        .order_by("-asked_at", "-pk")
        .first()
    )


def find_running(programme_id: int) -> Replay | None:
    """Return the programme's replay that is under way, if there is one."""
    return (
        Replay.objects.filter(
            programme_id=programme_id, state__in=[State.WAITING, State.RUNNING]
        )
        .select_related("rule")
        .first()
    )


def is_outdated(replay: Replay, *, rule: EarningRule, now: datetime) -> bool:
    """Tell whether the version, or the one in force, has changed since.

    Or the months: what was replayed does not reach into the month that it is now.
    """
    today = now.astimezone(rule.programme.zone).date()
    if bytes(replay.digest) != digest_of(rule) or replay.until_month <= today:
        return True
    if rule.status == EarningRule.Status.PUBLISHED and rule.starts_at <= now:
        # It came into force: beside what was before it, the replay stays what it was.
        return False
    in_force = find_rule(programme_id=rule.programme_id, at=now)
    return (in_force.id if in_force else None) != replay.beside_id


def look_of(rule: EarningRule, now: datetime) -> Look | None:
    """Say who would lose what they have by a version, where it was tried as it is."""
    impact = latest_for(rule, now=now)
    return None if impact is None else Look(words.rights(impact.rights_lost))


def latest_for(rule: EarningRule, *, now: datetime) -> Impact | None:
    """Return what the newest finished replay says of a version as it is now, if any."""
    replay = (
        Replay.objects.filter(
            programme_id=rule.programme_id, rule=rule, state=State.DONE
        )
        .order_by("-ended_at", "-pk")
        .first()
    )
    if replay is None or is_outdated(replay, rule=rule, now=now):
        return None
    return Impact(replay, replay.result["rights"]["members"])

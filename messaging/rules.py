"""When SMS to strangers look like somebody earns on them."""

from dataclasses import dataclass
from datetime import timedelta

# THE BREAKER: people open the link that they asked for; who pumps SMS does not.
# By then most who will answer have done so.
FAIR_TIME = timedelta(minutes=15)
# How many of the last ones are looked at, and which share must have been answered.
LOOKED_AT = 100
LEAST_ANSWERED_PERCENT = 40
# Who asks slowly is stopped sooner when nearly nobody answers. Where four in ten do,
# less than two of twenty do so once in two thousand times.
NEARLY_NONE_AT = 20
NEARLY_NONE_PERCENT = 10
# How many may be out unanswered before the first can be judged: a burst is over sooner.
WAITING_FLOOR = 100
# What is older does not count, so that sending begins again by itself.
STRANGERS_REMEMBERED = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class StrangerTraffic:
    """What became of SMS that strangers asked for on public pages."""

    # Of the last hundred that have had their fair time: how many, how many answered.
    judged: int
    judged_answered: int
    # Sent within the fair time.
    answered: int
    waiting: int


def is_pumped(traffic: StrangerTraffic) -> bool:
    """Tell whether SMS to strangers must stop."""
    too_few = any(
        traffic.judged >= enough
        and traffic.judged_answered * 100 < traffic.judged * percent
        for enough, percent in (
            (LOOKED_AT, LEAST_ANSWERED_PERCENT),
            (NEARLY_NONE_AT, NEARLY_NONE_PERCENT),
        )
    )
    # A rush of people who answer may have more out than a quiet hour.
    return too_few or traffic.waiting >= WAITING_FLOOR + traffic.answered

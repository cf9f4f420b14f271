"""Every rule of a version in one plain sentence, made from the rule itself.

`of_version` says all of it in the active language; each `of_...` says one part. A
sentence carries the facts it says, so that a test can let them be the only thing an
independent reckoning knows. What no sentence fits raises `Unsayable`, and a rule that
cannot be said cannot be published.
"""

from points.programme.sentences.actions import of_action
from points.programme.sentences.earning import (
    of_base,
    of_currencies,
    of_earning,
    of_exclusions,
    of_rounding,
)
from points.programme.sentences.ladder import of_ladder, of_tier
from points.programme.sentences.lapsing import of_expiry, of_pending, of_returns
from points.programme.sentences.multipliers import of_multiplier, of_stacking
from points.programme.sentences.names import Names, Place
from points.programme.sentences.saying import Kind, Sentence, Unsayable
from points.programme.sentences.version import faults_of, of_version, what_can_be_said
from points.programme.sentences.vouchers import of_steps, of_vouchers, of_worth

__all__ = [
    "Kind",
    "Names",
    "Place",
    "Sentence",
    "Unsayable",
    "faults_of",
    "of_action",
    "of_base",
    "of_currencies",
    "of_earning",
    "of_exclusions",
    "of_expiry",
    "of_ladder",
    "of_multiplier",
    "of_pending",
    "of_returns",
    "of_rounding",
    "of_stacking",
    "of_steps",
    "of_tier",
    "of_version",
    "of_vouchers",
    "of_worth",
    "what_can_be_said",
]

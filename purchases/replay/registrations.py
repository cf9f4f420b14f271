"""What replays hand to the rooms below: a panel of a version, who asked for it."""

from django.utils.translation import gettext_lazy as _

from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
)
from consent.registry import (
    register as register_data,
)
from points.programme import looking, panels
from purchases.replay import selectors
from purchases.replay.models import Replay, ReplayPart

_WORK = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    panels.register(_("Impact on past purchases"), "purchases:replay-panel", order=30)
    looking.register(selectors.look_of)
    register_data(
        Replay,
        {
            **each(_WORK, "id", "public_id", "programme", "rule", "digest", "beside"),
            **each(_WORK, "from_month", "until_month", "used_share", "state", "done"),
            **each(_WORK, "total", "failure", "result", "started_by", "asked_at"),
            **each(_WORK, "begun_at", "ended_at"),
        },
    )
    register_data(
        ReplayPart,
        {
            **each(_WORK, "id", "replay", "number", "first_member", "after_member"),
            **each(_WORK, "receipts", "attempts", "sums"),
        },
    )

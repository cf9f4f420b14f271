"""Turn points into vouchers in bulk: what `offers_turn_points` does, by COPY.

For loaders. Takes members of whom nothing out of the ordinary is on record: nothing
held, reserved, waiting or lapsed. Others' points go through the function; a test turns
the same points both ways and finds vouchers, ledgers and timelines identical.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from common.copying import copy_rows, draw_ids, draw_public_ids
from common.periods import local_day, start_of_day
from points.bulk import Earnings
from points.terms import VoucherMode

# The very version and steps that receipts go by.
_RULE = """
SELECT r.id, r.terms->'vouchers'->>'mode',
    COALESCE((r.terms->'vouchers'->>'valid_days')::integer, 90),
    COALESCE((r.terms->'vouchers'->>'grace_days')::integer, 14)
FROM points_rule_at(%s, %s) r
"""
_STEPS = """
SELECT s.points, s.value::text, s.needs_purchase
FROM points_rule_at(%s, %s) r, offers_steps(r) s ORDER BY s.points DESC
"""
_FREE = """
SELECT id FROM members_member
WHERE id = ANY(%s) AND status IN ('PENDING', 'ACTIVE')
    AND (held_until IS NULL OR held_until <= %s)
"""
_VOUCHER = (
    "id public_id programme_id member_id code kind value worth currency goods texts "
    "needs_purchase origin points entry_id rule_id caused_by status issued_at "
    "valid_from expires_at grace_days grace_until reactivations reserved_key"
).split()
_LOG = (
    "voucher_id member_id kind at recorded_at value receipt store_id reason"
).split()
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Club:
    """What vouchers need to know of a club."""

    programme_id: int
    currency: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Bought:
    """The purchase that points became a voucher with."""

    member: int
    receipt: str
    store: int


@dataclass(frozen=True, slots=True)
class _Step:
    points: int
    value: str
    needs_purchase: bool


@dataclass(slots=True)
class _Voucher:
    """A voucher's row before and after the id of the spend, which `place` tells."""

    head: str
    place: int
    tail: str
    log: str


class Steps:
    """How points become vouchers by themselves at a moment; without steps, not at all.

    With the days of vouchers that are issued then, as COPY takes them.
    """

    def __init__(self, club: Club, now: datetime) -> None:
        self.club = club
        self.now = now
        self.rule = 0
        self.steps: list[_Step] = []
        self.days = ""
        found = _rows(_RULE, [club.programme_id, now])
        if not found or found[0][1] != VoucherMode.AUTOMATIC:
            return
        self.rule, _mode, valid, grace = found[0]
        steps = _rows(_STEPS, [club.programme_id, now])
        self.steps = [_Step(*step) for step in steps]
        today = local_day(now, club.zone)
        self.days = "\t".join(
            (
                self._begins(today, 0),
                self._begins(today, valid + 1),
                str(grace),
                self._begins(today, valid + grace + 1),
            )
        )

    def _begins(self, day: date, days: int) -> str:
        """Return when the club's day begins that is so many days later."""
        return start_of_day(day + timedelta(days=days), self.club.zone).isoformat()

    @property
    def least(self) -> int | None:
        """Return from how many points on a voucher is made; None where none is."""
        return self.steps[-1].points if self.steps else None


@dataclass(slots=True)
class Turning:
    """The vouchers of one transaction: read once, turn in order, write once.

    `events` takes each event's row. `write` comes after that of the earnings, whose
    entries the vouchers name.
    """

    steps: Steps
    earnings: Earnings
    events: Callable[[str], None]
    _ready: set[int] = field(default_factory=set)
    _vouchers: list[_Voucher] = field(default_factory=list)
    _now: str = field(init=False)

    def __post_init__(self) -> None:
        self._now = self.steps.now.isoformat()

    def read(self, members: Collection[int]) -> None:
        """Read what locked members can use, and whose points can be turned here."""
        if members and self.steps.steps:
            free = _rows(_FREE, [list(members), self.steps.now])
            self._ready = self.earnings.let_spend(row[0] for row in free)

    def takes(self, member: int) -> bool:
        """Tell whether a member's points can be turned here."""
        return member in self._ready

    def turn(self, bought: Bought) -> None:
        """Turn points into vouchers: the largest step there is, again and again."""
        while True:
            usable = self.earnings.usable(bought.member)
            steps = self.steps.steps
            step = next((each for each in steps if each.points <= usable), None)
            if step is None:
                return
            self._issue(bought, step)

    def _issue(self, bought: Bought, step: _Step) -> None:
        """Spend points for a voucher, as `points_post` and `offers_issue` do."""
        id_, entry, event = draw_public_ids(3)
        member, now, value = bought.member, self._now, step.value
        place = self.earnings.spend(
            member=member,
            points=step.points,
            key=f"voucher:{id_}",
            rule=self.steps.rule,
            source=("voucher", id_),
            public_id=entry,
        )
        club = self.steps.club
        self._vouchers.append(
            _Voucher(
                head=f"{id_}\t{club.programme_id}\t{member}\t{new_code()}\tMONEY\t"
                f"{value}\t{value}\t{club.currency}\t{{}}\t{{}}\t"
                f"{step.needs_purchase:d}\tPOINTS\t{step.points}",
                place=place,
                tail=f"{self.steps.rule}\t{bought.receipt}\tISSUED\t{now}\t"
                f"{self.steps.days}\t0\t\n",
                log=f"{member}\tISSUED\t{now}\t{now}\t{value}\t{bought.receipt}\t"
                f"{bought.store}\t\n",
            )
        )
        # As in offers_event_data.
        self.events(
            f"{event}\t{member}\toffers.voucher_issued\t{now}\t{now}\t"
            f'{{"value": "{value}", "currency": "{club.currency}", "kind": "MONEY", '
            f'"origin": "POINTS", "texts": {{}}, "points": {step.points}}}\t'
            f"voucher\t{id_}\n"
        )

    def write(self) -> None:
        """Write the vouchers with their log."""
        ids = draw_ids("offers_voucher", len(self._vouchers))
        rows = list(zip(ids, self._vouchers, strict=True))
        copy_rows(
            "offers_voucher",
            _VOUCHER,
            [
                f"{id_}\t{each.head}\t{self.earnings.entry_id(each.place)}\t{each.tail}"
                for id_, each in rows
            ],
        )
        copy_rows(
            "offers_voucherevent", _LOG, [f"{id_}\t{each.log}" for id_, each in rows]
        )


def new_code() -> str:
    """Return a code as `offers_new_code` makes them: twelve signs of five bits."""
    return "".join(_SIGNS[each & 31] for each in secrets.token_bytes(12))


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())

"""Post earnings in bulk: what `points_post` does for one, by COPY for thousands.

For loaders. Takes the one case that can be counted ahead without looking at lots:
earnings of members who owe nothing. Whatever is rarer goes through `points_post`; a
test posts the same receipts both ways and finds the ledgers identical.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from common.copying import copy_rows, draw_ids
from points.models import Entry

_LOCK = """
SELECT member_id, balance, owed FROM points_account
WHERE member_id = ANY(%s) ORDER BY member_id FOR UPDATE
"""
_RAISE = """
UPDATE points_account a SET balance = a.balance + n.points,
    pending = a.pending + n.pending,
    earned_total = a.earned_total + n.points, entries = a.entries + n.entries,
    changed_at = GREATEST(a.changed_at, %s)
FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::integer[])
    AS n (member_id, points, entries, pending)
WHERE a.member_id = n.member_id
"""
# An account that somebody else opens meanwhile makes this fail: the caller's batch is
# undone and tried again.
_OPEN = """
INSERT INTO points_account
    (member_id, balance, pending, earned_total, entries, changed_at)
SELECT n.member_id, n.points, n.pending, n.points, n.entries, %s
FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::integer[])
    AS n (member_id, points, entries, pending)
"""
_ENTRY = (
    "id public_id member_id kind points balance_after at posted_at key rule_id "
    "source_type source_id reason"
).split()
_LOT = ("entry_id member_id points remaining active_from expires_at is_pending").split()


class OwesPoints(Exception):
    """Raised for an earning of a member in debt: that is for `points_post`."""


@dataclass(slots=True)
class Earnings:
    """The earnings of one transaction: lock once, add in order, write once."""

    now: datetime
    _balances: dict[int, int] = field(default_factory=dict)
    _owing: set[int] = field(default_factory=set)
    _stored: set[int] = field(default_factory=set)
    _added: dict[int, list[int]] = field(default_factory=dict)
    _rows: list[tuple[str, str]] = field(default_factory=list)
    _posted: str = field(init=False)

    def __post_init__(self) -> None:
        self._posted = self.now.isoformat()

    def lock(self, members: Collection[int]) -> None:
        """Lock the accounts of members until the end of the transaction."""
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [sorted(members)])
            for member, balance, owed in cursor.fetchall():
                self._balances[member] = balance
                self._stored.add(member)
                if owed:
                    self._owing.add(member)

    def balance(self, member: int) -> int:
        """Return what a locked member has, with the earnings so far."""
        return self._balances.get(member, 0)

    def owes(self, member: int) -> bool:
        """Return whether a locked member's next points pay a debt."""
        return member in self._owing

    def add(
        self,
        *,
        member: int,
        points: int,
        at: str,
        key: str,
        rule: int,
        source: tuple[str, str],
        public_id: str,
        expires_at: str,
        active_from: str = "",
        is_pending: bool = False,
    ) -> int:
        """Add an earning of a locked member; return the balance after it.

        `at`, `expires_at` and `active_from` are moments as COPY takes them; `source` is
        a type and a public id. Points wait, `is_pending`, when the day they can be used
        from is still to come at the moment of posting.

        Raises:
            OwesPoints: the member's next points pay a debt.
        """
        if self.owes(member):
            raise OwesPoints
        self._balances[member] = balance = self.balance(member) + points
        added = self._added.setdefault(member, [0, 0, 0])
        added[0] += points
        added[1] += 1
        if is_pending:
            added[2] += points
        self._rows.append(
            (
                f"{public_id}\t{member}\t{Entry.Kind.EARN.value}\t{points}\t{balance}\t"
                f"{at}\t{self._posted}\t{key}\t{rule}\t{source[0]}\t{source[1]}"
                "\t\n",
                f"{member}\t{points}\t{points}\t{active_from or at}\t{expires_at}\t"
                f"{is_pending:d}\n",
            )
        )
        return balance

    def write(self) -> None:
        """Write what was added: entries, their lots, and the accounts."""
        ids = draw_ids("points_entry", len(self._rows))
        rows = list(zip(ids, self._rows, strict=True))
        copy_rows("points_entry", _ENTRY, [f"{id_}\t{row[0]}" for id_, row in rows])
        copy_rows("points_lot", _LOT, [f"{id_}\t{row[1]}" for id_, row in rows])
        self._write_accounts(_RAISE, self._added.keys() & self._stored)
        self._write_accounts(_OPEN, self._added.keys() - self._stored)

    def _write_accounts(self, statement: str, members: Collection[int]) -> None:
        if members:
            ordered = sorted(members)
            points = [self._added[member][0] for member in ordered]
            entries = [self._added[member][1] for member in ordered]
            pending = [self._added[member][2] for member in ordered]
            with connection.cursor() as cursor:
                cursor.execute(statement, [self.now, ordered, points, entries, pending])

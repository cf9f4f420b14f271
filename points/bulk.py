"""Post earnings in bulk: what `points_post` does for one, by COPY for thousands.

For loaders. Takes what can be counted ahead: earnings of members who owe nothing, and
what is spent by those of whom nothing is reserved, waits or has lapsed. Whatever is
rarer goes through `points_post`; a test posts the same receipts both ways and finds the
ledgers identical.
"""

from bisect import insort
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection

from common.copying import copy_rows, draw_ids
from points.models import Entry

_LOCK = """
SELECT member_id, balance, owed, pending = 0 AND reserved = 0 AND owed = 0
FROM points_account
WHERE member_id = ANY(%s) ORDER BY member_id FOR UPDATE
"""
_OPEN_LOTS = """
SELECT member_id, entry_id, remaining, expires_at FROM points_lot
WHERE member_id = ANY(%s) AND remaining > 0
"""
_LOWER = """
UPDATE points_lot l SET remaining = n.remaining
FROM unnest(%s::bigint[], %s::integer[]) AS n (entry_id, remaining)
WHERE l.entry_id = n.entry_id
"""
_RAISE = """
UPDATE points_account a SET balance = a.balance + n.points,
    pending = a.pending + n.pending,
    earned_total = a.earned_total + n.earned, entries = a.entries + n.entries,
    changed_at = GREATEST(a.changed_at, %s)
FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::integer[], %s::integer[])
    AS n (member_id, points, earned, entries, pending)
WHERE a.member_id = n.member_id
"""
# An account that somebody else opens meanwhile makes this fail: the caller's batch is
# undone and tried again.
_OPEN = """
INSERT INTO points_account
    (member_id, balance, pending, earned_total, entries, changed_at)
SELECT n.member_id, n.points, n.pending, n.earned, n.entries, %s
FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::integer[], %s::integer[])
    AS n (member_id, points, earned, entries, pending)
"""
_ENTRY = (
    "id public_id member_id kind points balance_after at posted_at key rule_id "
    "source_type source_id reason"
).split()
_LOT = ("entry_id member_id points remaining active_from expires_at is_pending").split()
_USE = "member_id entry_id lot_id points".split()
_NEVER = datetime.max.replace(tzinfo=UTC)


class OwesPoints(Exception):
    """Raised for an earning of a member in debt: that is for `points_post`."""


class NotSpendable(Exception):
    """Raised for spending that cannot be counted ahead, or more than there is."""


@dataclass(slots=True, eq=False)
class _Lot:
    """A lot that may be spent of. One of this transaction has no `entry` yet."""

    member: int
    remaining: int
    expires_at: datetime
    # The lots' order by age: those of this transaction are younger than any other.
    age: tuple[bool, int]
    entry: int = 0
    # Of a new one: what its row says before and after what is left of it.
    row: tuple[str, str] = ("", "")

    @property
    def place(self) -> tuple[datetime, tuple[bool, int]]:
        """Return by what lots are spent: what expires first, then the oldest."""
        return self.expires_at, self.age


@dataclass(slots=True)
class _Added:
    """What a transaction changes of an account."""

    points: int = 0
    earned: int = 0
    entries: int = 0
    pending: int = 0


@dataclass(slots=True)
class Earnings:
    """The entries of one transaction: lock once, add in order, write once."""

    now: datetime
    _balances: dict[int, int] = field(default_factory=dict)
    _owing: set[int] = field(default_factory=set)
    _stored: set[int] = field(default_factory=set)
    _unsteady: set[int] = field(default_factory=set)
    _added: dict[int, _Added] = field(default_factory=dict)
    # The open lots of those who may spend.
    _open: dict[int, list[_Lot]] = field(default_factory=dict)
    # Each entry with its lot, if it opens one: as text, unless it may be spent of.
    _rows: list[tuple[str, str | _Lot | None]] = field(default_factory=list)
    # Which entry took how many points of which lot.
    _uses: list[tuple[int, _Lot, int]] = field(default_factory=list)
    _ids: list[int] = field(default_factory=list)
    _posted: str = field(init=False)

    def __post_init__(self) -> None:
        self._posted = self.now.isoformat()

    def lock(self, members: Collection[int]) -> None:
        """Lock the accounts of members until the end of the transaction."""
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [sorted(members)])
            for member, balance, owed, is_steady in cursor.fetchall():
                self._balances[member] = balance
                self._stored.add(member)
                if owed:
                    self._owing.add(member)
                if not is_steady:
                    self._unsteady.add(member)

    def let_spend(self, members: Iterable[int]) -> set[int]:
        """Read what locked members can spend; return those for whom that is plain.

        Of the others something is reserved, waits, is owed or has lapsed.
        """
        found: dict[int, list[_Lot]] = {
            member: [] for member in members if member not in self._unsteady
        }
        with connection.cursor() as cursor:
            cursor.execute(_OPEN_LOTS, [list(found)])
            for member, entry, remaining, expires_at in cursor.fetchall():
                expires_at = expires_at or _NEVER
                if expires_at <= self.now:
                    found.pop(member, None)
                elif member in found:
                    lot = _Lot(member, remaining, expires_at, (False, entry), entry)
                    insort(found[member], lot, key=_by_place)
        self._open.update(found)
        return set(found)

    def balance(self, member: int) -> int:
        """Return what a locked member has, with the entries so far."""
        return self._balances.get(member, 0)

    def usable(self, member: int) -> int:
        """Return what a member who may spend can use."""
        added = self._added.get(member)
        return self.balance(member) - (added.pending if added else 0)

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
        expires_at: datetime | None,
        expires_text: str,
        active_from: str = "",
        is_pending: bool = False,
    ) -> int:
        """Add an earning of a locked member; return the balance after it.

        `at`, `expires_text` and `active_from` are moments as COPY takes them; `source`
        is a type and a public id. Points wait, `is_pending`, when the day they can be
        used from is still to come at the moment of posting.

        Raises:
            OwesPoints: the member's next points pay a debt.
        """
        if self.owes(member):
            raise OwesPoints
        balance = self._enter(member, points, points)
        if is_pending:
            self._added[member].pending += points
        end = f"{active_from or at}\t{expires_text}\t{is_pending:d}\n"
        lot: str | _Lot = f"{member}\t{points}\t{points}\t{end}"
        if member in self._open and not is_pending:
            lot = _Lot(
                member,
                points,
                expires_at or _NEVER,
                (True, len(self._rows)),
                row=(f"{member}\t{points}", end),
            )
            insort(self._open[member], lot, key=_by_place)
        self._rows.append(
            (
                f"{public_id}\t{member}\t{Entry.Kind.EARN.value}\t{points}\t{balance}\t"
                f"{at}\t{self._posted}\t{key}\t{rule}\t{source[0]}\t{source[1]}"
                "\t\n",
                lot,
            )
        )
        return balance

    def spend(
        self,
        *,
        member: int,
        points: int,
        key: str,
        rule: int,
        source: tuple[str, str],
        public_id: str,
    ) -> int:
        """Spend points of a member who may; return the entry's place, see `entry_id`.

        Raises:
            NotSpendable: what the member can spend was not read, or is less.
        """
        if member not in self._open or points > self.usable(member):
            raise NotSpendable
        balance = self._enter(member, -points, 0)
        place = len(self._rows)
        self._rows.append(
            (
                f"{public_id}\t{member}\t{Entry.Kind.SPEND.value}\t{-points}\t{balance}"
                f"\t{self._posted}\t{self._posted}\t{key}\t{rule}\t{source[0]}\t"
                f"{source[1]}\t\n",
                None,
            )
        )
        lots = self._open[member]
        while points:
            lot = lots[0]
            taken = min(lot.remaining, points)
            lot.remaining -= taken
            points -= taken
            self._uses.append((place, lot, taken))
            if not lot.remaining:
                del lots[0]
        return place

    def _enter(self, member: int, points: int, earned: int) -> int:
        """Count an entry; return the balance after it."""
        self._balances[member] = balance = self.balance(member) + points
        added = self._added.get(member)
        if added is None:
            added = self._added[member] = _Added()
        added.points += points
        added.earned += earned
        added.entries += 1
        return balance

    def entry_id(self, place: int) -> int:
        """Return the id of an entry that was written."""
        return self._ids[place]

    def write(self) -> None:
        """Write what was added: entries, their lots, what they used, the accounts."""
        self._ids = draw_ids("points_entry", len(self._rows))
        entries: list[str] = []
        lots: list[str] = []
        for id_, (entry, lot) in zip(self._ids, self._rows, strict=True):
            entries.append(f"{id_}\t{entry}")
            if isinstance(lot, _Lot):
                lot.entry = id_
                lots.append(f"{id_}\t{lot.row[0]}\t{lot.remaining}\t{lot.row[1]}")
            elif lot is not None:
                lots.append(f"{id_}\t{lot}")
        copy_rows("points_entry", _ENTRY, entries)
        copy_rows("points_lot", _LOT, lots)
        copy_rows(
            "points_lotuse",
            _USE,
            [
                f"{lot.member}\t{self._ids[place]}\t{lot.entry}\t{taken}\n"
                for place, lot, taken in self._uses
            ],
        )
        lowered = {
            lot.entry: lot.remaining
            for _place, lot, _taken in self._uses
            if not lot.age[0]
        }
        if lowered:
            with connection.cursor() as cursor:
                cursor.execute(_LOWER, [list(lowered), list(lowered.values())])
        self._write_accounts(_RAISE, self._added.keys() & self._stored)
        self._write_accounts(_OPEN, self._added.keys() - self._stored)

    def _write_accounts(self, statement: str, members: Collection[int]) -> None:
        if members:
            ordered = sorted(members)
            added = [self._added[member] for member in ordered]
            columns = [
                [each.points for each in added],
                [each.earned for each in added],
                [each.entries for each in added],
                [each.pending for each in added],
            ]
            with connection.cursor() as cursor:
                cursor.execute(statement, [self.now, ordered, *columns])


def _by_place(lot: _Lot) -> tuple[datetime, tuple[bool, int]]:
    return lot.place

"""Post to the ledger in bulk: the arithmetic of `points_post`, written by COPY.

For loaders that post tens of thousands of entries in one transaction. What a member has
is read under the same row lock as in `points_post`; a test posts the same receipts both
ways and finds the ledgers identical.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from common.copying import NULL, copy_rows, draw_ids
from points.models import Entry

_ACCOUNTS = """
SELECT member_id, balance, earned_total, entries FROM points_account
WHERE member_id = ANY(%s) ORDER BY member_id FOR UPDATE
"""
_OPEN_LOTS = """
SELECT entry_id, remaining, expires_at FROM points_lot
WHERE member_id = %s AND remaining > 0
"""
_DEBTS = """
SELECT id, owed FROM (
    SELECT e.id, -e.points - COALESCE(
        (SELECT sum(u.points) FROM points_lotuse u WHERE u.entry_id = e.id), 0
    )::integer AS owed
    FROM points_entry e WHERE e.member_id = %s AND e.points < 0
) debts WHERE owed > 0
"""
_NEW_ACCOUNTS = """
INSERT INTO points_account (member_id, balance, earned_total, entries, changed_at)
SELECT *, %s FROM unnest(%s::bigint[], %s::integer[], %s::bigint[], %s::integer[])
"""
_CHANGED_ACCOUNTS = """
UPDATE points_account a SET balance = n.balance, earned_total = n.earned,
    entries = n.entries, changed_at = GREATEST(a.changed_at, %s)
FROM unnest(%s::bigint[], %s::integer[], %s::bigint[], %s::integer[])
    AS n (member_id, balance, earned, entries)
WHERE a.member_id = n.member_id
"""
_CHANGED_LOTS = """
UPDATE points_lot l SET remaining = n.remaining
FROM unnest(%s::bigint[], %s::integer[]) AS n (entry_id, remaining)
WHERE l.entry_id = n.entry_id
"""
_ENTRY = (
    "id public_id member_id kind points balance_after at posted_at key rule_id "
    "reverses_id source_type source_id reason"
).split()
_LOT = "entry_id member_id points remaining active_from expires_at".split()
_LOT_USE = "member_id entry_id lot_id points".split()


@dataclass(slots=True)
class _Lot:
    entry_id: int
    points: int
    remaining: int
    active_from: str
    expires_at: datetime | None
    is_new: bool


@dataclass(slots=True)
class _Account:
    balance: int = 0
    earned: int = 0
    entries: int = 0
    is_new: bool = True
    is_changed: bool = False
    # The open lots and debts; None while the stored ones have not been needed.
    lots: list[_Lot] | None = None
    debts: list[list[int]] | None = None
    new_lots: list[_Lot] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """The postings of one transaction: lock, post in order, write once.

    Takes earnings and reversals, which a balance never forbids.
    """

    now: datetime
    _accounts: dict[int, _Account] = field(default_factory=dict)
    _ids: list[int] = field(default_factory=list)
    _entries: list[str] = field(default_factory=list)
    _uses: list[str] = field(default_factory=list)
    _touched: dict[int, _Lot] = field(default_factory=dict)

    def lock(self, members: Collection[int], *, entries: int) -> None:
        """Lock the accounts of members, and draw ids for at most so many entries."""
        with connection.cursor() as cursor:
            cursor.execute(_ACCOUNTS, [list(members)])
            for member, balance, earned, count in cursor.fetchall():
                self._accounts[member] = _Account(balance, earned, count, is_new=False)
        for member in members:
            self._accounts.setdefault(member, _Account())
        self._ids = draw_ids("points_entry", entries)[::-1]

    def balance(self, member: int) -> int:
        """Return what a locked member has, after the postings so far."""
        return self._accounts[member].balance

    def earn(
        self,
        *,
        member: int,
        points: int,
        at: str,
        key: str,
        rule: int | None,
        source: tuple[str, str],
        public_id: str,
        expires_at: datetime | None,
    ) -> tuple[int, int]:
        """Post an earning; return the entry's id and the balance after it.

        `at` is the moment as COPY takes it; `source` a type and a public id.
        """
        account = self._accounts[member]
        had = account.balance
        account.earned += points
        entry = self._enter(
            account, member, Entry.Kind.EARN, points, at, key, rule, None, source,
            public_id,
        )
        lot = _Lot(entry, points, points, at, expires_at, is_new=True)
        if had < 0:
            self._pay_debts(account, member, lot)
        account.new_lots.append(lot)
        if account.lots is not None:
            account.lots.append(lot)
        return entry, account.balance

    def reverse(
        self,
        *,
        member: int,
        points: int,
        at: str,
        key: str,
        rule: int | None,
        reverses: int | None,
        source: tuple[str, str],
        public_id: str,
    ) -> tuple[int, int]:
        """Post a reversal of so many points (given as a positive number).

        Takes them from the reversed earning's lot first, then oldest expiry first; what
        the lots do not hold stays as debt.
        """
        account = self._accounts[member]
        lots = self._open_lots(account, member)
        debts = self._open_debts(account, member)
        entry = self._enter(
            account, member, Entry.Kind.REVERSE, -points, at, key, rule, reverses,
            source, public_id,
        )
        need = points
        for lot in sorted(lots, key=lambda lot: _turn(lot, reverses)):
            taken = min(lot.remaining, need)
            if taken:
                self._use(member, entry, lot, taken)
                need -= taken
        if need:
            debts.append([entry, need])
        return entry, account.balance

    def write(self) -> None:
        """Write everything that was posted."""
        copy_rows("points_entry", _ENTRY, self._entries)
        copy_rows(
            "points_lot",
            _LOT,
            (
                f"{lot.entry_id}\t{member}\t{lot.points}\t{lot.remaining}\t"
                f"{lot.active_from}\t"
                f"{lot.expires_at.isoformat() if lot.expires_at else NULL}\n"
                for member, account in self._accounts.items()
                for lot in account.new_lots
            ),
        )
        copy_rows("points_lotuse", _LOT_USE, self._uses)
        with connection.cursor() as cursor:
            stored = [lot for lot in self._touched.values() if not lot.is_new]
            if stored:
                ids = [lot.entry_id for lot in stored]
                left = [lot.remaining for lot in stored]
                cursor.execute(_CHANGED_LOTS, [ids, left])
            for statement, is_new in ((_NEW_ACCOUNTS, True), (_CHANGED_ACCOUNTS, False)):
                rows = self._account_rows(is_new)
                if rows:
                    columns = [list(column) for column in zip(*rows, strict=True)]
                    cursor.execute(statement, [self.now, *columns])

    def _account_rows(self, is_new: bool) -> list[tuple[int, int, int, int]]:
        return [
            (member, account.balance, account.earned, account.entries)
            for member, account in self._accounts.items()
            if account.is_changed and account.is_new == is_new
        ]

    def _enter(
        self,
        account: _Account,
        member: int,
        kind: str,
        points: int,
        at: str,
        key: str,
        rule: int | None,
        reverses: int | None,
        source: tuple[str, str],
        public_id: str,
    ) -> int:
        entry = self._ids.pop()
        account.balance += points
        account.entries += 1
        account.is_changed = True
        source_type, source_id = source
        self._entries.append(
            f"{entry}\t{public_id}\t{member}\t{kind}\t{points}\t{account.balance}\t{at}"
            f"\t{self.now.isoformat()}\t{key}\t{NULL if rule is None else rule}\t"
            f"{NULL if reverses is None else reverses}\t{source_type}\t{source_id}\t\n"
        )
        return entry

    def _pay_debts(self, account: _Account, member: int, lot: _Lot) -> None:
        """Pay older debt out of a new lot, as `points_pay_debt` does."""
        debts = self._open_debts(account, member)
        while debts and lot.remaining:
            debt = debts[0]
            paid = min(debt[1], lot.remaining)
            self._use(member, debt[0], lot, paid)
            debt[1] -= paid
            if not debt[1]:
                debts.pop(0)

    def _use(self, member: int, entry: int, lot: _Lot, points: int) -> None:
        lot.remaining -= points
        self._touched[lot.entry_id] = lot
        self._uses.append(f"{member}\t{entry}\t{lot.entry_id}\t{points}\n")

    def _open_lots(self, account: _Account, member: int) -> list[_Lot]:
        if account.lots is None:
            stored = [] if account.is_new else _fetch(_OPEN_LOTS, member)
            account.lots = [
                _Lot(entry, 0, remaining, "", expires_at, is_new=False)
                for entry, remaining, expires_at in stored
            ]
            account.lots += account.new_lots
        return account.lots

    def _open_debts(self, account: _Account, member: int) -> list[list[int]]:
        if account.debts is None:
            stored = [] if account.is_new else _fetch(_DEBTS, member)
            account.debts = sorted([entry, owed] for entry, owed in stored)
        return account.debts


def _turn(lot: _Lot, first: int | None) -> tuple[bool, bool, float, int]:
    """Return a lot's place in the queue: the undone earning, then oldest expiry."""
    expires = lot.expires_at.timestamp() if lot.expires_at else 0.0
    return (lot.entry_id != first, lot.expires_at is None, expires, lot.entry_id)


def _fetch(statement: str, member: int) -> Iterable[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [member])
        return cursor.fetchall()

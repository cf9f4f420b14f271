"""The ledger in plain lists and numbers: what any sequence of postings must come to.

Knows nothing of the database. Every verb takes and returns what the ledger's own verb
does, so that both can be given the same things to do.
"""

from dataclasses import dataclass, field
from itertools import count, pairwise

INSUFFICIENT, MERGED, ENDED, NOTHING = "SKP01", "SKP03", "SKP05", "SKP06"
NEVER = 10**9


class Refused(Exception):
    """Raised for what the ledger refuses; says with which code."""


@dataclass
class Lot:
    number: int
    left: int
    active_from: int
    expires: int
    waits: bool
    # The earning it once was, of one that a merge has moved.
    origin: int | None
    # Which entries took of it, or gave back to it.
    uses: list = field(default_factory=list)

    @property
    def order(self):
        return self.expires, self.number

    @property
    def earning(self):
        return self.origin or self.number

    def use(self, entry, points):
        self.left -= points
        self.waits = self.waits and self.left > 0
        self.uses.append((entry, points))


@dataclass
class Held:
    number: int
    member: int
    points: int
    key: str
    expires: int
    outcome: str = "HELD"


@dataclass
class Member:
    lots: list = field(default_factory=list)
    # Debts that nothing has paid yet: which entry, and how much.
    debts: list = field(default_factory=list)
    merged_into: int | None = None


@dataclass
class Merge:
    kept: int
    merged: int
    moved_debt: bool
    lots: list = field(default_factory=list)
    undone: bool = False


class Ledger:
    """Some members, and a clock in hours."""

    def __init__(self, members):
        self.members = [Member() for _ in range(members)]
        self.now = 0
        self.number = count(1)
        self.posted = {}
        self.spent = {}
        self.held = []
        self.merges = []

    # PARTS

    def balance(self, who):
        member = self.members[who]
        return sum(lot.left for lot in member.lots) - self.owed(who)

    def owed(self, who):
        return sum(left for _entry, left in self.members[who].debts)

    def pending(self, who):
        return sum(lot.left for lot in self.members[who].lots if lot.waits)

    def reserved(self, who):
        return sum(each.points for each in self.open_of(who))

    def free(self, who):
        return sum(lot.left for lot in self.usable_lots(who)) - self.reserved(who)

    def usable_lots(self, who):
        lots = [lot for lot in self.members[who].lots if lot.left and not lot.waits]
        return sorted(lots, key=lambda lot: lot.order)

    def open_of(self, who):
        return [e for e in self.held if e.member == who and e.outcome == "HELD"]

    def state(self, who):
        lots = sorted(
            (lot.left, lot.active_from, lot.expires, lot.waits)
            for lot in self.members[who].lots
            if lot.left
        )
        parts = self.balance(who), self.pending(who), self.reserved(who), self.owed(who)
        return [list(parts), [list(lot) for lot in lots]]

    def top(self, who):
        while self.members[who].merged_into is not None:
            who = self.members[who].merged_into
        return who

    # TIME

    def settle(self, *members, but=None):
        due = [e for who in members for e in self.open_of(who) if e.expires <= self.now]
        for each in sorted(due, key=lambda e: (e.expires, e.number)):
            self.activate(each.member, each.expires)
            self.lapse(each.member, each.expires, but)
            self.let_go(each, "LAPSED", each.expires)
        for who in members:
            self.activate(who, self.now)
            self.lapse(who, self.now, but)

    def activate(self, who, until):
        for lot in self.members[who].lots:
            if lot.waits and lot.active_from <= until:
                lot.waits = False

    def lapse(self, who, until, but=None):
        lots = [
            lot
            for lot in self.members[who].lots
            if lot.left and lot.expires <= until and (but is None or lot.earning != but)
        ]
        held = self.reserved(who)
        entry = next(self.number)
        for lot in sorted(lots, key=lambda lot: lot.order):
            kept = 0 if lot.waits else min(held, lot.left)
            held -= kept
            if lot.left > kept:
                lot.use(entry, lot.left - kept)

    def let_go(self, held, outcome, until):
        held.outcome = outcome
        self.pay_from_lots(held.member, min(held.points, self.owed(held.member)))
        self.lapse(held.member, until)

    # WHAT VERBS ARE MADE OF

    def raise_(self, who, points, active_from, expires, *, waits, origin=None):
        number = next(self.number)
        lot = Lot(number, points, active_from, expires, waits, origin)
        self.members[who].lots.append(lot)
        for debt in self.members[who].debts:
            paid = min(lot.left, debt[1])
            if paid:
                debt[1] -= paid
                lot.use(debt[0], paid)
        self.forget_paid(who)
        return lot

    def pay_from_lots(self, who, points):
        if not points:
            return
        skip = self.reserved(who)
        for lot in self.usable_lots(who):
            held = min(skip, lot.left)
            skip -= held
            for debt in self.members[who].debts:
                paid = min(lot.left - held, debt[1], points)
                if paid:
                    debt[1] -= paid
                    points -= paid
                    lot.use(debt[0], paid)
        self.forget_paid(who)

    def forget_paid(self, who):
        member = self.members[who]
        member.debts = [debt for debt in member.debts if debt[1]]

    def take(self, who, points, own=lambda lot: False, *, held=None):
        """Take from lots what they hold and owe the rest; return the uses."""
        entry = next(self.number)
        held = self.reserved(who) if held is None else held
        member = self.members[who]
        waiting = sorted((x for x in member.lots if x.waits), key=lambda x: x.order)
        usable = self.usable_lots(who)
        uses = []

        def take(lot, most):
            nonlocal points
            taken = min(points, most)
            if taken > 0:
                points -= taken
                lot.use(entry, taken)
                uses.append((lot, taken))
            return taken

        for lot in [x for x in waiting if own(x)]:
            take(lot, lot.left)
        free = sum(lot.left for lot in usable) - held
        for lot in [x for x in usable if own(x)]:
            free -= take(lot, min(lot.left, free))
        skip = held
        for lot in [x for x in usable if not own(x)]:
            kept = min(skip, lot.left)
            skip -= kept
            free -= take(lot, min(lot.left - kept, free))
        for lot in [x for x in waiting if not own(x)]:
            take(lot, lot.left)
        if points:
            member.debts.append([entry, points])
        return uses

    # VERBS

    def replayed(self, who, key):
        return self.posted.get((who, key))

    def answer(self, who, key, *values):
        self.posted[who, key] = values
        return [*values, False]

    def refuse_merged(self, who):
        if self.members[who].merged_into is not None:
            raise Refused(MERGED)

    def give(self, who, key, points, active_from, expires):
        if known := self.replayed(who, key):
            return [*known, True]
        self.refuse_merged(who)
        waits = active_from is not None and active_from > self.now
        starts = self.now if active_from is None else active_from
        lot = self.raise_(who, points, starts, expires, waits=waits)
        self.spent[who, key] = lot.number
        return self.answer(who, key, self.balance(who))

    def use(self, who, key, points):
        if known := self.replayed(who, key):
            return [*known, True]
        self.refuse_merged(who)
        self.settle(who)
        if self.owed(who) or self.free(who) < points:
            raise Refused(INSUFFICIENT)
        self.spent[who, key] = [self.take(who, points), 0, points]
        return self.answer(who, key, self.balance(who))

    def reverse(self, who, key, points, policy, earned):
        if known := self.replayed(who, key):
            return [*known, True]
        self.refuse_merged(who)
        origin = self.spent.get(earned)
        self.settle(who, but=origin)
        if policy != "negative":
            own = sum(
                lot.left
                for lot in self.members[who].lots
                if lot.waits and lot.earning == origin
            )
            points = min(points, own + (self.free(who) if policy == "balance" else 0))
        if not points:
            return [0, self.balance(who), False]
        self.take(who, points, lambda lot: lot.earning == origin)
        return self.answer(who, key, points, self.balance(who))

    def reserve(self, who, key, points, expires):
        for each in self.held:
            if (each.member, each.key) == (who, key):
                return [each.number, True]
        self.refuse_merged(who)
        self.settle(who)
        if self.owed(who) or self.free(who) < points:
            raise Refused(INSUFFICIENT)
        held = Held(len(self.held), who, points, key, expires)
        self.held.append(held)
        return [held.number, False]

    def release(self, number):
        held = self.held[number]
        self.settle(held.member)
        if held.outcome == "HELD":
            self.let_go(held, "RELEASED", self.now)
        return [held.outcome]

    def capture(self, number, key, points):
        held = self.held[number]
        self.settle(held.member)
        who = held.member
        if known := self.replayed(who, key):
            return [*known, True]
        if held.outcome != "HELD":
            raise Refused(ENDED)
        if points > held.points:
            raise Refused(INSUFFICIENT)
        held.outcome = "CAPTURED"
        uses = self.take(who, points, held=0)
        self.spent[who, key] = [uses, 0, points]
        answer = self.answer(who, key, self.balance(who))
        self.pay_from_lots(who, min(held.points - points, self.owed(who)))
        self.lapse(who, self.now)
        return answer

    def restore(self, who, key, points, good_until, of):
        if not isinstance(self.spent.get((who, of)), list):
            raise Refused(NOTHING)
        if known := self.replayed(who, key):
            return [*known, True]
        chain = [who]
        while (kept := self.members[chain[-1]].merged_into) is not None:
            chain.append(kept)
        uses, done, used = spent = self.spent[who, of]
        if done + points > used:
            raise Refused(NOTHING)
        self.settle(*chain)
        spent[1] += points
        entry = next(self.number)
        paid = min(points, self.owed(who))
        fresh, skip, left = 0, done, points
        for lot, size in sorted(uses, key=lambda u: u[0].order, reverse=True):
            passed = min(skip, size)
            skip -= passed
            back = min(size - passed, left)
            left -= back
            if not back:
                continue
            if good_until is not None and lot.expires <= self.now:
                fresh += back
            else:
                lot.left += back
                lot.uses.append((entry, -back))
        if fresh:
            self.members[who].lots.append(
                Lot(entry, fresh, self.now, good_until, False, None)
            )
        answer = self.answer(who, key, self.balance(who))
        self.pay_from_lots(who, paid)
        self.lapse(who, self.now)
        for merged, kept in pairwise(chain):
            merge = next(m for m in self.merges if not m.undone and m.merged == merged)
            self.move(merge, merged, kept)
        return answer

    # MERGING

    def move(self, merge, merged, kept):
        member = self.members[merged]
        lots = sorted((x for x in member.lots if x.left), key=lambda x: x.order)
        for lot in lots:
            copy = self.raise_(
                kept,
                lot.left,
                lot.active_from,
                lot.expires,
                waits=lot.active_from > self.now,
                origin=lot.earning,
            )
            merge.lots.append(copy)
        entry = next(self.number)
        for lot in lots:
            lot.use(entry, lot.left)

    def merge(self, kept, merged):
        self.settle(kept, merged)
        held = self.open_of(merged)
        for each in held:
            self.let_go(each, "RELEASED", self.now)
        balance = self.balance(merged)
        merge = Merge(kept, merged, balance < 0)
        self.merges.append(merge)
        if balance > 0:
            self.move(merge, merged, kept)
        elif balance < 0:
            self.members[merged].debts = []
            self.take(kept, -balance)
        for each in held:
            keys = {e.key for e in self.held if e.member == kept}
            owes = self.owed(kept)
            if each.key not in keys and not owes and self.free(kept) >= each.points:
                each.member, each.outcome = kept, "HELD"
        self.members[merged].merged_into = kept
        return [balance]

    def unmerge(self, merge):
        kept, merged = merge.kept, merge.merged
        merge.undone = True
        self.members[merged].merged_into = None
        self.settle(kept, merged)
        if not merge.lots:
            return [0]
        for each in self.open_of(kept):
            self.let_go(each, "RELEASED", self.now)
        origins = {lot.origin for lot in merge.lots}
        back = {}
        for lot in self.members[kept].lots:
            points = lot.left if lot.origin in origins else 0
            if lot in merge.lots:
                points += sum(used for entry, used in lot.uses if entry < lot.number)
            if points:
                days = lot.expires, lot.origin, lot.active_from
                back[days] = back.get(days, 0) + points
        for (expires, origin, active_from), points in sorted(back.items()):
            self.raise_(
                merged,
                points,
                active_from,
                expires,
                waits=active_from > self.now,
                origin=origin,
            )
        total = sum(back.values())
        if total:
            self.take(kept, total, lambda lot: lot.origin in origins)
        self.settle(kept, merged)
        return [total]

"""Any sequence of purchases, choices, merges and undoings conserves every total."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import F, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent.models import Channel, ConsentEntry
from consent.selectors import permissions_of
from members import merging
from members.merging import MergeForbidden, Refusal
from members.models import Event, Identifier, Member
from points import proof
from points.models import Account, Entry, Lot
from points.selectors import summarize_totals
from points.services import InsufficientPoints, expire_points, post
from purchases.models import Receipt, ReceiptLine
from tests.factories.club import buy, line, open_club, returned
from tests.factories.consent import PUBLISHED_AT, answer
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StoreFactory

PEOPLE = 4
WHO = st.integers(0, PEOPLE - 1)
YES = ConsentEntry.Action.GIVEN
SAID = (YES, ConsentEntry.Action.REFUSED, ConsentEntry.Action.WITHDRAWN)
CHANNELS = (Channel.SMS, Channel.EMAIL)


def attempt(step, **arguments):
    """Return what a step gives, and why it was refused."""
    try:
        return step(**arguments), None
    except MergeForbidden as forbidden:
        return None, forbidden.reason


class Club(RuleBasedStateMachine):
    """Four memberships beside a model of who is whose, and of what was ever done."""

    @initialize()
    def begin(self):
        self.now = PUBLISHED_AT + timedelta(days=30)
        self.programme = ProgrammeFactory()
        open_club(self.programme)
        self.store = StoreFactory(programme=self.programme)
        self.members = [
            MemberFactory(programme=self.programme, phone_verified_at=self.now)
            for _place in range(PEOPLE)
        ]
        self.phones = [member.phone for member in self.members]
        # Live merges, oldest first: (kept, merged, row, how both were).
        self.merges = []
        self.points = 0
        self.bought = []
        self.keys = 0

    def mine(self, model):
        """Return the rows of this club alone: examples share a transaction."""
        return model.objects.filter(member__in=self.members)

    # WHAT PEOPLE DO

    def top(self, who):
        """Return the place of the membership that stands for this one now."""
        for kept, merged, _row, _before in reversed(self.merges):
            if merged == who:
                return self.top(kept)
        return who

    def who(self, who):
        member = self.members[self.top(who)]
        member.refresh_from_db()
        return member

    def post(self, member, kind, points, **changes):
        self.keys += 1
        lapsed = self.lapsed()
        posted = post(
            member_id=member.pk,
            kind=kind,
            points=points,
            key=f"k{self.keys}",
            at=self.now,
            now=self.now,
            **changes,
        )
        self.points += points + self.lapsed() - lapsed
        return posted

    def lapsed(self):
        found = self.mine(Entry).filter(kind=Entry.Kind.EXPIRE)
        return found.aggregate(sum=Sum("points"))["sum"] or 0

    @rule(who=WHO, kronor=st.integers(1, 900))
    def buys(self, who, kronor):
        row = buy(self.who(who), self.store, line(f"{kronor}.00"), now=self.now)
        assert row.member == self.who(who)
        self.points += row.points
        self.bought.append([row, kronor])

    @precondition(lambda self: any(left for _row, left in self.bought))
    @rule(data=st.data())
    def returns(self, data):
        bought = data.draw(st.sampled_from([b for b in self.bought if b[1]]))
        kronor = data.draw(st.integers(1, bought[1]))
        self.brings_back(bought, kronor)

    def brings_back(self, bought, kronor):
        bought[1] -= kronor
        owner = Receipt.objects.get(pk=bought[0].pk).member
        row = buy(
            owner,
            self.store,
            returned(f"{kronor}.00"),
            now=self.now,
            original=bought[0],
        )
        self.points -= row.reversed_points

    @rule(who=WHO, points=st.integers(1, 600), days=st.none() | st.integers(1, 60))
    def is_given(self, who, points, days):
        lapses = None if days is None else self.now + timedelta(days=days)
        self.post(self.who(who), Entry.Kind.ADJUST, points, expires_at=lapses)

    @rule(who=WHO, percent=st.sampled_from([10, 50, 99, 100, 101]))
    def spends(self, who, percent):
        member = self.who(who)
        account = Account.objects.filter(member=member).first()
        points = max((account.balance if account else 0) * percent // 100, 1)
        # A refused one is undone as a whole, with what it let lapse.
        with suppress(InsufficientPoints):
            self.post(member, Entry.Kind.SPEND, -points)

    @rule(who=WHO, kronor=st.integers(1, 900))
    def owes(self, who, kronor):
        """Uses the points of goods that then come back."""
        self.buys(who, kronor)
        self.spends(who, 100)
        self.brings_back(self.bought[-1], kronor)

    @rule(days=st.integers(1, 5))
    def waits(self, days):
        self.now += timedelta(days=days)
        lapsed = self.lapsed()
        expire_points(now=self.now)
        self.points += self.lapsed() - lapsed

    @rule(who=WHO, said=st.sampled_from(SAID), by=st.sampled_from(CHANNELS))
    def says(self, who, said, by):
        self.now += timedelta(seconds=1)
        answer(self.who(who), said, channel=by, at=self.now)

    # WHAT STAFF DO

    @rule(one=WHO, other=WHO)
    def merge(self, one, other):
        kept, merged = self.members[one], self.members[other]
        before = self.picture(), self.spoken([one, other])
        totals = self.totals(self.top(one)), self.totals(self.top(other))
        self.now += timedelta(seconds=1)
        lapsed = self.lapsed()
        events = self.mine(Event).count()
        is_alias = {self.top(one), self.top(other)} != {one, other}
        row, refusal = attempt(
            merging.merge_members, kept=kept, merged=merged, staff=None, now=self.now
        )
        if refusal is not None:
            assert refusal == (Refusal.SAME if one == other else Refusal.ALREADY_MERGED)
            assert one == other or is_alias
            return
        if is_alias:
            # One already: nothing has happened.
            assert row.pk in {done.pk for _k, _m, done, _b in self.merges}
            assert self.mine(Event).count() == events
            return
        self.points += self.lapsed() - lapsed
        self.merges.append((one, other, row, before))
        if self.lapsed() == lapsed:
            assert self.totals(one) == {
                name: points + totals[1][name] for name, points in totals[0].items()
            }
        self.keeps_every_no(before[1])

    @precondition(lambda self: self.merges)
    @rule(data=st.data(), is_turned=st.booleans())
    def repeat(self, data, is_turned):
        one, other, row, _before = data.draw(st.sampled_from(self.merges))
        rows = self.rows()
        if is_turned:
            one, other = other, one

        again, _refusal = attempt(
            merging.merge_members,
            kept=self.members[one],
            merged=self.members[other],
            staff=None,
            now=self.now,
        )

        # The other way round, it may be the merge that took the kept one on.
        assert again == row or (is_turned and again in [m[2] for m in self.merges])
        assert self.rows() == rows

    @precondition(lambda self: self.merges)
    @rule(data=st.data())
    def undo(self, data):
        chosen = data.draw(st.sampled_from(self.merges))
        one, other, row, _before = chosen
        self.now += timedelta(seconds=1)
        lapsed = self.lapsed()
        _row, refusal = attempt(merging.undo_merge, merge=row, staff=None, now=self.now)
        if refusal is not None:
            is_late = self.now - row.at >= merging.UNDO_WITHIN
            later = [m for m in self.merges if one in m[:2] and m[2].pk > row.pk]
            assert refusal == (Refusal.TOO_LATE if is_late else Refusal.LATER_MERGE)
            assert is_late or later
            return
        self.points += self.lapsed() - lapsed
        self.merges.remove(chosen)
        self.members[one].refresh_from_db()
        self.members[other].refresh_from_db()
        assert self.members[other].status == Member.Status.ACTIVE
        assert self.members[other].phone == self.phones[other]
        assert self.members[one].phone == self.phones[one]

    @rule(one=WHO, other=WHO)
    def merge_and_undo(self, one, other):
        """With nothing in between, all is as it was."""
        if one == other or {self.top(one), self.top(other)} != {one, other}:
            return
        # So that nothing lapses on the way.
        lapsed = self.lapsed()
        expire_points(now=self.now)
        self.points += self.lapsed() - lapsed
        picture, spoken = self.picture(), self.spoken([one, other])

        row = merging.merge_members(
            kept=self.members[one], merged=self.members[other], staff=None, now=self.now
        )
        merging.undo_merge(merge=row, staff=None, now=self.now)

        assert self.picture() == picture
        assert self.spoken([one, other]) == spoken

    @rule()
    def seal(self):
        merging.seal_merges(now=self.now)

    # WHAT MUST HOLD

    def rows(self):
        models = (Entry, Receipt, ReceiptLine, Event, ConsentEntry, Identifier)
        return {model: self.mine(model).count() for model in models}

    def totals(self, who):
        return summarize_totals(self.members[who])

    def spoken(self, places):
        return {
            place: {
                key: entry.action
                for key, entry in permissions_of(self.members[place]).items()
            }
            for place in places
        }

    def keeps_every_no(self, before):
        (one, said), (_other, theirs) = before.items()
        now = self.spoken([one])[one]
        for key in said.keys() | theirs.keys():
            words = {words[key] for words in (said, theirs) if key in words}
            assert (now[key] == YES) == (words == {YES})

    def picture(self):
        """Return who has what: balances, open points by origin and day, receipts."""
        lots = Counter()
        for lot in self.mine(Lot).filter(remaining__gt=0):
            origin = lot.origin_id or lot.pk
            lots[lot.member_id, origin, lot.expires_at] += lot.remaining
        balances = self.mine(Account).exclude(balance=0)
        return (
            dict(balances.values_list("member_id", "balance")),
            lots,
            dict(self.mine(Receipt).values_list("pk", "member_id")),
            dict(self.mine(Identifier).values_list("value", "member_id")),
        )

    @invariant()
    def keeps_the_laws_of_the_ledger(self):
        assert proof.check().differences == []

    @invariant()
    def has_the_points_that_were_given_and_not_taken(self):
        balances = self.mine(Account).aggregate(sum=Sum("balance"))["sum"] or 0
        assert balances == self.points

    @invariant()
    def leaves_nothing_with_who_was_merged(self):
        gone = Member.objects.filter(
            programme=self.programme, status=Member.Status.MERGED
        )
        assert {member.pk for member in gone} == {
            self.members[merged].pk for _kept, merged, _row, _before in self.merges
        }
        for model in (Receipt, ReceiptLine, Event, ConsentEntry, Identifier):
            assert not model.objects.filter(member__in=gone).exists()
        for place, member in enumerate(self.members):
            if member in gone:
                found = Member.objects.get(pk=member.pk).merged_into
                assert found == self.members[self.top(place)]

    @invariant()
    def keeps_lines_with_their_receipts(self):
        lines = self.mine(ReceiptLine)
        assert not lines.exclude(member=F("receipt__member")).exists()

    @invariant()
    def finds_the_one_by_every_number(self):
        for place, phone in enumerate(self.phones):
            holder = Identifier.objects.get(value=phone, ended_at=None).member
            assert holder == self.members[self.top(place)]


class TestMergingMachine(TestCase):
    def walk(self, examples, steps):
        run_state_machine_as_test(
            Club,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    def test_any_sequence_conserves_every_total(self):
        self.walk(examples=7, steps=20)

    @pytest.mark.soak
    def test_very_many_sequences_conserve_every_total(self):
        self.walk(examples=1000, steps=40)

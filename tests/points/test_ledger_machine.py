"""Any sequence of postings keeps the laws of the ledger."""

from datetime import UTC, datetime, timedelta

import pytest
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

from points import proof
from points.models import Account, Entry
from points.services import InsufficientPoints, expire_points, post
from tests.factories.members import MemberFactory

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class Ledger(RuleBasedStateMachine):
    """Two members, beside a model that is nothing but lists of numbers."""

    @initialize()
    def begin(self):
        self.now = START
        self.members = [MemberFactory(), MemberFactory()]
        self.balance = {member.pk: 0 for member in self.members}
        self.posted = []
        self.earnings = []

    def post(self, member, kind, points, **changes):
        key = f"k{len(self.posted)}"
        arguments = {
            "member_id": member.pk,
            "kind": kind,
            "points": points,
            "key": key,
            "at": self.now,
            "now": self.now,
            **changes,
        }
        posted = post(**arguments)
        self.posted.append(arguments)
        self.balance[member.pk] += points
        return posted

    @rule(
        who=st.integers(0, 1),
        points=st.integers(1, 500),
        days=st.none() | st.integers(1, 40),
    )
    def earn(self, who, points, days):
        lapses = None if days is None else self.now + timedelta(days=days)
        posted = self.post(
            self.members[who], Entry.Kind.EARN, points, expires_at=lapses
        )
        self.earnings.append([who, posted.entry_id, points])

    @rule(who=st.integers(0, 1), points=st.integers(1, 400))
    def spend(self, who, points):
        member = self.members[who]
        before = Entry.objects.filter(member=member, kind=Entry.Kind.EXPIRE).count()
        try:
            self.post(member, Entry.Kind.SPEND, -points)
        except InsufficientPoints:
            assert Account.objects.filter(
                member=member, balance__gte=points
            ).count() == 0 or self.lapsed(member)
        else:
            # What had lapsed was let go first.
            self.note_expiry(member, before)
            assert self.balance[member.pk] >= 0

    @precondition(lambda self: any(left for _w, _e, left in self.earnings))
    @rule(data=st.data())
    def reverse(self, data):
        earning = data.draw(st.sampled_from([e for e in self.earnings if e[2]]))
        who, entry_id, left = earning
        taken = data.draw(st.integers(1, left))
        earning[2] -= taken
        self.post(self.members[who], Entry.Kind.REVERSE, -taken, reverses_id=entry_id)

    @rule(days=st.integers(1, 30))
    def wait_and_expire(self, days):
        self.now += timedelta(days=days)
        before = {
            member.pk: Entry.objects.filter(
                member=member, kind=Entry.Kind.EXPIRE
            ).count()
            for member in self.members
        }
        expire_points(now=self.now)
        for member in self.members:
            self.note_expiry(member, before[member.pk])

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def retry(self, data):
        rows = Entry.objects.count()

        again = post(**data.draw(st.sampled_from(self.posted)))

        assert again.is_replay
        assert Entry.objects.count() == rows

    def lapsed(self, member):
        return member.lots.filter(remaining__gt=0, expires_at__lte=self.now).exists()

    def note_expiry(self, member, before):
        new = Entry.objects.filter(member=member, kind=Entry.Kind.EXPIRE).order_by(
            "id"
        )[before:]
        for entry in new:
            self.balance[member.pk] += entry.points

    @invariant()
    def keeps_every_law(self):
        assert not proof.check().differences

    @invariant()
    def has_the_balance_of_the_model(self):
        for member in self.members:
            account = Account.objects.filter(member=member).first()
            assert (account.balance if account else 0) == self.balance[member.pk]


class TestLedgerMachine(TestCase):
    def walk(self, examples, steps):
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    def test_any_sequence_of_postings(self):
        self.walk(examples=12, steps=15)

    @pytest.mark.soak
    def test_very_many_sequences_of_postings(self):
        self.walk(examples=1500, steps=40)

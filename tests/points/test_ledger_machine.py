"""Any sequence of all that can be done to points, against a model in plain lists.

The machine only writes down what is to be done and lets the model do it. The database
does a whole sequence in one statement, through the ledger's own functions, and is then
compared with the model: every answer, every balance with its parts, every open lot.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from points import proof
from points.models import Lot
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory
from tests.points.ledger_in_sql import STEP
from tests.points.ledger_model import NEVER, Ledger, Refused

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MEMBERS = 4
POLICIES = ["negative", "balance", "pending"]

_STATE = """
SELECT member_id, ARRAY[balance, pending, reserved, owed] FROM points_account
WHERE member_id = ANY (%s)
"""

points = st.integers(1, 300)
who = st.integers(0, MEMBERS - 1)
which = st.integers(0, 999)
hours = st.integers(1, 900)


def several(*parts):
    """Draw a few of one verb at once: most of a step's time is choosing the verb."""
    return st.lists(st.tuples(*parts), min_size=1, max_size=8)


class Machine(RuleBasedStateMachine):
    """Writes down what to do, lets the model do it, and compares at the end."""

    members = ()
    done = 0

    @initialize()
    def begin(self):
        self.model = Ledger(MEMBERS)
        self.todo = []
        self.expected = []
        self.calls = []
        self.earned = []
        self.spent = []
        self.number = 0

    def when(self, hour):
        return None if hour in (None, NEVER) else str(START + timedelta(hours=hour))

    def key(self):
        self.number += 1
        return f"k{self.number}"

    def do(self, verb, sent, *arguments):
        """Do one thing with the model, and write it down for the database."""
        self.calls.append((verb, dict(sent), arguments))
        self.todo.append({"op": verb, "now": self.when(self.model.now), **sent})
        try:
            answer = getattr(self.model, verb)(*arguments)
        except Refused as refused:
            answer = str(refused)
        self.expected.append(answer)
        return answer

    @rule(
        many=several(who, points, st.none() | hours, st.none() | hours),
        kind=st.sampled_from(["EARN", "EARN", "GOODWILL", "IMPORT", "ADJUST"]),
    )
    def give(self, many, kind):
        for member, number, waits, lasts in many:
            key, now = self.key(), self.model.now
            begins = None if waits is None else now + waits
            # No rule lets points lapse before they can be used.
            ends = NEVER if lasts is None else (begins or now) + lasts
            sent = {"kind": kind, "points": number, "key": key}
            sent |= {"from": self.when(begins), "until": self.when(ends)}
            sent["member"] = self.members[member]
            self.do("give", sent, member, key, number, begins, ends)
            self.earned.append((member, key))

    @rule(many=several(who, points), kind=st.sampled_from(["SPEND", "SPEND", "ADJUST"]))
    def use(self, many, kind):
        for member, number in many:
            key = self.key()
            sent = {"kind": kind, "points": -number, "key": key}
            sent["member"] = self.members[member]
            self.do("use", sent, member, key, number)
            if kind == "SPEND":
                self.spent.append((member, key))

    @precondition(lambda self: self.earned)
    @rule(many=several(which, points, st.sampled_from(POLICIES)))
    def reverse(self, many):
        for place, number, policy in many:
            earner, of = self.earned[place % len(self.earned)]
            member, key = self.model.top(earner), self.key()
            sent = {"member": self.members[member], "points": number, "key": key}
            sent |= {"policy": policy, "other": self.members[earner], "of": of}
            self.do("reverse", sent, member, key, number, policy, (earner, of))

    @rule(many=several(who, points, hours, st.integers(0, 9)))
    def reserve(self, many):
        for member, number, lasts, again in many:
            # Now and then a key that was used before.
            key = f"r{again}" if again < 2 else self.key()
            until, now = self.model.now + lasts, len(self.model.held)
            sent = {"member": self.members[member], "points": number, "key": key}
            sent |= {"id": str(UUID(int=now)), "until": self.when(until)}
            self.do("reserve", sent, member, key, number, until)

    @precondition(lambda self: self.model.held)
    @rule(many=several(which))
    def release(self, many):
        for (place,) in many:
            number = place % len(self.model.held)
            self.do("release", {"id": str(UUID(int=number))}, number)

    @precondition(lambda self: self.model.held)
    @rule(many=several(which, st.integers(0, 3)))
    def capture(self, many):
        for place, less in many:
            number, key = place % len(self.model.held), self.key()
            held = self.model.held[number]
            used = max(held.points // (less or 1), 1)
            sent = {"id": str(UUID(int=number)), "points": used, "key": key}
            self.do("capture", sent, number, key, used)
            self.spent.append((held.member, key))

    @precondition(lambda self: self.spent)
    @rule(many=several(which, points, st.none() | hours))
    def restore(self, many):
        for place, number, lasts in many:
            spender, of = self.spent[place % len(self.spent)]
            until = None if lasts is None else self.model.now + lasts
            key = self.key()
            sent = {"member": self.members[self.model.top(spender)], "key": key}
            sent |= {"points": number, "until": self.when(until)}
            sent |= {"other": self.members[spender], "of": of}
            self.do("restore", sent, spender, key, number, until, of)

    @rule(passed=st.integers(1, 400))
    def wait(self, passed):
        self.model.now += passed

    @rule(passed=st.integers(0, 200))
    def night(self, passed):
        self.model.now += passed
        self.todo.append({"op": "settle", "now": self.when(self.model.now)})
        self.model.settle(*range(MEMBERS))
        self.expected.append([])

    @precondition(lambda self: self.calls)
    @rule(many=several(which))
    def retry(self, many):
        for (place,) in many:
            verb, sent, arguments = self.calls[place % len(self.calls)]
            if verb in {"merge", "unmerge"}:
                continue
            if verb == "reserve":
                # It may have been refused before, and then needs an id and time.
                sent = {**sent, "id": str(UUID(int=len(self.model.held)))}
                until = self.model.now + 5
                arguments = (*arguments[:-1], until)
                sent["until"] = self.when(until)
            self.do(verb, sent, *arguments)

    @rule(one=who, other=who)
    def merge(self, one, other):
        open_ = [self.model.members[each].merged_into is None for each in (one, other)]
        if one == other or not all(open_):
            return
        sent = {"member": self.members[one], "other": self.members[other]}
        sent["id"] = str(UUID(int=10_000 + len(self.model.merges)))
        self.do("merge", sent, one, other)

    @precondition(lambda self: self.model.merges)
    @rule(place=which)
    def unmerge(self, place):
        number = place % len(self.model.merges)
        merge = self.model.merges[number]
        parted = merge.undone or self.model.members[merge.kept].merged_into is not None
        if parted or merge.moved_debt:
            return
        sent = {
            "member": self.members[merge.kept],
            "id": str(UUID(int=10_000 + number)),
        }
        self.do("unmerge", {**sent, "other": self.members[merge.merged]}, merge)

    def teardown(self):
        self.night(0)
        type(self).done += len(self.todo)
        with undone(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_temp.ledger_run(%s::jsonb)", [json.dumps(self.todo)]
            )
            answers = json.loads(cursor.fetchone()[0])
            for did, answer, expected in zip(
                self.todo, answers, self.expected, strict=True
            ):
                if did["op"] == "reserve" and isinstance(answer, list):
                    answer[0] = UUID(answer[0]).int
                assert answer == expected, did
            for number, found in enumerate(self.found(cursor)):
                assert found == self.model.state(number), number
            assert not proof.check().differences

    def found(self, cursor):
        """Return what the database has, as the model says it."""
        cursor.execute(_STATE, [list(self.members)])
        parts = dict(cursor.fetchall())
        lots = {member: [] for member in self.members}
        for lot in Lot.objects.filter(member__in=self.members, remaining__gt=0):
            ends = NEVER if lot.expires_at is None else hour_of(lot.expires_at)
            lots[lot.member_id].append(
                [lot.remaining, hour_of(lot.active_from), ends, lot.is_pending]
            )
        return [
            [parts.get(member, [0, 0, 0, 0]), sorted(lots[member])]
            for member in self.members
        ]


def hour_of(moment):
    return round((moment - START) / timedelta(hours=1))


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Sequences between which the database forgets those that were undone: what they left
# behind would be read by all that follow.
ROUND = 40
_FORGET = """
VACUUM points_entry, points_lot, points_lotuse, points_account, points_reservation,
    members_event
"""


@pytest.fixture
def walk(transactional_db, request, capsys):
    """Walk through sequences; say how many things were done, and by which seed."""
    programme = ProgrammeFactory()
    Machine.members = [
        MemberFactory(programme=programme, phone="", email="").pk
        for _ in range(MEMBERS)
    ]
    with connection.cursor() as cursor:
        cursor.execute(STEP)
    # Printed with the header of every run, and the same in all its processes.
    number = request.config.getoption("randomly_seed")

    def walk(operations, steps, part=0):
        Machine.done, rounds = 0, 0
        while Machine.done < operations:
            # No seed of a part is one of another.
            run_state_machine_as_test(
                seed(number + part * 10_000 + rounds)(Machine),
                settings=settings(
                    max_examples=ROUND,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
            rounds += 1
            with connection.cursor() as cursor:
                cursor.execute(_FORGET)
        with capsys.disabled():
            said = f" {Machine.done} operations, seed {number} "
            print(said, end="")  # noqa: T201 - so that it can be walked again
        return Machine.done

    return walk


class TestTheLedger:
    def test_agrees_with_the_model_after_any_sequence(self, walk):
        assert walk(operations=25_000, steps=50) >= 25_000

    @pytest.mark.soak
    @pytest.mark.parametrize("part", [1, 2, 3, 4])
    def test_agrees_with_the_model_after_very_many_sequences(self, walk, part):
        assert walk(operations=125_000, steps=60, part=part) >= 125_000

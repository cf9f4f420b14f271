from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from members.merging import merge_members
from points import proof, tasks
from points.models import Entry
from points.services import post
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

# What goes wrong, and which law says so.
DAMAGE = {
    "UPDATE points_account SET balance = balance + 1": (
        "balance is the sum of the entries"
    ),
    "UPDATE points_account SET entries = entries + 1": (
        "the account counts its entries"
    ),
    "UPDATE points_account SET earned_total = 1": (
        "what was ever earned is the sum of the earnings"
    ),
    "UPDATE points_lot SET remaining = remaining - 1 WHERE remaining > 0": (
        "balance is the open lots less the debt"
    ),
    "UPDATE points_lot SET remaining = points": "a lot has left what was not used",
    "UPDATE points_lot SET points = points + 1": "every earning is a lot of its size",
    "DELETE FROM points_account": "every entry has an account",
    "UPDATE points_lotuse SET points = points + 100": (
        "an entry uses no more of lots than it takes"
    ),
    "UPDATE points_lotuse SET points = points - 1": (
        "nobody owes points while a lot is open"
    ),
    "UPDATE points_lotuse SET member_id = (SELECT max(id) FROM members_member)": (
        "a use joins an entry and a lot of one member"
    ),
    "UPDATE points_entry SET balance_after = 7 WHERE kind = 'SPEND'": (
        "the balance after each entry runs on"
    ),
    "UPDATE points_entry SET points = points + 1 WHERE kind = 'MERGE' AND points > 0": (
        "a merge moves points and makes none"
    ),
    "UPDATE points_lot SET expires_at = NULL WHERE origin_id IS NOT NULL": (
        "points that were moved keep their days"
    ),
    "UPDATE points_account SET balance = 1 WHERE balance = 0": (
        "who was merged has no points"
    ),
}


@pytest.fixture
def ledger(programme):
    member = MemberFactory(programme=programme)
    steps = [(Entry.Kind.EARN, 100), (Entry.Kind.SPEND, -30), (Entry.Kind.EARN, 5)]
    for place, (kind, points) in enumerate(steps):
        post(
            member_id=member.pk,
            kind=kind,
            points=points,
            key=f"k{place}",
            at=NOW,
            expires_at=NOW + timedelta(days=1),
            now=NOW,
        )
    MemberFactory(programme=programme)
    return member


@pytest.fixture
def merged_ledger(ledger, programme):
    """The same, after another membership was merged into it."""
    again = MemberFactory(programme=programme)
    post(
        member_id=again.pk,
        kind=Entry.Kind.EARN,
        points=40,
        key="k",
        at=NOW,
        expires_at=NOW + timedelta(days=2),
        now=NOW,
    )
    merge_members(kept=ledger, merged=again, staff=None, now=NOW)
    assert not proof.check().differences


def damage(statement):
    with connection.cursor() as cursor:
        # Checks that wait for the end of the transaction keep a table from changing.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("points_entry", "points_lotuse", "points_lot"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


class TestCheck:
    def test_finds_nothing_wrong_in_a_sound_ledger(self, ledger):
        found = proof.check()

        assert not found.differences
        assert (found.members, found.entries, found.points) == (1, 3, 75)

    @pytest.mark.parametrize(("statement", "law"), DAMAGE.items())
    def test_finds_what_was_changed_behind_its_back(
        self, merged_ledger, statement, law
    ):
        damage(statement)

        laws = {difference.law for difference in proof.check().differences}

        assert law in laws

    def test_has_a_broken_ledger_for_every_law(self):
        assert set(DAMAGE.values()) == set(proof.laws())


class TestProveLedger:
    def test_says_that_all_is_well(self, ledger):
        out = StringIO()

        call_command("prove_ledger", stdout=out)

        assert "3 entries of 1 members, 75 points" in out.getvalue()

    def test_fails_and_names_the_member(self, ledger):
        damage("UPDATE points_account SET balance = balance + 1")
        errors = StringIO()

        with pytest.raises(CommandError):
            call_command("prove_ledger", stderr=errors)

        assert f"member {ledger.pk}" in errors.getvalue()
        assert tasks.prove() > 0

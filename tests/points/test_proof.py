from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from members.merging import merge_members
from points import proof, tasks
from points.laws import ASKED_AT_ONCE, LAWS
from points.models import Entry
from points.services import post, reserve, restore
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
    "UPDATE points_lot SET remaining = remaining - 1 WHERE remaining > 1": (
        "balance is the open lots less the debt"
    ),
    "UPDATE points_account SET owed = 5, balance = reserved - 5, pending = 0": (
        "what is owed is what no lot has paid"
    ),
    "UPDATE points_account SET pending = 0": (
        "what waits is what is left of lots that wait"
    ),
    "UPDATE points_account SET reserved = 0": (
        "what is reserved is what open reservations hold"
    ),
    "UPDATE points_reservation SET outcome = 'RELEASED', ended_at = now()": (
        "what is reserved is what open reservations hold"
    ),
    "UPDATE points_lot SET remaining = points": "a lot has left what was not used",
    "UPDATE points_lot SET points = points + 1": "every earning is a lot of its size",
    "DELETE FROM points_lot WHERE is_pending": "every earning is a lot of its size",
    "DELETE FROM points_account": "every entry has an account",
    "UPDATE points_lotuse SET points = points + 100 WHERE points > 0": (
        "an entry uses no more of lots than it takes"
    ),
    "UPDATE points_lotuse SET points = points - 1 WHERE points > 1": (
        "nobody owes points while a lot is free"
    ),
    "UPDATE points_lotuse SET points = points - 2 WHERE points < 0": (
        "what is given back is in lots again"
    ),
    "UPDATE points_entry SET points = 500 WHERE kind = 'RESTORE'": (
        "nobody is given back more than they used"
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
TABLES = ("points_entry", "points_lot", "points_lotuse", "points_reservation")


@pytest.fixture
def ledger(programme):
    member = MemberFactory(programme=programme)
    steps = [
        (Entry.Kind.EARN, 100, None),
        (Entry.Kind.SPEND, -30, None),
        (Entry.Kind.EARN, 5, None),
        (Entry.Kind.EARN, 7, NOW + timedelta(hours=5)),
    ]
    for place, (kind, points, active_from) in enumerate(steps):
        post(
            member_id=member.pk,
            kind=kind,
            points=points,
            key=f"k{place}",
            at=NOW,
            expires_at=NOW + timedelta(days=1),
            active_from=active_from,
            now=NOW,
        )
    MemberFactory(programme=programme)
    return member


@pytest.fixture
def merged_ledger(ledger, programme):
    """The same, after other things that may happen to a member."""
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
    restore(
        member_id=ledger.pk,
        entry_id=Entry.objects.get(member=ledger, kind=Entry.Kind.SPEND).pk,
        points=10,
        key="back",
        at=NOW,
        now=NOW,
    )
    reserve(
        member_id=ledger.pk,
        points=20,
        key="basket",
        expires_at=NOW + timedelta(minutes=5),
        now=NOW,
    )
    merge_members(kept=ledger, merged=again, staff=None, now=NOW)
    assert not proof.check().differences


@pytest.fixture(params=["as a whole", "in halves"])
def looked_at(request, monkeypatch):
    """How many members are looked at together."""
    if request.param == "in halves":
        monkeypatch.setattr(proof, "WORTH_SHARING", 0)


def damage(statement):
    with connection.cursor() as cursor:
        # Checks that wait for the end of the transaction keep a table from changing.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


@pytest.mark.usefixtures("looked_at")
class TestCheck:
    def test_finds_nothing_wrong_in_a_sound_ledger(self, ledger):
        found = proof.check()

        assert not found.differences
        assert (found.members, found.entries, found.points) == (1, 4, 82)

    @pytest.mark.parametrize(("statement", "law"), DAMAGE.items())
    def test_finds_what_was_changed_behind_its_back(
        self, merged_ledger, statement, law
    ):
        damage(statement)

        laws = {difference.law for difference in proof.check().differences}

        assert law in laws

    @pytest.mark.parametrize("table", ["points_lot", "points_lotuse"])
    def test_finds_rows_of_members_of_the_other_half(self, ledger, programme, table):
        far = MemberFactory(programme=programme)

        damage(f"UPDATE {table} SET member_id = {far.pk}")  # noqa: S608 - our own

        laws = {difference.law for difference in proof.check().differences}
        assert laws & {
            "a use joins an entry and a lot of one member",
            "every earning is a lot of its size",
        }

    def test_finds_a_lot_that_somebody_else_has_of_a_use(self, ledger, programme):
        MemberFactory(programme=programme)

        damage(
            "INSERT INTO points_lot (entry_id, member_id, points, remaining,"
            " active_from, is_pending) SELECT e.id, m.id, 9, 0, e.at, false"
            " FROM points_entry e, members_member m WHERE e.kind = 'SPEND'"
            " AND m.id = (SELECT max(id) FROM members_member)"
        )

        (difference, *_others) = proof.check().differences
        assert difference.law == "every earning is a lot of its size"

    def test_has_a_broken_ledger_for_every_law(self):
        own = (*LAWS.values(), *ASKED_AT_ONCE)

        assert set(DAMAGE.values()) == {law.name for law in own}


class TestVerifyLedger:
    def test_says_that_all_is_well(self, ledger):
        out = StringIO()

        call_command("verify_ledger", stdout=out)

        assert "4 entries of 1 members, 82 points" in out.getvalue()

    def test_fails_and_names_the_member(self, ledger):
        damage("UPDATE points_account SET balance = balance + 1")
        errors = StringIO()

        with pytest.raises(CommandError):
            call_command("verify_ledger", stderr=errors)

        assert f"member {ledger.pk}" in errors.getvalue()
        assert tasks.prove() > 0

"""What the web's own database role can do to the tables that only grow: add to them."""

import re
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from consent.models import ConsentEntry
from offers.vouchers.services import Gift, give_voucher
from stores import audit
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, Till, coffee, rule_with, stamp_card

RUNNING = Path(settings.BASE_DIR) / "docs" / "running.md"
ENTRY = "consent_consententry"
TRIES = {
    "change a word": "UPDATE consent_consententry SET action = 'GIVEN'",
    "move it to somebody": "UPDATE consent_consententry SET member_id = member_id",
    "date it back": "UPDATE consent_consententry SET at = at - interval '1 year'",
    "change it as merging does": (
        "SET LOCAL stamkund.merging = 'on';"
        " UPDATE consent_consententry SET action = 'GIVEN', at = now()"
    ),
    "delete it": "DELETE FROM consent_consententry",
    "empty the table": f"TRUNCATE {ENTRY} CASCADE",
    "empty the table behind another": "TRUNCATE members_member CASCADE",
}
# What only who owns the tables, or the server, may do: the web does not.
TRIES_OF_OWNERS = {
    "switch the guard off": f"ALTER TABLE {ENTRY} DISABLE TRIGGER USER",
    "take the guard away": f"DROP TRIGGER consententry_append_only ON {ENTRY}",
    "replace the guard": (
        "CREATE OR REPLACE FUNCTION members_hand_over_only() RETURNS trigger"
        " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    ),
    "pass triggers by": "SET LOCAL session_replication_role = replica",
    "drop the table": f"DROP TABLE {ENTRY} CASCADE",
}
# What else only grows; whatever is in it.
LEDGERS = [
    "points_entry",
    "points_lotuse",
    "points_lot",
    "offers_voucherevent",
    "offers_stamp",
    "stores_auditentry",
]
# What would be worth something to change, for whoever gets hold of the web.
CHANGES = {
    "points_entry": "points = points + 1000, balance_after = balance_after + 1000",
    "points_lotuse": "points = points + 1",
    "points_lot": "points = points + 1000",
    "offers_voucherevent": "value = value + 1000",
    "offers_stamp": "number = number + 9",
    "stores_auditentry": "reason = 'Nothing'",
}
pytestmark = pytest.mark.django_db


def documented_grants():
    """Return the statements that docs/running.md tells to make the role with."""
    block = re.search(
        r"```sql\n(CREATE ROLE stamkund_web.*?)```", RUNNING.read_text(), re.S
    )
    return block[1]


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608
        return cursor.fetchall()


@pytest.fixture
def entry(programme, now):
    member = MemberFactory(programme=programme)
    entry = answer(member, ConsentEntry.Action.REFUSED, at=now)
    with connection.cursor() as cursor:
        # As after a commit: checks that wait for it would stop TRUNCATE by themselves.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return entry


@pytest.fixture
def as_web(entry):
    """Go on as the role that the documentation makes; undone with the test."""
    with connection.cursor() as cursor:
        # Of a name of its own: the server may have the documented one already, and
        # roles are the whole server's, also for tests beside this one.
        role = f"stamkund_web_{uuid4().hex}"
        statements = (
            documented_grants()
            .replace(
                "DATABASE stamkund", f'DATABASE "{connection.settings_dict["NAME"]}"'
            )
            .replace("stamkund_web", role)
        )
        cursor.execute(statements)
        cursor.execute(f"SET LOCAL ROLE {role}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


class TestTheRecord:
    @pytest.mark.parametrize("statement", TRIES.values(), ids=TRIES)
    def test_refuses_raw_sql_from_whoever_runs_the_web(self, entry, statement):
        with pytest.raises(DatabaseError, match="append-only"):
            run(statement)

        kept = ConsentEntry.objects.get()
        assert (kept.pk, kept.action, kept.at) == (entry.pk, "REFUSED", entry.at)


class TestTheOtherLedgers:
    @pytest.fixture
    def written(self, entry, programme, store, olga):
        """A member who used points, has a voucher and a stamp; and who looked."""
        member, till = entry.member, Till(programme, store)
        rule_with(programme)
        stamp_card(programme, olga)
        till.buy(member, coffee(), points=600)
        give_voucher(
            member=member,
            gift=Gift(Decimal(50)),
            reason="A late delivery",
            key="gift",
            staff=olga,
            now=BOUGHT_AT,
        )
        audit.record(programme=programme, actor=olga, action="looked", now=BOUGHT_AT)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in LEDGERS:
            assert rows_of(table)

    @pytest.mark.parametrize("table", LEDGERS)
    def test_are_changed_by_nobody_of_the_web(self, written, as_web, table):
        before = rows_of(table)

        change = f"UPDATE {table} SET {CHANGES[table]}"  # noqa: S608
        for statement in (
            change,
            f"SET LOCAL stamkund.merging = 'on'; {change}",
            f"DELETE FROM {table}",  # noqa: S608
        ):
            with pytest.raises(
                DatabaseError, match=r"append-only|permission denied|is refused"
            ):
                run(statement)

        assert rows_of(table) == before

    @pytest.mark.parametrize("table", LEDGERS)
    def test_keep_their_guards_from_the_web(self, written, as_web, table):
        for statement in (
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TABLE {table} CASCADE",
            "SET LOCAL session_replication_role = replica",
        ):
            with pytest.raises(DatabaseError, match=r"permission denied|must be"):
                run(statement)

    @pytest.mark.parametrize("table", LEDGERS)
    def test_refuse_to_be_emptied_whoever_asks(self, table):
        with pytest.raises(DatabaseError, match=f"{table} is append-only"):
            run(f"TRUNCATE {table} CASCADE")

    @pytest.mark.parametrize("table", LEDGERS)
    def test_cannot_be_emptied_by_the_webs_role(self, as_web, table):
        with pytest.raises(DatabaseError, match=r"permission denied|append-only"):
            run(f"TRUNCATE {table} CASCADE")


@pytest.mark.usefixtures("as_web")
class TestTheWebsRole:
    @pytest.mark.parametrize(
        "statement",
        [*TRIES.values(), *TRIES_OF_OWNERS.values()],
        ids=[*TRIES, *TRIES_OF_OWNERS],
    )
    def test_cannot(self, entry, statement):
        with pytest.raises(
            DatabaseError, match=r"append-only|permission denied|must be"
        ):
            run(statement)

        assert ConsentEntry.objects.get().action == "REFUSED"

    def test_can_add_to_it(self, entry):
        answer(entry.member, ConsentEntry.Action.WITHDRAWN, at=entry.at)

        assert ConsentEntry.objects.count() == 2

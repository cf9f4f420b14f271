"""A version that has not started is withdrawn; the database holds what may be."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from points.models import EarningRule, Entry
from points.programme import drafts, versions, withdrawing
from points.programme.withdrawing import HasStarted, IsFollowed, NotPublished
from points.services import RuleInvalid, post, publish_rule
from purchases.models import Receipt
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.purchases import TillClient, line, receipt
from tests.factories.stores import StoreFactory
from tests.points.programme.withdrawing.coming import (
    AFTER,
    STARTS,
    coming,
    soon,
    withdrawn,
)

pytestmark = pytest.mark.django_db


class TestWithdraw:
    def test_keeps_the_version_with_its_number(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert row.status == EarningRule.Status.WITHDRAWN
        assert (row.withdrawn_by, row.withdrawn_at) == (mia, now)
        assert (row.version, draft.version) == (2, 3)
        entry = AuditEntry.objects.get(action=withdrawing.WITHDRAWN)
        assert (entry.actor_id, entry.subject) == (mia.public_id, str(row.public_id))
        assert entry.data["version"] == 2

    def test_refuses_what_has_started(self, mia, now, in_force):
        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=in_force, staff=mia, now=now)

        in_force.refresh_from_db()
        assert in_force.status == EarningRule.Status.PUBLISHED
        assert not AuditEntry.objects.filter(action=withdrawing.WITHDRAWN).exists()

    def test_goes_by_the_clock_of_the_database(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(-1))

        # The server's clock stands still, long before the start.
        with pytest.raises(HasStarted):
            withdrawing.withdraw(
                version=row, staff=mia, now=datetime(2020, 1, 1, tzinfo=UTC)
            )

    def test_refuses_drafts_and_what_was_withdrawn(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        gone = withdrawn(programme, mia, now)

        for row in (draft, gone):
            with pytest.raises(NotPublished):
                withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_begins_with_the_last_one(self, programme, mia, now, in_force):
        first = coming(programme)
        # It was measured against the first, and says nothing of what came before.
        second = coming(programme, starts_at=STARTS + timedelta(days=30))

        with pytest.raises(IsFollowed):
            withdrawing.withdraw(version=first, staff=mia, now=now)
        for row in (second, first):
            withdrawing.withdraw(version=row, staff=mia, now=now)

        assert versions.list_versions(programme, now).newest == in_force

    def test_refuses_what_a_till_that_was_ahead_has_used(
        self, programme, mia, now, in_force
    ):
        row = coming(programme, starts_at=soon(300))
        post(
            member_id=MemberFactory(programme=programme).pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="early",
            at=row.starts_at,
            now=row.starts_at,
            rule_id=row.pk,
        )

        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_refuses_what_is_on_a_receipt_without_points(
        self, programme, mia, now, in_force, api_key, time_machine
    ):
        StoreFactory(programme=programme, code="101")
        row = coming(programme, starts_at=soon(300))
        time_machine.move_to(row.starts_at + timedelta(seconds=1))
        TillClient(api_key).record(receipt(line("1.00"), at=row.starts_at))
        assert Receipt.objects.get().rule == row

        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_makes_room_for_another_at_the_same_moment(
        self, programme, mia, now, in_force
    ):
        withdrawn(programme, mia, now)

        again = coming(programme)

        assert (again.version, again.starts_at) == (3, STARTS)

    def test_is_for_good(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(RuleInvalid):
            publish_rule(rule=row, now=now)


class TestRawSql:
    def refused(self, row, assignment):
        statement = sql.SQL("UPDATE points_earningrule SET {} WHERE id = {}").format(
            sql.SQL(assignment), row.pk
        )
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            connection.cursor().execute(statement)
        return refused.value.__cause__.sqlstate

    WITHDRAW = "status = 'WITHDRAWN', withdrawn_at = now()"

    def test_cannot_withdraw_after_the_start(self, programme, in_force):
        started = coming(programme, starts_at=soon(-1))

        assert self.refused(started, self.WITHDRAW) == "SKP07"
        assert self.refused(in_force, self.WITHDRAW) == "SKP07"

    @pytest.mark.parametrize(
        "assignment",
        [
            WITHDRAW + ", points_per_unit = 99",
            WITHDRAW + ", starts_at = starts_at + interval '1 day'",
            "status = 'DRAFT'",
            "title = 'other'",
        ],
    )
    def test_cannot_change_anything_with_it(self, programme, in_force, assignment):
        assert self.refused(coming(programme), assignment) == "23001"

    @pytest.mark.parametrize(
        "assignment",
        ["status = 'PUBLISHED', withdrawn_at = NULL", "title = 'other'"],
    )
    def test_cannot_bring_it_back_or_change_it(
        self, programme, mia, now, in_force, assignment
    ):
        assert self.refused(withdrawn(programme, mia, now), assignment) == "23001"

    def test_cannot_delete_it(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(DatabaseError), transaction.atomic():
            EarningRule.objects.filter(pk=row.pk).delete()

    def test_cannot_withdraw_a_draft(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert self.refused(draft, self.WITHDRAW) == "23001"

    def test_cannot_name_it_afterwards(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            post(
                member_id=MemberFactory(programme=programme).pk,
                kind=Entry.Kind.EARN,
                points=10,
                key="late",
                at=AFTER,
                now=AFTER,
                rule_id=row.pk,
            )

        # Whoever looked it up before tries again.
        assert refused.value.__cause__.sqlstate == "40001"

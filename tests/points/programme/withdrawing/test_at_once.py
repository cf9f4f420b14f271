"""Somebody withdraws a version while it begins, or another does the same."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from time import sleep

import pytest
from django.db import DatabaseError, connection, transaction

from points.models import EarningRule, Entry
from points.programme import drafts, versions, withdrawing
from points.programme.drafts import Start
from points.programme.withdrawing import HasStarted
from points.services import post
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.purchases import TillClient, line, receipt
from tests.factories.stores import ApiKeyFactory, StoreFactory
from tests.points.programme.withdrawing.coming import STARTS, coming, soon

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Two connections: one withdraws, another starts to use the version."""

    def together(self, *acts):
        barrier = Barrier(len(acts))
        outcomes = [None] * len(acts)

        def run(place, act):
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1")
                    barrier.wait(timeout=20)
                    act()
                outcomes[place] = "done"
            except HasStarted:
                outcomes[place] = "started"
            except DatabaseError as error:
                outcomes[place] = getattr(error.__cause__, "sqlstate", "error")
            finally:
                connection.close()

        threads = [
            Thread(target=run, args=(place, act)) for place, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return outcomes

    def use(self, member, row):
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="race",
            at=row.starts_at,
            now=row.starts_at,
            rule_id=row.pk,
        )

    def test_either_a_till_uses_it_or_it_is_withdrawn(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)

        def use():
            self.use(member, row)
            sleep(0.3)

        def withdraw():
            sleep(0.1)
            withdrawing.withdraw(version=row, staff=mia, now=now)

        # The till is first and takes its time: the withdrawal waits, and sees it.
        assert self.together(use, withdraw) == ["done", "started"]

    def test_a_till_that_comes_second_does_not_use_it(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def use():
            # It looked the version up before.
            sleep(0.1)
            self.use(member, row)

        assert self.together(withdraw, use) == ["done", "40001"]
        assert not Entry.objects.filter(rule=row).exists()

    def test_a_receipt_that_comes_second_goes_by_the_version_that_stays(
        self, programme, mia, in_force
    ):
        vera = MemberFactory(programme=programme)
        StoreFactory(programme=programme, code="101")
        row = coming(programme, starts_at=soon(300))
        key = ApiKeyFactory(programme=programme)
        now = datetime.now(UTC)
        answers = []

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.5)

        def sell():
            sleep(0.1)
            # The till's clock is five minutes ahead.
            body = receipt(line("100.00"), phone=vera.phone, at=row.starts_at)
            answers.append(TillClient(key).record(body))

        assert self.together(withdraw, sell) == ["done", "done"]
        assert answers[0]["pointsEarned"] == 100
        assert Receipt.objects.get().rule == in_force

    def test_without_the_guard_both_would_have_done_it(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)
        guard = "ALTER TABLE points_entry {} TRIGGER entry_version_is_held"

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def use():
            sleep(0.1)
            self.use(member, row)

        with connection.cursor() as cursor:
            cursor.execute(guard.format("DISABLE"))
        try:
            outcomes = self.together(withdraw, use)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(guard.format("ENABLE"))

        assert outcomes == ["done", "done"]

    def test_a_withdrawal_that_takes_until_the_start_is_undone(
        self, programme, mia, in_force
    ):
        row = coming(programme, starts_at=soon(0.6))

        def slow():
            withdrawing.withdraw(version=row, staff=mia, now=datetime.now(UTC))
            sleep(0.8)

        assert self.together(slow) == ["SKP07"]
        row.refresh_from_db()
        assert row.status == EarningRule.Status.PUBLISHED

    def test_nobody_publishes_after_one_that_is_being_withdrawn(
        self, programme, mia, now, in_force
    ):
        row = coming(programme)
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def publish():
            sleep(0.1)
            drafts.publish(
                draft=draft,
                start=Start(STARTS + timedelta(days=30)),
                staff=mia,
                now=now,
            )

        # It is measured against what is in force, not against what is gone.
        assert self.together(withdraw, publish) == ["done", "done"]
        draft.refresh_from_db()
        assert draft.status == EarningRule.Status.PUBLISHED
        assert versions.find_before(draft) == in_force

"""Two at the same moment: one code, one threshold, one card."""

from datetime import timedelta
from threading import Barrier, Event, Thread
from time import sleep
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from members.models import Member
from offers import erasure
from offers.models import MemberCard, Redemption, Voucher
from offers.vouchers import care, nightly, services
from offers.vouchers.services import Gift
from offers.vouchers.validity import CannotUse
from points.models import Account, Entry
from points.services import post
from points.terms import VoucherMode
from tests.factories.members import MemberFactory
from tests.factories.offers import (
    BOUGHT_AT,
    Till,
    coffee,
    kr,
    line,
    rule_with,
    stamp_card,
)

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Run acts at the same moment, each on a connection of its own; return outcomes."""
    barrier = Barrier(len(acts))
    outcomes = [None] * len(acts)

    def run(place, act):
        try:
            with transaction.atomic():
                # The snapshot and the connection are there before the start.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                barrier.wait(timeout=20)
                outcomes[place] = act() or "done"
        except DatabaseError as error:
            outcomes[place] = getattr(error.__cause__, "sqlstate", "error")
        except CannotUse as error:
            outcomes[place] = error.why.name
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def voucher(member):
    return services.give_voucher(
        member=member, gift=Gift(kr(50)), reason="", key="gift", now=BOUGHT_AT
    )


class TestTwoTills:
    def test_redeem_one_code_once(self, programme, member, voucher, store):
        till = Till(programme, store)

        outcomes = together(
            *[lambda: till.buy(member, line(), vouchers=[voucher.code]) and None] * 4
        )

        assert sorted(outcomes) == ["SKV02", "SKV02", "SKV02", "done"]
        assert Redemption.objects.count() == 1

    def test_would_both_use_it_without_the_lock(self, member, voucher):
        """The twin: looking first and using then, as the function would unlocked."""
        seen = Barrier(2)

        def use():
            found = Voucher.objects.get(pk=voucher.pk)
            seen.wait(timeout=20)
            if found.status == Voucher.Status.ISSUED:
                Redemption.objects.create(
                    voucher=found,
                    member=member,
                    receipt=uuid4(),
                    at=BOUGHT_AT,
                    recorded_at=BOUGHT_AT,
                    value=found.worth,
                )

        together(use, use)

        assert Redemption.objects.count() == 2

    def test_redeem_or_reserve_but_not_both(self, programme, member, voucher, store):
        till = Till(programme, store)

        outcomes = together(
            lambda: till.buy(member, vouchers=[voucher.code]) and None,
            lambda: (
                services.reserve_voucher(
                    programme_id=programme.pk,
                    code=voucher.code,
                    key="web",
                    now=BOUGHT_AT,
                )
                and None
            ),
        )

        voucher.refresh_from_db()
        # A reservation without a store belongs to the member's next receipt: it may
        # come first, but a used voucher is never reserved.
        assert voucher.status == Voucher.Status.USED
        assert outcomes[0] == "done"
        assert outcomes[1] in {"done", "USED"}


class TestTwoTaps:
    def test_choose_one_voucher(self, programme, member):
        rule = rule_with(programme, mode=VoucherMode.CHOICE)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=2000,
            key="start",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
        )

        outcomes = together(
            *[
                lambda: (
                    services.choose_voucher(
                        member=member,
                        points=500,
                        version=rule.version,
                        key="tap",
                        now=BOUGHT_AT,
                    )
                    and None
                )
            ]
            * 3
        )

        assert outcomes == ["done"] * 3
        assert Voucher.objects.count() == 1
        assert Account.objects.get(member=member).balance == 1500


class TestTwoPurchases:
    def test_issue_what_the_points_are_worth(self, programme, member, store):
        rule_with(programme)
        till = Till(programme, store)

        together(*[lambda: till.buy(member, points=300) and None] * 4)

        assert Voucher.objects.count() == 2
        assert Account.objects.get(member=member).balance == 200

    def test_stamp_one_card_with_both(self, programme, member, store, olga):
        stamp_card(programme, olga)
        till = Till(programme, store)

        together(*[lambda: till.buy(member, coffee(3)) and None] * 4)

        mine = MemberCard.objects.get()
        assert (mine.stamps, mine.rewards) == (12, 1)
        assert Voucher.objects.count() == 1

    def test_return_and_use_one_voucher(self, programme, member, store):
        """The voucher is withdrawn or used; if used, its points are owed."""
        rule_with(programme)
        till = Till(programme, store)
        bought = till.buy(member, line("500"), points=500)
        code = Voucher.objects.get().code

        outcomes = together(
            lambda: till.take_back(member, bought, points=500) and None,
            lambda: till.buy(member, vouchers=[code]) and None,
        )

        status = Voucher.objects.get().status
        balance = Account.objects.get(member=member).balance
        assert outcomes[0] == "done"
        assert (status, balance, outcomes[1]) in {
            ("VOID", 0, "SKV07"),
            ("USED", -500, "done"),
        }


DAY = timedelta(days=1)


class TestBesideAMerge:
    """A merge and an erasure hold the member first, then take accounts and vouchers."""

    @pytest.fixture
    def kept(self, programme):
        return MemberFactory(programme=programme)

    def beside(self, members, change, act):
        """Do `act` while a merge or an erasure holds the members, before its changes.

        Return the outcomes of both.
        """
        has_locked = Event()

        def merge():
            rows = Member.objects.select_for_update(of=("self",)).order_by("pk")
            list(rows.filter(pk__in=[each.pk for each in members]))
            has_locked.set()
            # Long enough for the other to come to whatever it waits for.
            sleep(0.3)
            change()

        def other():
            has_locked.wait(timeout=20)
            act()

        return together(merge, other)

    def hand_on(self, voucher, kept):
        return lambda: Voucher.objects.filter(pk=voucher.pk).update(member=kept)

    ACTS = {
        "redeem": lambda voucher, _olga: services.redeem_voucher(
            programme_id=voucher.programme_id,
            code=voucher.code,
            key="web",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
        ),
        "reserve": lambda voucher, _olga: services.reserve_voucher(
            programme_id=voucher.programme_id,
            code=voucher.code,
            key="web",
            now=BOUGHT_AT,
        ),
        "release": lambda voucher, _olga: services.release_voucher(
            programme_id=voucher.programme_id,
            code=voucher.code,
            key="web",
            now=BOUGHT_AT,
        ),
        "void": lambda voucher, olga: care.void_voucher(
            voucher=voucher, staff=olga, reason="", now=BOUGHT_AT
        ),
        "remind": lambda _voucher, _olga: nightly.run_nightly(now=BOUGHT_AT + 85 * DAY),
        "lapse": lambda _voucher, _olga: nightly.run_nightly(now=BOUGHT_AT + 95 * DAY),
    }

    @pytest.mark.parametrize("name", ACTS)
    def test_nobody_waits_for_the_other_in_a_circle(self, voucher, kept, olga, name):
        outcomes = self.beside(
            [voucher.member, kept],
            self.hand_on(voucher, kept),
            lambda: self.ACTS[name](voucher, olga),
        )

        assert outcomes == ["done", "done"]

    def test_the_use_is_the_kept_members(self, voucher, kept, olga):
        self.beside(
            [voucher.member, kept],
            self.hand_on(voucher, kept),
            lambda: self.ACTS["redeem"](voucher, olga),
        )

        assert Redemption.objects.get().member == kept
        assert set(voucher.log.values_list("kind", "member")) >= {("USED", kept.pk)}

    def test_they_would_wait_in_a_circle_voucher_first(self, voucher, kept):
        """The twin: the voucher is locked before its member."""

        def voucher_first():
            Voucher.objects.select_for_update().get(pk=voucher.pk)
            # As the foreign key of whatever is written next.
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM members_member WHERE id = %s FOR KEY SHARE",
                    [voucher.member_id],
                )

        outcomes = self.beside(
            [voucher.member, kept], self.hand_on(voucher, kept), voucher_first
        )

        assert "40P01" in outcomes

    @pytest.mark.parametrize("days", [85, 95], ids=["remind", "lapse"])
    def test_a_night_passes_by_whom_an_erasure_has(self, member, voucher, days):
        outcomes = self.beside(
            [member],
            lambda: erasure.withdraw(member, BOUGHT_AT),
            lambda: nightly.run_nightly(now=BOUGHT_AT + days * DAY),
        )

        assert outcomes == ["done", "done"]
        voucher.refresh_from_db()
        assert voucher.status == Voucher.Status.VOID

    def test_a_night_turns_no_points_of_whom_a_merge_has(self, programme, member, kept):
        """The merge takes the account that the night would use."""
        rule_with(programme)
        for each in (member, kept):
            post(
                member_id=each.pk,
                kind=Entry.Kind.EARN,
                points=600,
                key="start",
                at=BOUGHT_AT,
                now=BOUGHT_AT,
            )

        def step_aside():
            Member.objects.filter(pk=member.pk).update(
                status=Member.Status.MERGED,
                merged_into=kept,
                phone="",
                email="",
            )
            list(Account.objects.select_for_update().filter(member=member))

        outcomes = self.beside(
            [member, kept], step_aside, lambda: nightly.issue_due(now=BOUGHT_AT)
        )

        assert outcomes == ["done", "done"]
        assert [each.member for each in Voucher.objects.all()] == [kept]


def test_a_receipt_that_is_undone_leaves_nothing(member, voucher, store):
    """The server is restarted in the middle: the whole receipt is as never sent."""
    till = Till(member.programme, store)
    once = uuid4()
    with transaction.atomic():
        till.buy(member, vouchers=[voucher.code], id_=once)
        transaction.set_rollback(True)

    voucher.refresh_from_db()
    assert voucher.status == Voucher.Status.ISSUED
    till.buy(member, vouchers=[voucher.code], id_=once)
    assert Redemption.objects.count() == 1

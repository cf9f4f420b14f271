"""Vouchers in the trade's words: what receipts and returns do to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from consent.erasure import erase_member
from members.models import Event
from offers import erasure
from offers.models import Redemption, Voucher, VoucherEvent
from offers.vouchers import care, selectors, services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import Gift
from offers.vouchers.steps import steps_at
from offers.vouchers.validity import CannotUse, Why, refusing, why_not
from points import proof
from points.models import Account, Entry
from points.services import InsufficientPoints, post, settle
from points.terms import VoucherMode
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, back, kr, line, rule_with

pytestmark = pytest.mark.django_db
STATUS = Voucher.Status
DAY = timedelta(days=1)


def balance(member):
    return Account.objects.get(member=member).balance


def proven():
    found = proof.check()
    return not found.differences


def statuses(member):
    mine = Voucher.objects.filter(member=member).order_by("pk")
    return list(mine.values_list("status", flat=True))


def kinds_of(voucher):
    return list(voucher.log.order_by("pk").values_list("kind", flat=True))


def gift(member, value="50", *, now=BOUGHT_AT, key="gift", **changes):
    return services.give_voucher(
        member=member,
        gift=Gift(kr(value)),
        reason="A late delivery",
        key=key,
        now=now,
        **changes,
    )


class TestTurningPointsIntoVouchers:
    def test_happens_with_the_purchase_that_reaches_the_threshold(
        self, programme, member, till
    ):
        rule_with(programme)

        till.buy(member, points=499)
        assert not Voucher.objects.exists()
        till.buy(member, points=1)

        voucher = Voucher.objects.get()
        assert (voucher.value, voucher.points, voucher.origin) == (
            kr(50),
            500,
            "POINTS",
        )
        assert voucher.entry.kind == Entry.Kind.SPEND
        assert balance(member) == 0
        assert Event.objects.filter(kind="offers.voucher_issued").count() == 1
        assert proven()

    def test_takes_the_largest_step_first_and_leaves_what_is_over(
        self, programme, member, till
    ):
        rule_with(programme, steps=[(200, kr(20)), (500, kr(60))])

        till.buy(member, points=950)

        values = Voucher.objects.order_by("pk").values_list("value", flat=True)
        assert list(values) == [kr(60), kr(20), kr(20)]
        assert balance(member) == 50

    def test_leaves_it_to_the_member_where_they_choose(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)

        till.buy(member, points=5000)

        assert not Voucher.objects.exists()

    def test_waits_for_points_that_are_not_usable_yet(self, programme, member, till):
        rule_with(programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=500,
            key="waits",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
            active_from=BOUGHT_AT + 14 * DAY,
        )

        till.buy(member, line())
        assert not Voucher.objects.exists()
        run_nightly(now=BOUGHT_AT + 13 * DAY)
        assert not Voucher.objects.exists()
        settle(member_ids=[member.pk], now=BOUGHT_AT + 14 * DAY)
        made = run_nightly(now=BOUGHT_AT + 14 * DAY)

        assert made["issued"] == 1
        assert statuses(member) == ["ISSUED"]

    def test_gives_nothing_while_points_are_held(self, programme, member, till):
        rule_with(programme)
        member.held_until = BOUGHT_AT + 2 * DAY
        member.save()

        till.buy(member, points=500)
        assert not Voucher.objects.exists()
        run_nightly(now=BOUGHT_AT + 2 * DAY)

        assert statuses(member) == ["ISSUED"]

    def test_records_the_purchase_although_what_had_lapsed_was_counted(
        self, programme, member, till
    ):
        rule_with(programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=450,
            key="old",
            at=BOUGHT_AT - 30 * DAY,
            now=BOUGHT_AT - 30 * DAY,
            expires_at=BOUGHT_AT - DAY,
        )

        till.buy(member, points=60)

        assert not Voucher.objects.exists()
        assert balance(member) in {60, 510}


class TestChoosing:
    def choose(self, member, points=500, version=None, key="tap", now=BOUGHT_AT):
        version = version or steps_at(member, now)[0]
        return services.choose_voucher(
            member=member, points=points, version=version, key=key, now=now
        )

    def test_spends_points_for_a_voucher(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE, valid_days=90)
        till.buy(member, points=700)

        voucher = self.choose(member)

        assert (voucher.value, balance(member)) == (kr(50), 200)
        assert kinds_of(voucher) == ["ISSUED"]
        assert proven()

    def test_gives_one_for_two_taps(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=2000)

        first, second = self.choose(member), self.choose(member)

        assert first == second
        assert balance(member) == 1500

    def test_refuses_what_the_points_are_not_enough_for(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=499)

        with pytest.raises(InsufficientPoints):
            self.choose(member)

        assert not Voucher.objects.exists()
        assert balance(member) == 499

    def test_refuses_a_step_that_is_not_offered(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=900)

        with pytest.raises(services.NoSuchStep):
            self.choose(member, points=100)

    def test_refuses_what_was_shown_by_another_version(self, programme, member, till):
        rule = rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=900)

        with pytest.raises(services.NoSuchStep):
            self.choose(member, version=rule.version + 1)


class TestRedeemingByReceipt:
    def test_uses_the_voucher_with_the_purchase(self, member, till, store):
        voucher = gift(member)
        written = voucher.code.lower()

        bought = till.buy(
            member, line("249"), vouchers=[f"{written[:4]}-{written[4:]}"]
        )

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == (STATUS.USED, 0)
        assert (voucher.used_receipt, voucher.used_store) == (bought.id, store)
        assert kinds_of(voucher) == ["ISSUED", "USED"]

    def test_uses_it_once_for_a_receipt_that_is_sent_again(self, member, till):
        voucher = gift(member)

        first = till.buy(member, vouchers=[voucher.code])
        till.buy(member, vouchers=[voucher.code], id_=first.id)

        assert Redemption.objects.count() == 1
        assert kinds_of(voucher) == ["ISSUED", "USED"]

    @pytest.mark.parametrize(
        ("why", "spoil"),
        [
            (Why.USED, {"status": STATUS.USED, "used_at": BOUGHT_AT, "worth": 0}),
            (Why.WITHDRAWN, {"status": STATUS.VOID}),
            (Why.EXPIRED, {"grace_until": BOUGHT_AT, "expires_at": BOUGHT_AT}),
            (Why.NOT_YET, {"valid_from": BOUGHT_AT + DAY}),
            (
                Why.RESERVED,
                {
                    "status": STATUS.RESERVED,
                    "reserved_until": BOUGHT_AT + DAY,
                    "reserved_key": "web",
                },
            ),
        ],
        ids=lambda value: value.name if isinstance(value, Why) else "",
    )
    def test_refuses_one_that_cannot_be_used(
        self, member, till, other_store, why, spoil
    ):
        voucher = gift(member)
        if why is Why.RESERVED:
            spoil = {**spoil, "reserved_store": other_store}
        Voucher.objects.filter(pk=voucher.pk).update(**spoil)

        with pytest.raises(CannotUse) as caught, refusing(), transaction.atomic():
            till.buy(member, vouchers=[voucher.code])

        assert caught.value.why is why
        assert not Redemption.objects.exists()

    def test_refuses_an_unknown_code_and_another_members(self, programme, member, till):
        theirs = gift(MemberFactory(programme=programme))

        for code, why in (("0" * 12, Why.UNKNOWN), (theirs.code, Why.ANOTHERS)):
            with pytest.raises(CannotUse) as caught, refusing(), transaction.atomic():
                till.buy(member, vouchers=[code])
            assert caught.value.why is why

    def test_refuses_a_receipt_without_a_member(self, member, till):
        voucher = gift(member)

        with pytest.raises(CannotUse) as caught, refusing(), transaction.atomic():
            till.buy(None, vouchers=[voucher.code])

        assert caught.value.why is Why.ANOTHERS

    def test_refuses_a_discount_where_nothing_is_bought(self, member, till):
        voucher = gift(member)
        other = till.buy(member)

        with pytest.raises(CannotUse) as caught, refusing(), transaction.atomic():
            till.after(
                member,
                other.id.__class__(int=7),
                other.id,
                (back(1),),
                [voucher.code],
                BOUGHT_AT,
                BOUGHT_AT,
            )

        assert caught.value.why is Why.NEEDS_PURCHASE

    def test_refuses_goods_that_are_not_on_the_receipt(self, member, till):
        voucher = services.give_voucher(
            member=member,
            gift=Gift(
                Decimal(0),
                Voucher.Kind.GOODS,
                needs_purchase=False,
                goods={"groups": ["kaffe"]},
                texts={"sv": "en kaffe"},
            ),
            reason="",
            key="coffee",
            now=BOUGHT_AT,
        )

        with pytest.raises(CannotUse) as caught, refusing(), transaction.atomic():
            till.buy(member, line(group="te"), vouchers=[voucher.code])
        assert caught.value.why is Why.GOODS_MISSING
        till.buy(member, line("0", group="kaffe"), vouchers=[voucher.code])

        assert statuses(member) == ["USED"]

    def test_takes_an_offline_receipt_by_the_day_of_its_purchase(self, member, till):
        voucher = gift(member, valid_days=7, grace_days=0)
        later = BOUGHT_AT + 20 * DAY
        run_nightly(now=later)
        assert statuses(member) == ["LAPSED"]

        till.buy(member, vouchers=[voucher.code], at=BOUGHT_AT + 6 * DAY, now=later)

        assert statuses(member) == ["USED"]


class TestValidity:
    """Codes are valid to the end of the last day, in the club's own zone."""

    @pytest.mark.parametrize(
        ("zone", "last", "first_over"),
        [
            ("Europe/Stockholm", "2026-03-21T22:59:59", "2026-03-21T23:00:00"),
            ("Europe/Helsinki", "2026-03-21T21:59:59", "2026-03-21T22:00:00"),
            ("UTC", "2026-03-21T23:59:59", "2026-03-22T00:00:00"),
        ],
        ids=["Stockholm", "Helsinki", "UTC"],
    )
    def test_includes_the_last_day(
        self, programme, member, till, zone, last, first_over
    ):
        programme.time_zone = zone
        programme.save()
        voucher = gift(member, valid_days=7, grace_days=0)
        last = datetime.fromisoformat(last).replace(tzinfo=UTC)
        first_over = datetime.fromisoformat(first_over).replace(tzinfo=UTC)

        assert why_not(voucher, at=last, now=last) is None
        assert why_not(voucher, at=first_over, now=first_over) is Why.EXPIRED
        with pytest.raises(CannotUse), refusing(), transaction.atomic():
            till.buy(member, vouchers=[voucher.code], at=first_over)
        till.buy(member, vouchers=[voucher.code], at=last)

    @pytest.mark.parametrize(
        ("given", "last"),
        [
            # The clocks go forward on 29 March, and back on 25 October 2026.
            (datetime(2026, 3, 22, 12, tzinfo=UTC), "2026-03-29T21:59:59"),
            (datetime(2026, 10, 18, 12, tzinfo=UTC), "2026-10-25T22:59:59"),
            (datetime(2028, 2, 22, 12, tzinfo=UTC), "2028-02-29T22:59:59"),
        ],
        ids=["forward", "back", "29_February"],
    )
    def test_ends_at_midnight_on_days_of_another_length(self, member, given, last):
        voucher = gift(member, now=given, valid_days=7, grace_days=0)

        last = datetime.fromisoformat(last).replace(tzinfo=UTC)
        assert voucher.expires_at == last + timedelta(seconds=1)

    def test_is_the_same_in_every_channel(self, programme, member, till):
        voucher = gift(member, valid_days=7, grace_days=3)
        for days in (0, 7, 8, 10, 11):
            at = BOUGHT_AT + days * DAY
            at_till = voucher in selectors.usable_now(member, now=at)
            by_function = why_not(voucher, at=at, now=at) is None
            try:
                with transaction.atomic():
                    services.reserve_voucher(
                        programme_id=programme.pk, code=voucher.code, key="k", now=at
                    )
                    transaction.set_rollback(True)
                by_api = True
            except CannotUse:
                by_api = False
            try:
                with refusing(), transaction.atomic():
                    till.buy(member, vouchers=[voucher.code], at=at)
                    transaction.set_rollback(True)
                by_receipt = True
            except CannotUse:
                by_receipt = False

            assert [at_till, by_function, by_api, by_receipt] == [days <= 10] * 4

    def test_does_not_tell_members_of_the_grace(self, member):
        voucher = gift(member, valid_days=7, grace_days=14)
        on_day_9 = BOUGHT_AT + 9 * DAY

        assert selectors.shown_to_member(member, now=BOUGHT_AT + 7 * DAY) == [voucher]
        assert selectors.shown_to_member(member, now=on_day_9) == []
        assert selectors.usable_now(member, now=on_day_9) == [voucher]


class TestNights:
    def test_let_vouchers_lapse_and_keep_the_points(self, programme, member, till):
        rule_with(programme, valid_days=30, grace_days=14)
        till.buy(member, points=500)

        run_nightly(now=BOUGHT_AT + 44 * DAY)
        assert statuses(member) == ["ISSUED"]
        done = run_nightly(now=BOUGHT_AT + 45 * DAY)

        assert (done["lapsed"], statuses(member)) == (1, ["LAPSED"])
        assert balance(member) == 0
        assert run_nightly(now=BOUGHT_AT + 45 * DAY)["lapsed"] == 0

    def test_remind_once_a_week_before(self, member):
        gift(member, valid_days=30)

        for days in (10, 24, 25):
            run_nightly(now=BOUGHT_AT + days * DAY)

        assert Event.objects.filter(kind="offers.voucher_expires_soon").count() == 1

    def test_let_go_what_no_purchase_finished(self, programme, member):
        voucher = gift(member)
        services.reserve_voucher(
            programme_id=programme.pk, code=voucher.code, key="basket", now=BOUGHT_AT
        )

        done = run_nightly(now=BOUGHT_AT + timedelta(hours=1))

        assert done["let_go"] == 1
        assert statuses(member) == ["ISSUED"]


class TestGoodsComeBack:
    def test_makes_the_voucher_valid_again_for_a_fortnight(self, member, till):
        voucher = gift(member, valid_days=10, grace_days=0)
        bought = till.buy(member, line("249"), vouchers=[voucher.code])
        late = BOUGHT_AT + 40 * DAY

        till.take_back(member, bought, back(1, "249"), at=late)

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == (STATUS.ISSUED, kr(50))
        assert voucher.expires_at > late + 14 * DAY
        assert kinds_of(voucher)[-1] == "GIVEN_BACK"
        till.buy(member, vouchers=[voucher.code], at=late + 14 * DAY)
        assert statuses(member) == ["USED"]

    def test_gives_back_the_share_of_what_came_back(self, member, till):
        """A shirt of 300 and socks of 100, 40 kr off: the socks give back 10 kr."""
        voucher = gift(member, "40")
        bought = till.buy(member, line("300"), line("100"), vouchers=[voucher.code])

        till.take_back(member, bought, back(2, "100"))

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == (STATUS.ISSUED, kr(10))
        till.take_back(member, bought, back(1, "300"))
        voucher.refresh_from_db()
        assert voucher.worth == kr(40)

    def test_adds_up_to_the_whole_in_three_odd_parts(self, member, till):
        voucher = gift(member, "50")
        bought = till.buy(member, *[line("33.33")] * 3, vouchers=[voucher.code])

        for place in (2, 3, 1):
            till.take_back(member, bought, back(place, "33.33"))

        voucher.refresh_from_db()
        assert voucher.worth == kr(50)
        given = Redemption.objects.get()
        assert (given.given_back, given.is_undone) == (kr(50), True)

    def test_gives_nothing_twice_for_a_return_that_is_sent_again(self, member, till):
        voucher = gift(member, "40")
        bought = till.buy(member, line("300"), line("100"), vouchers=[voucher.code])

        first = till.take_back(member, bought, back(2, "100"))
        till.take_back(member, bought, back(2, "100"), id_=first)

        voucher.refresh_from_db()
        assert voucher.worth == kr(10)

    def test_gives_back_what_was_paid_in_full_by_the_voucher(self, member, till):
        voucher = gift(member, "50")
        bought = till.buy(member, line("0", quantity="2"), vouchers=[voucher.code])

        till.take_back(member, bought, back(1, "0", quantity="1"))

        voucher.refresh_from_db()
        assert voucher.worth == kr(25)

    def test_gives_both_back_when_two_were_used(self, member, till):
        vouchers = [gift(member, "50", key="a"), gift(member, "20", key="b")]
        bought = till.buy(
            member, line("300"), vouchers=[each.code for each in vouchers]
        )

        till.take_back(member, bought, back(1, "300"))

        assert [Voucher.objects.get(pk=each.pk).worth for each in vouchers] == [
            kr(50),
            kr(20),
        ]


class TestPointsComeBack:
    """Goods are returned whose points have become a voucher."""

    def test_withdraws_the_unused_voucher(self, programme, member, till):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)

        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["VOID"], 0)
        assert kinds_of(Voucher.objects.get()) == ["ISSUED", "WITHDRAWN"]
        assert proven()

    def test_gains_nothing_by_buying_and_returning_again_and_again(
        self, programme, member, till
    ):
        rule_with(programme)
        for _time in range(10):
            bought = till.buy(member, line("500"), points=500)
            till.take_back(member, bought, back(1, "500"), points=500)

        assert set(statuses(member)) == {"VOID"}
        assert balance(member) == 0

    def test_withdraws_only_as_many_as_it_needs(self, programme, member, till):
        """1 500 points are three vouchers; 600 go back: two are withdrawn."""
        rule_with(programme)
        bought = till.buy(member, line("600"), line("900"), points=1500)

        till.take_back(member, bought, back(1, "600"), points=600)

        assert statuses(member) == ["ISSUED", "VOID", "VOID"]
        assert balance(member) == 400
        assert proven()

    def test_leaves_a_debt_for_a_used_one(self, programme, member, till):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)
        code = Voucher.objects.get().code
        till.buy(member, line("80"), vouchers=[code])

        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["USED"], -500)
        till.buy(member, line("500"), points=500)
        assert (statuses(member), balance(member)) == (["USED"], 0)
        assert proven()

    def test_takes_what_is_in_vouchers_where_no_debt_may_arise(
        self, programme, member, till
    ):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)
        till.policy = "balance"

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT offers_before_reversal(%s, 500, NULL, NULL, %s, %s)",
                [member.pk, BOUGHT_AT, BOUGHT_AT],
            )
        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["VOID"], 0)

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
    def test_ends_the_same_in_any_order(self, programme, member, till, order):
        rule_with(programme)
        parts = (250, 450, 700)
        bought = till.buy(member, *[line(str(each)) for each in parts], points=1400)

        for place in order[:2]:
            till.take_back(
                member,
                bought,
                back(place + 1, str(parts[place])),
                points=parts[place],
            )
        till.take_back(
            member,
            bought,
            back(order[2] + 1, str(parts[order[2]])),
            points=parts[order[2]],
        )

        assert set(statuses(member)) == {"VOID"}
        assert balance(member) == 0
        assert proven()

    def test_gives_a_voucher_back_and_withdraws_it_for_the_same_goods(
        self, programme, member, till
    ):
        """The purchase that earned the voucher and the one it paid both come back."""
        rule_with(programme)
        earning = till.buy(member, line("500"), points=500)
        voucher = Voucher.objects.get()
        paid = till.buy(member, line("80"), vouchers=[voucher.code])
        till.take_back(member, earning, back(1, "500"), points=500)
        assert balance(member) == -500

        till.take_back(member, paid, back(1, "80"))

        assert (statuses(member), balance(member)) == (["VOID"], 0)
        assert proven()


class TestStaff:
    def test_withdraw_a_voucher_with_a_reason(self, member, olga, till):
        voucher = gift(member)

        care.void_voucher(
            voucher=voucher, staff=olga, reason="Given twice", now=BOUGHT_AT
        )

        assert statuses(member) == ["VOID"]
        last = voucher.log.order_by("-pk")[0]
        assert (last.kind, last.staff, last.reason) == ("VOIDED", olga, "Given twice")
        with pytest.raises(care.CannotChange):
            care.void_voucher(
                voucher=voucher, staff=olga, reason="Again", now=BOUGHT_AT
            )

    def test_make_one_valid_again_as_often_as_the_programme_lets(
        self, programme, member, olga
    ):
        rule_with(programme, reactivations=1)
        voucher = gift(member, valid_days=10, grace_days=0)
        later = BOUGHT_AT + 30 * DAY
        run_nightly(now=later)

        again = care.reactivate_voucher(
            voucher=voucher, staff=olga, reason="Was ill", now=later
        )

        assert (again.status, again.reactivations) == (STATUS.ISSUED, 1)
        assert why_not(again, at=later + 14 * DAY, now=later + 14 * DAY) is None
        run_nightly(now=later + 60 * DAY)
        with pytest.raises(care.CannotChange) as caught:
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="Again", now=later + 60 * DAY
            )
        assert caught.value.why == "too_often"

    def test_cannot_make_one_valid_that_is_or_was_used(self, member, olga, till):
        voucher = gift(member)
        with pytest.raises(care.CannotChange):
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="", now=BOUGHT_AT
            )
        till.buy(member, vouchers=[voucher.code])
        with pytest.raises(care.CannotChange):
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="", now=BOUGHT_AT + 200 * DAY
            )


class TestReserving:
    def reserve(self, voucher, key="basket-1", now=BOUGHT_AT, **more):
        return services.reserve_voucher(
            programme_id=voucher.programme_id,
            code=voucher.code,
            key=key,
            now=now,
            **more,
        )

    def redeem(self, voucher, key="basket-1", now=BOUGHT_AT):
        return services.redeem_voucher(
            programme_id=voucher.programme_id,
            code=voucher.code,
            key=key,
            at=now,
            now=now,
        )

    def test_keeps_others_away(self, member):
        voucher = gift(member)
        self.reserve(voucher)

        with pytest.raises(CannotUse) as caught:
            self.reserve(voucher, key="basket-2")
        assert caught.value.why is Why.RESERVED
        with pytest.raises(CannotUse):
            self.redeem(voucher, key="basket-2")
        assert self.redeem(voucher).status == STATUS.USED

    def test_ends_by_itself(self, member):
        voucher = gift(member)
        self.reserve(voucher)

        later = BOUGHT_AT + services.RESERVED_FOR
        self.reserve(voucher, key="basket-2", now=later)

        voucher.refresh_from_db()
        assert voucher.reserved_key == "basket-2"

    def test_is_let_go_by_its_own_purchase_only(self, member):
        voucher = gift(member)
        self.reserve(voucher)

        def release(key):
            return services.release_voucher(
                programme_id=voucher.programme_id,
                code=voucher.code,
                key=key,
                now=BOUGHT_AT,
            )

        with pytest.raises(services.NotReserved):
            release("basket-2")
        assert release("basket-1").status == STATUS.ISSUED
        assert release("basket-1").status == STATUS.ISSUED
        assert kinds_of(voucher) == ["ISSUED", "RESERVED", "RELEASED"]

    def test_takes_the_receipt_that_follows_the_web_shops_use(self, member, till):
        voucher = gift(member)
        self.redeem(voucher)

        bought = till.buy(member, line("249"), vouchers=[voucher.code])

        use = Redemption.objects.get()
        assert (use.receipt, use.amount) == (bought.id, kr(249))
        till.take_back(member, bought, back(1, "249"))
        assert statuses(member) == ["ISSUED"]

    def test_uses_nothing_again_for_a_repeated_key(self, member):
        voucher = gift(member)

        self.redeem(voucher)
        self.redeem(voucher)

        assert Redemption.objects.count() == 1


class TestTheLog:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE offers_voucherevent SET reason = 'x'",
            "UPDATE offers_voucherevent SET reason = '', value = value + 1",
            "DELETE FROM offers_voucherevent",
            "TRUNCATE offers_voucherevent",
        ],
        ids=["change", "blank and change", "delete", "empty"],
    )
    def test_only_grows(self, member, statement):
        gift(member)
        with connection.cursor() as cursor:
            # As after a commit: checks that wait would stop TRUNCATE by themselves.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert VoucherEvent.objects.count() == 1

    def test_codes_are_of_twelve_readable_signs_and_all_different(self, member):
        codes = {gift(member, key=str(n)).code for n in range(200)}

        assert len(codes) == 200
        assert not set("".join(codes)) & set("ILOU")


class TestErasing:
    def test_leaves_no_word_that_staff_wrote(self, member, olga):
        """Olga wrote who had called, and why the voucher was withdrawn."""
        voucher = gift(member)
        care.void_voucher(
            voucher=voucher, staff=olga, reason="Vera's son called", now=BOUGHT_AT
        )

        erase_member(member=member, now=BOUGHT_AT)

        log = VoucherEvent.objects.filter(voucher=voucher).order_by("pk")
        assert list(log.values_list("kind", "reason", "staff")) == [
            ("ISSUED", "", None),
            ("VOIDED", "", olga.pk),
        ]

    def test_withdraws_what_is_open_and_keeps_what_was_used(self, member, till):
        used, still = gift(member, key="used"), gift(member, key="open")
        till.buy(member, vouchers=[used.code])

        erasure.withdraw(member, BOUGHT_AT)

        assert [each.status for each in (_now(used), _now(still))] == ["USED", "VOID"]
        assert kinds_of(still) == ["ISSUED", "VOIDED"]


def _now(voucher):
    return Voucher.objects.get(pk=voucher.pk)

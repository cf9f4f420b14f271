"""Vouchers are used: by receipts, within their days, held by a basket."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from offers.models import Redemption, Voucher
from offers.vouchers import selectors, services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import Gift
from offers.vouchers.validity import CannotUse, Why, refusing, why_not
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, back, kr, line
from tests.offers.vouchers.asking import (
    DAY,
    STATUS,
    gift,
    kinds_of,
    statuses,
)

pytestmark = pytest.mark.django_db


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

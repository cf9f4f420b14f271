"""Vouchers on finished sales, in the trade's words: who used which, when and where."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from uuid import uuid4

import pytest
from django.urls import reverse

from consent.erasure import erase_member
from members import events
from members.models import Member
from offers.models import Redemption, Voucher
from offers.vouchers import care, services
from offers.vouchers.services import Gift
from points import proof
from points.models import Account, Entry
from points.reading import dump
from points.services import post
from points.terms import ReturnPolicy, Terms, VoucherMode, Vouchers, VoucherStep
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import (
    BOUGHT_AT,
    TillClient,
    line,
    receipt,
    return_line,
)
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db
VERA = "+46701740605"
BO = "+46701740606"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It is an hour after the purchases; tests move it on."""

    def set_to(moment):
        time_machine.move_to(moment, tick=False)

    set_to(BOUGHT_AT + HOUR)
    return set_to


@pytest.fixture
def stores(programme):
    """The shops in Uppsala and Gävle, and the web shop."""
    return {
        code: StoreFactory(programme=programme, code=code)
        for code in ("101", "102", "900")
    }


@pytest.fixture
def vera(programme, stores):
    return MemberFactory(programme=programme, phone=VERA)


@pytest.fixture
def till(api_key, vera):
    return TillClient(api_key)


@pytest.fixture
def web(client, api_key):
    """The web shop: reserves and uses vouchers before its receipt is sent."""

    def call(verb, voucher, purchase="basket-1", **more):
        return client.post(
            reverse(f"api-offers:voucher-{verb}", args=[voucher.code]),
            {"purchase": purchase, **more},
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {api_key.plain}",
                "Idempotency-Key": str(uuid4()),
            },
        )

    return call


@pytest.fixture
def automatic(programme):
    """500 points are a voucher of 50 kr, and nobody has to ask."""

    def publish(policy=ReturnPolicy.NEGATIVE, **more):
        terms = Terms(
            vouchers=Vouchers(mode=VoucherMode.AUTOMATIC, **more), returns=policy
        )
        return EarningRuleFactory(
            programme=programme, terms=dump(terms), published=True
        )

    return publish


def gift(member, value=50, **changes):
    return services.give_voucher(
        member=member,
        gift=changes.pop("gift", None) or Gift(Decimal(value)),
        reason="",
        key=str(uuid4()),
        now=changes.pop("now", BOUGHT_AT - DAY),
        **changes,
    )


def bought(*lines, phone=VERA, store="101", **changes):
    return receipt(*lines, phone=phone, storeExternalId=store, **changes)


def returned(sold, *lines, phone=VERA, **changes):
    return receipt(
        *lines,
        phone=phone,
        originalReceipt={"uniqueReceiptId": sold["uniqueReceiptId"]},
        **changes,
    )


def status(voucher):
    voucher.refresh_from_db()
    return voucher.status


def account(member):
    return Account.objects.get(member=member)


def refused(answer, code):
    assert answer.status_code == 422, answer.content.decode()
    assert [each["code"] for each in answer.json()["errors"]] == [code]
    return True


def warned(answer):
    """Tell whether a sale was recorded without a voucher that another one used."""
    assert answer.status_code == 201
    found = answer.json()["warnings"]
    return found == [{"pointer": "/vouchers/0", "code": "voucher_used"}]


class TestAUseByApi:
    """The web shop uses the voucher; its receipt comes later."""

    def test_is_not_taken_over_by_a_receipt_of_another_store(self, till, web, vera):
        voucher = gift(vera)
        web("redeem", voucher, storeExternalId="900")

        in_gavle = till.send(bought(store="102", vouchers=[voucher.code]))
        online = till.send(bought(store="900", vouchers=[voucher.code]))

        assert warned(in_gavle)
        assert online.status_code == 201
        assert Redemption.objects.get().store.code == "900"

    def test_belongs_to_the_receipt_that_names_its_purchase(self, till, web, vera):
        """The web shop named no store, and two of its baskets are under way."""
        voucher = gift(vera)
        web("redeem", voucher, "basket-1")

        other = till.send(
            bought(store="900", vouchers=[voucher.code], purchase="basket-2")
        )
        own = till.send(
            bought(store="900", vouchers=[voucher.code], purchase="basket-1")
        )

        assert warned(other)
        assert own.status_code == 201

    def test_is_known_again_whoever_the_receipt_names(self, till, web, vera):
        """Somebody uses the code without saying who they are."""
        voucher = gift(vera)
        web("redeem", voucher, storeExternalId="900")

        sold = till.record(bought(phone=None, store="900", vouchers=[voucher.code]))

        assert Redemption.objects.get().receipt == (
            Receipt.objects.get(unique_receipt_id=sold["uniqueReceiptId"]).public_id
        )

    def test_is_refused_for_a_buyer_who_is_another(self, programme, web, vera):
        voucher = gift(vera)
        bo = MemberFactory(programme=programme, phone=BO)

        for verb in ("reserve", "redeem"):
            answer = web(verb, voucher, memberId=str(bo.public_id))
            assert (answer.status_code, answer.json()["code"]) == (
                409,
                "voucher_not_theirs",
            )
        own = web("redeem", voucher, memberId=str(vera.public_id))

        assert own.json()["status"] == "USED"

    @pytest.mark.parametrize("said", ["x", 7, str(uuid4())], ids=["x", "7", "nobody"])
    def test_is_refused_for_a_buyer_nobody_knows(self, web, vera, said):
        answer = web("redeem", gift(vera), memberId=said)

        assert refused(answer, "unknown_member")

    def test_names_the_store_where_a_key_serves_some_only(
        self, api_key, stores, web, vera
    ):
        api_key.stores.set([stores["101"]])
        voucher = gift(vera)

        for verb in ("reserve", "redeem", "release"):
            answer = web(verb, voucher)
            assert refused(answer, "required")
            assert answer.json()["errors"][0]["pointer"] == "/storeExternalId"
        assert refused(web("redeem", voucher, storeExternalId="102"), "unknown_store")
        assert web("redeem", voucher, storeExternalId="101").status_code == 200

    @pytest.mark.parametrize(
        "changes",
        [{"status": "BLOCKED"}, {"status": "LEFT", "left_at": BOUGHT_AT - DAY}],
        ids=["blocked", "left"],
    )
    def test_is_refused_to_whom_is_no_member_any_more(self, web, vera, changes):
        voucher = gift(vera)
        Member.objects.filter(pk=vera.pk).update(**changes)

        for verb in ("reserve", "redeem"):
            answer = web(verb, voucher)
            assert (answer.status_code, answer.json()["code"]) == (
                409,
                "voucher_not_a_member",
            )


class TestASaleOfYesterday:
    """The till was offline. What happened after the sale refuses no receipt."""

    @pytest.fixture
    def late(self, clock):
        clock(BOUGHT_AT + 2 * DAY)

    def test_uses_a_voucher_that_staff_withdrew_since(self, till, vera, olga, late):
        voucher = gift(vera)
        care.void_voucher(
            voucher=voucher, staff=olga, reason="Given twice", now=BOUGHT_AT + DAY
        )

        till.record(bought(vouchers=[voucher.code]))

        assert status(voucher) == "USED"

    def test_is_refused_where_staff_had_withdrawn_it_before(self, till, vera, olga):
        voucher = gift(vera)
        care.void_voucher(
            voucher=voucher, staff=olga, reason="Given twice", now=BOUGHT_AT - HOUR
        )

        assert refused(till.send(bought(vouchers=[voucher.code])), "voucher_withdrawn")

    def test_takes_the_points_again_of_one_that_a_return_withdrew(
        self, till, vera, automatic, clock
    ):
        automatic()
        earning = bought(line("500.00"), at=BOUGHT_AT - DAY)
        till.record(earning)
        voucher = Voucher.objects.get()
        clock(BOUGHT_AT + DAY)
        till.record(returned(earning, return_line("500.00"), at=BOUGHT_AT + DAY))
        assert (status(voucher), account(vera).balance) == ("VOID", 0)

        till.record(bought(line("80.00", awardsBonus=False), vouchers=[voucher.code]))

        assert (status(voucher), account(vera).owed) == ("USED", 500)
        assert not proof.check().differences

    def test_comes_back_in_any_order_after_that(self, till, vera, automatic, clock):
        """Used, withdrawn and used again: its goods come back, and nothing breaks."""
        automatic()
        earning = bought(line("500.00"), at=BOUGHT_AT - DAY)
        till.record(earning)
        voucher = Voucher.objects.get()
        clock(BOUGHT_AT + DAY)
        till.record(returned(earning, return_line("500.00"), at=BOUGHT_AT + DAY))
        paid = bought(line("80.00", awardsBonus=False), vouchers=[voucher.code])
        till.record(paid)

        till.record(
            returned(paid, return_line("80.00", awardsBonus=False), at=BOUGHT_AT + DAY)
        )

        # The voucher is theirs again, and what it cost is owed.
        assert (status(voucher), voucher.worth) == ("ISSUED", 50)
        assert account(vera).owed == 500
        assert not proof.check().differences

    def test_uses_a_voucher_that_is_held_since(self, till, vera, late):
        voucher = gift(vera)
        hold(vera, since=BOUGHT_AT + DAY)

        till.record(bought(vouchers=[voucher.code]))

        assert status(voucher) == "USED"

    def test_is_refused_where_it_was_held_before(self, till, vera):
        voucher = gift(vera)
        hold(vera, since=BOUGHT_AT - HOUR)

        assert refused(till.send(bought(vouchers=[voucher.code])), "voucher_held")

    def test_comes_before_a_reservation_that_was_made_since(
        self, till, web, vera, late
    ):
        voucher = gift(vera)
        web("reserve", voucher, storeExternalId="900")

        till.record(bought(vouchers=[voucher.code]))

        assert status(voucher) == "USED"
        assert web("redeem", voucher, storeExternalId="900").status_code == 409

    def test_uses_the_voucher_of_who_left_since(self, till, vera, late):
        voucher = gift(vera)
        Member.objects.filter(pk=vera.pk).update(
            status=Member.Status.LEFT, left_at=BOUGHT_AT + DAY
        )

        till.record(bought(vouchers=[voucher.code]))

        assert status(voucher) == "USED"

    def test_is_recorded_although_its_member_was_erased_since(self, till, vera, late):
        voucher = gift(vera)
        erase_member(member=vera, now=BOUGHT_AT + DAY)

        answer = till.record(bought(vouchers=[voucher.code]))

        assert answer["isAnonymous"]
        assert status(voucher) == "VOID"
        assert not Redemption.objects.exists()


def hold(member, *, since):
    """Their number was changed, and what they own is held for a day."""
    events.record(
        member_id=member.pk, kind="member.contact_changed", at=since, now=since
    )
    Member.objects.filter(pk=member.pk).update(held_until=since + 3 * DAY)


class TestAnotherCurrency:
    def test_refuses_a_voucher_in_kronor_on_a_receipt_in_euro(self, till, vera):
        voucher = gift(vera)

        answer = till.send(bought(currency="EUR", vouchers=[voucher.code]))

        assert refused(answer, "voucher_other_currency")
        assert status(voucher) == "ISSUED"

    def test_counts_pieces_where_the_goods_come_back_in_it(self, till, vera):
        """Two shirts of 200 kr each; one comes back in Finland, for 18 euro."""
        voucher = gift(vera)
        sold = bought(line("400.00", quantity="2"), vouchers=[voucher.code])
        till.record(sold)

        till.record(
            returned(sold, return_line("18.00", originalLine=1), currency="EUR")
        )

        assert (status(voucher), voucher.worth) == ("ISSUED", 25)
        till.record(returned(sold, return_line("200.00", originalLine=1)))
        assert (status(voucher), voucher.worth) == ("ISSUED", 50)


class TestAVoucherOfGoods:
    def test_comes_back_with_the_free_goods_alone(self, till, vera):
        """A free coffee and a cake of 45 kr; the coffee comes back."""
        coffee = Gift(
            Decimal(35),
            Voucher.Kind.GOODS,
            needs_purchase=False,
            goods={"groups": ["kaffe"]},
            texts={"sv": "en kaffe"},
        )
        voucher = gift(vera, gift=coffee)
        sold = bought(
            line("0.00", articleGroup="Kaffe"),
            line("45.00", articleGroup="Bakverk"),
            vouchers=[voucher.code],
        )
        till.record(sold)

        till.record(returned(sold, return_line("45.00", originalLine=2)))
        assert status(voucher) == "USED"
        till.record(returned(sold, return_line("0.00", originalLine=1)))
        assert (status(voucher), voucher.worth) == ("ISSUED", 35)


class TestAnUsedVoucherIsWithdrawn:
    """500 points became V of 50 kr, which was used for B; A is what earned them."""

    @pytest.mark.parametrize(
        "order", sorted(set(permutations(("half", "half", "earning")))), ids=" ".join
    )
    def test_and_every_order_of_returns_ends_alike(self, till, vera, automatic, order):
        automatic()
        earning = bought(line("500.00"))
        till.record(earning)
        voucher = Voucher.objects.get()
        paid = bought(
            line("200.00", quantity="2", awardsBonus=False), vouchers=[voucher.code]
        )
        till.record(paid)

        for what in order:
            if what == "earning":
                till.record(returned(earning, return_line("500.00")))
            else:
                till.record(
                    returned(
                        paid,
                        return_line("100.00", awardsBonus=False, originalLine=1),
                    )
                )

        mine = account(vera)
        assert (mine.balance, mine.owed) == (0, 0)
        assert (status(voucher), voucher.worth) == ("VOID", 50)
        use = Redemption.objects.get()
        assert (use.given_back, use.is_undone) == (50, True)
        assert not proof.check().differences

    def test_and_a_return_that_is_sent_again_gives_nothing_twice(
        self, till, vera, automatic
    ):
        automatic()
        earning = bought(line("500.00"))
        till.record(earning)
        voucher = Voucher.objects.get()
        paid = bought(
            line("200.00", quantity="2", awardsBonus=False), vouchers=[voucher.code]
        )
        till.record(paid)
        half = return_line("100.00", awardsBonus=False, originalLine=1)
        till.record(returned(paid, half))
        till.record(returned(earning, return_line("500.00")))
        second = returned(paid, half)

        till.record(second)
        till.record(second)

        assert account(vera).owed == 0
        assert Entry.objects.filter(kind=Entry.Kind.RESTORE).count() == 2


class TestAReturnWithinTheBalance:
    def test_takes_what_is_in_vouchers_though_other_points_wait(
        self, till, vera, automatic
    ):
        """The points of yesterday's purchase wait: they are not this return's."""
        automatic(ReturnPolicy.BALANCE)
        earning = bought(line("500.00"))
        till.record(earning)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=700,
            key="waits",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
            active_from=BOUGHT_AT + 30 * DAY,
        )

        till.record(returned(earning, return_line("500.00")))

        assert Voucher.objects.get().status == "VOID"
        mine = account(vera)
        assert (mine.balance, mine.pending) == (700, 700)


class TestAnErasedMember:
    def test_gets_no_voucher_again_when_goods_come_back(self, till, vera):
        voucher = gift(vera)
        sold = bought(line("199.00"), vouchers=[voucher.code])
        till.record(sold)
        erase_member(member=vera, now=BOUGHT_AT + HOUR)

        till.record(returned(sold, return_line("199.00"), phone=None))

        assert status(voucher) == "USED"


class TestALapsedVoucher:
    def test_comes_back_with_the_share_of_the_return_alone(self, till, vera):
        """10 kr of 40 came back and lapsed; the shirt's 30 come back later."""
        voucher = gift(vera, 40)
        sold = bought(line("300.00"), line("100.00"), vouchers=[voucher.code])
        till.record(sold)
        till.record(returned(sold, return_line("100.00", originalLine=2)))
        Voucher.objects.filter(pk=voucher.pk).update(status=Voucher.Status.LAPSED)

        till.record(returned(sold, return_line("300.00", originalLine=1)))

        assert (status(voucher), voucher.worth) == ("ISSUED", 30)


class TestPointsThatLapse:
    def test_leave_enough_for_a_smaller_step(self, till, vera, automatic):
        automatic(steps=(VoucherStep(200, Decimal(20)), VoucherStep(500, Decimal(60))))
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=190,
            key="old",
            at=BOUGHT_AT - 30 * DAY,
            now=BOUGHT_AT - 30 * DAY,
            expires_at=BOUGHT_AT - DAY,
        )

        till.record(bought(line("350.00")))

        assert [each.value for each in Voucher.objects.all()] == [20]
        assert account(vera).balance == 150


class TestAReceiptSentAgain:
    def test_with_other_vouchers_is_another_receipt(self, till, vera):
        """Its hash was made with an earlier secret: what it says is compared."""
        first, second = gift(vera), gift(vera)
        sold = bought(vouchers=[first.code])
        till.record(sold)
        Receipt.objects.update(content_hash=b"earlier")

        swapped = till.send({**sold, "vouchers": [second.code]})
        without = till.send({**sold, "vouchers": []})
        same = till.send({**sold, "vouchers": [first.code.lower()]})

        for answer in (swapped, without):
            assert answer.status_code == 409
            assert answer.json()["differences"] == [{"pointer": "/vouchers"}]
        assert same.status_code == 201
        assert status(second) == "ISSUED"

"""Stamp cards in the trade's words: buy nine coffees, the tenth is on us."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from members.merging import merge_members, undo_merge
from members.models import Event
from offers.models import MemberCard, Stamp, StampCard, Voucher
from offers.stamps import selectors, sentences, services
from offers.vouchers.nightly import run_nightly
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, Till, back, coffee, kr, line, stamp_card

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def collected(member, card):
    mine = MemberCard.objects.get(member=member, card=card)
    return mine.stamps - mine.rewards * card.needed


def rewards(member):
    mine = Voucher.objects.filter(member=member).order_by("pk")
    return list(mine.values_list("status", flat=True))


def adds_up():
    """Tell whether every card is the sum of its stamps."""
    return all(
        mine.stamps
        == sum(
            Stamp.objects.filter(member=mine.member, card=mine.card).values_list(
                "number", flat=True
            )
        )
        for mine in MemberCard.objects.all()
    )


class TestStamping:
    def test_counts_items_and_gives_the_tenth(self, programme, member, till, olga):
        card = stamp_card(programme, olga)

        till.buy(member, coffee(8))
        assert (collected(member, card), rewards(member)) == (8, [])
        till.buy(member, coffee(2), line())

        assert (collected(member, card), rewards(member)) == (1, ["ISSUED"])
        voucher = Voucher.objects.get()
        assert (voucher.kind, voucher.texts["sv"]) == ("GOODS", "en kaffe")
        till.buy(member, coffee(1, "0.00"), vouchers=[voucher.code])
        # The coffee that was on the house gives no stamp.
        assert (collected(member, card), rewards(member)) == (1, ["USED"])

    def test_counts_purchases_where_the_card_does(self, programme, member, till, olga):
        card = stamp_card(programme, olga, counts=StampCard.Counts.VISITS, needed=3)

        for _time in range(2):
            till.buy(member, coffee(5), coffee(1))

        assert collected(member, card) == 2

    def test_gives_at_most_so_many_a_purchase(self, programme, member, till, olga):
        card = stamp_card(programme, olga, most_per_purchase=2)

        bought = till.buy(member, coffee(1), coffee(4))
        assert collected(member, card) == 2
        till.take_back(member, bought, back(2, quantity=3))
        assert collected(member, card) == 2
        till.take_back(member, bought, back(2, quantity=1))

        assert collected(member, card) == 1

    def test_counts_what_is_weighed_as_begun_pieces(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga)

        till.buy(member, coffee("0.350"))

        assert collected(member, card) == 1

    def test_stamps_several_cards_at_once(self, programme, member, till, olga):
        cards = [stamp_card(programme, olga), stamp_card(programme, olga, needed=5)]

        till.buy(member, coffee(3))

        assert [collected(member, each) for each in cards] == [3, 3]

    def test_stamps_once_for_a_receipt_that_is_sent_again(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga)

        bought = till.buy(member, coffee(3))
        till.buy(member, coffee(3), id_=bought.id)

        assert collected(member, card) == 3

    @pytest.mark.parametrize(
        "goods",
        [{"skus": ["K1"]}, {"categories": ["Varma drycker"]}, {"brands": ["Löfbergs"]}],
        ids=["sku", "category", "brand"],
    )
    def test_knows_goods_by_any_of_their_names(
        self, programme, member, till, olga, goods
    ):
        card = stamp_card(programme, olga, goods=goods)
        names = {"sku": "K1", "category": "varmadrycker", "brand": "löfbergs"}

        till.buy(member, line(**names), line())

        assert collected(member, card) == 1

    def test_begins_and_ends_with_the_clubs_days(self, programme, member, till, olga):
        # 14 March, the whole day in Stockholm.
        day = BOUGHT_AT.date()
        card = stamp_card(programme, olga, starts_on=day, ends_on=day)
        midnight = BOUGHT_AT.replace(hour=23, minute=0)

        till.buy(member, coffee(), at=midnight - DAY - timedelta(seconds=1))
        till.buy(member, coffee(), at=midnight)
        assert not MemberCard.objects.exists()
        till.buy(member, coffee(), at=midnight - DAY)
        till.buy(member, coffee(), at=midnight - timedelta(seconds=1))

        assert collected(member, card) == 2

    def test_tells_the_member(self, programme, member, till, olga):
        stamp_card(programme, olga)

        till.buy(member, coffee(2))

        event = Event.objects.get(kind="offers.stamped")
        assert (event.data["number"], event.data["collected"]) == (2, 2)


class TestReturns:
    def test_take_their_stamps_back(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        bought = till.buy(member, coffee(3), line())

        till.take_back(member, bought, back(1, quantity=2))
        till.take_back(member, bought, back(2))

        assert collected(member, card) == 1
        assert adds_up()

    def test_withdraw_an_unused_reward(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        till.buy(member, coffee(8))
        bought = till.buy(member, coffee(1))
        assert rewards(member) == ["ISSUED"]

        till.take_back(member, bought, back(1))

        assert (collected(member, card), rewards(member)) == (8, ["VOID"])
        till.buy(member, coffee(1))
        assert rewards(member) == ["VOID", "ISSUED"]

    def test_let_the_next_stamps_pay_a_used_one(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        bought = till.buy(member, coffee(9))
        till.buy(member, coffee(1, "0"), vouchers=[Voucher.objects.get().code])

        till.take_back(member, bought, back(1, quantity=9))
        assert (collected(member, card), rewards(member)) == (-9, ["USED"])
        till.buy(member, coffee(9))
        assert (collected(member, card), rewards(member)) == (0, ["USED"])
        till.buy(member, coffee(9))

        assert rewards(member) == ["USED", "ISSUED"]

    def test_of_the_reward_itself_settle_what_is_owed(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga)
        bought = till.buy(member, coffee(9))
        free = till.buy(member, coffee(1, "0"), vouchers=[Voucher.objects.get().code])
        till.take_back(member, bought, back(1, quantity=9))

        till.take_back(member, free, back(1, "0"))

        assert (collected(member, card), rewards(member)) == (0, ["VOID"])

    def test_count_once_when_sent_again(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        bought = till.buy(member, coffee(5))

        first = till.take_back(member, bought, back(1, quantity=2))
        till.take_back(member, bought, back(1, quantity=2), id_=first)

        assert collected(member, card) == 3

    def test_without_their_purchase_take_nothing(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        till.buy(member, coffee(5))

        till.take_back(member, None, back(None, quantity=2, group="kaffe"))

        assert collected(member, card) == 5

    def test_find_the_goods_where_the_return_names_no_line(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga)
        bought = till.buy(member, line(), coffee(5))

        till.take_back(member, bought, back(None, quantity=2, group="kaffe"))

        assert collected(member, card) == 3


class TestLapsing:
    def test_happens_at_the_end_of_the_day(self, programme, member, till, olga):
        card = stamp_card(programme, olga, valid_days=30)
        till.buy(member, coffee(4))
        till.buy(member, coffee(2), at=BOUGHT_AT + 10 * DAY)

        run_nightly(now=BOUGHT_AT + 30 * DAY)
        assert collected(member, card) == 6
        run_nightly(now=BOUGHT_AT + 31 * DAY)

        assert collected(member, card) == 2
        assert adds_up()

    def test_leaves_stamps_that_a_reward_has_used(self, programme, member, till, olga):
        card = stamp_card(programme, olga, valid_days=30)
        till.buy(member, coffee(8))
        till.buy(member, coffee(3), at=BOUGHT_AT + 20 * DAY)
        assert rewards(member) == ["ISSUED"]

        run_nightly(now=BOUGHT_AT + 31 * DAY)

        assert (collected(member, card), rewards(member)) == (2, ["ISSUED"])

    def test_is_settled_at_the_till_before_the_night_comes(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga, valid_days=30)
        till.buy(member, coffee(8))

        till.buy(member, coffee(1), at=BOUGHT_AT + 31 * DAY)

        assert (collected(member, card), rewards(member)) == (1, [])

    def test_is_put_right_when_lapsed_goods_come_back(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga, valid_days=30)
        bought = till.buy(member, coffee(4))
        run_nightly(now=BOUGHT_AT + 31 * DAY)

        till.take_back(member, bought, back(1, quantity=4), at=BOUGHT_AT + 40 * DAY)

        assert collected(member, card) == 0
        assert adds_up()


def _subsets(quantities):
    """Every single piece of every line, in some order, as returns of one piece."""
    return st.permutations(
        [place for place, quantity in enumerate(quantities) for _ in range(quantity)]
    )


class TestAnyOrder:
    @pytest.mark.parametrize("limit", [None, 2])
    def test_of_returns_ends_the_same(self, programme, olga, limit):
        card = stamp_card(programme, olga, needed=4, most_per_purchase=limit)
        quantities = [3, 1, 2]

        @settings(max_examples=12, deadline=None, database=None)
        @given(_subsets(quantities), st.integers(0, 6))
        def run(order, kept):
            member = MemberFactory(programme=programme)
            till = Till(programme)
            till.buy(member, coffee(3))
            bought = till.buy(member, *[coffee(each) for each in quantities])
            gone = order[: len(order) - kept]
            for place in gone:
                till.take_back(member, bought, back(place + 1))

            left = sum(quantities) - len(gone)
            stamps = (min(3, limit) if limit else 3) + (
                min(left, limit) if limit else left
            )
            mine = MemberCard.objects.get(member=member, card=card)
            assert (mine.stamps, mine.rewards) == (stamps, stamps // 4)
            assert rewards(member).count("ISSUED") == stamps // 4

        run()


class TestMerging:
    def test_adds_the_stamps_up_and_gives_the_reward_they_reach(
        self, programme, member, till, olga
    ):
        card = stamp_card(programme, olga)
        other = MemberFactory(programme=programme)
        till.buy(member, coffee(5))
        till.buy(other, coffee(6))

        merge = merge_members(
            kept=member, merged=other, staff=olga, reason="Same", now=BOUGHT_AT
        )

        assert (collected(member, card), rewards(member)) == (2, ["ISSUED"])
        undo_merge(merge=merge, staff=olga, now=BOUGHT_AT)
        assert (collected(member, card), collected(other, card)) == (5, 6)
        assert rewards(member) == ["VOID"]


class TestPublishing:
    def test_needs_words_in_every_language(self, programme, olga):
        card = stamp_card(programme, olga, published=False, bought={"sv": "kaffe"})

        with pytest.raises(services.CannotPublish) as caught:
            services.publish_card(card=card, staff=olga, now=BOUGHT_AT)

        assert caught.value.missing == ["bought_da", "bought_en"]

    def test_makes_the_terms_unchangeable(self, programme, olga):
        card = stamp_card(programme, olga)

        with pytest.raises(services.NotDraft):
            services.save_draft(
                programme=programme,
                card=card,
                values={"needed": 4},
                staff=olga,
                now=BOUGHT_AT,
            )
        for statement in (
            "UPDATE offers_stampcard SET needed = 4",
            "UPDATE offers_stampcard SET status = 'DRAFT'",
            "DELETE FROM offers_stampcard",
        ):
            with (
                pytest.raises(DatabaseError, match="never changes"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)

    def test_ends_with_the_day(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        till.buy(member, coffee(2))

        services.end_card(card=card, staff=olga, now=BOUGHT_AT + DAY)

        till.buy(member, coffee(1), at=BOUGHT_AT + DAY)
        till.buy(member, coffee(1), at=BOUGHT_AT + 2 * DAY)
        assert collected(member, card) == 3

    def test_copies_into_a_new_draft(self, programme, olga):
        card = stamp_card(programme, olga)

        draft = services.copy_card(card=card, staff=olga, now=BOUGHT_AT)

        assert (draft.status, draft.names) == ("DRAFT", card.names)
        assert draft.pk != card.pk


@pytest.fixture
def _english():
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("_english")
class TestSentence:
    def test_says_what_to_buy_and_what_is_free(self, programme, olga):
        card = stamp_card(programme, olga)

        assert sentences.sentence(card) == "Buy 9 coffees, number 10 is on us."

    def test_says_the_reward_where_it_is_something_else(self, programme, olga):
        card = stamp_card(
            programme,
            olga,
            reward_is_one_more=False,
            reward_kind=StampCard.Reward.MONEY,
            reward_value=kr(30),
        )

        assert sentences.sentence(card) == "Buy 9 coffees and get 30\xa0kr off."

    def test_says_only_the_conditions_there_are(self, programme, olga):
        plain = stamp_card(programme, olga)
        strict = stamp_card(programme, olga, most_per_purchase=2, valid_days=180)

        assert len(sentences.conditions(plain)) == 2
        assert sentences.conditions(strict)[:2] == [
            "You get at most 2 stamps each time you shop.",
            "A stamp is valid for 180 days.",
        ]


class TestFigures:
    def test_add_up(self, programme, member, till, olga):
        card = stamp_card(programme, olga)
        till.buy(member, coffee(10))

        found = selectors.figures_of(card)

        assert (found.members, found.stamps, found.rewards, found.used) == (
            1,
            10,
            1,
            0,
        )
        (progress,) = selectors.cards_of(member, now=BOUGHT_AT)
        assert (progress.collected, progress.circles.count(True)) == (1, 1)


class TestTheStamps:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE offers_stamp SET number = 9",
            "DELETE FROM offers_stamp",
            "TRUNCATE offers_stamp",
        ],
        ids=["change", "delete", "empty"],
    )
    def test_only_grow(self, programme, member, till, olga, statement):
        stamp_card(programme, olga)
        till.buy(member, coffee())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

"""Vouchers and stamp cards as staff, members, tills and other systems see them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from offers.models import StampCard, Voucher
from offers.vouchers import services
from offers.vouchers.services import Gift
from points.models import Account, Entry
from points.services import post
from points.terms import VoucherMode
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.offers import COFFEE, back, coffee, kr, rule_with, stamp_card
from tests.factories.portal import signed_in
from tests.factories.stores import ProgrammeFactory
from till.cards import card_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def gift(member, value="50", *, now=None, key=None, **changes):
    return services.give_voucher(
        member=member,
        gift=Gift(kr(value)),
        reason="A late delivery",
        key=key or str(uuid4()),
        now=now or datetime.now(UTC),
        **changes,
    )


def earn(member, points, now):
    post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=points,
        key="start",
        at=now,
        now=now,
    )


@pytest.fixture
def call(client, api_key):
    bearer = {"Authorization": f"Bearer {api_key.plain}"}

    def ask(name, *args, body=None, key=None):
        url = reverse(f"api-offers:{name}", args=args)
        if body is None:
            return client.get(url, headers=bearer)
        return client.post(
            url,
            body,
            content_type="application/json",
            headers={**bearer, "Idempotency-Key": key or str(uuid4())},
        )

    return ask


class TestDesk:
    def test_lists_vouchers_with_what_is_outstanding(
        self, programme, olga, desk_client
    ):
        client = desk_client(olga)
        url = reverse("offers:voucher-list")
        gift(MemberFactory(programme=programme))
        client.get(url)
        with CaptureQueriesContext(connection) as few:
            client.get(url)
        for _time in range(11):
            gift(MemberFactory(programme=programme))

        with CaptureQueriesContext(connection) as many:
            answer = client.get(url)

        assert answer.context["figures"].outstanding == kr(600)
        assert answer.context["figures"].with_purchase == kr(600)
        assert len(many) <= len(few) <= 18

    def test_asks_as_often_however_much_happened_to_a_voucher(
        self, olga, desk_client, member, till
    ):
        client = desk_client(olga)
        short, long = gift(member), gift(member)
        now = datetime.now(UTC)
        for _time in range(4):
            bought = till.buy(member, vouchers=[long.code], at=now)
            till.take_back(member, bought, at=now)

        asked = []
        for voucher in (short, short, long):
            with CaptureQueriesContext(connection) as queries:
                page = client.get(
                    reverse("offers:voucher-detail", args=[voucher.public_id])
                )
            asked.append(len(queries))

        assert len(page.context["log"]) > 4
        assert len(page.context["uses"]) == 4
        assert asked[2] <= asked[1]

    def test_finds_a_code_as_it_is_read_out(self, olga, desk_client, member):
        wanted = gift(member)
        gift(member)
        spoken = f"{wanted.code[:4]} {wanted.code[4:8]}-{wanted.code[8:]}".lower()

        answer = desk_client(olga).get(reverse("offers:voucher-list"), {"q": spoken})

        assert [row.record for row in answer.context["table"].rows] == [wanted]

    def test_shows_nothing_of_another_club(self, olga, desk_client):
        theirs = gift(MemberFactory(programme=ProgrammeFactory()))

        answer = desk_client(olga).get(
            reverse("offers:voucher-detail", args=[theirs.public_id])
        )

        assert answer.status_code == 404

    def test_withdraws_and_says_who_and_why(self, olga, desk_client, member):
        voucher = gift(member)
        url = reverse("offers:voucher-void", args=[voucher.public_id])
        client = desk_client(olga)
        assert client.post(url, {"reason": ""}).status_code == 422

        answer = client.post(url, {"reason": "Given twice"}, follow=True)

        assert "Given twice" in answer.content.decode()
        voucher.refresh_from_db()
        assert voucher.status == Voucher.Status.VOID
        assert AuditEntry.objects.filter(action="offers.voucher_voided").count() == 1

    def test_makes_a_lapsed_one_valid_again(self, olga, desk_client, member):
        old = datetime.now(UTC) - 200 * DAY
        voucher = gift(member, now=old, valid_days=10)
        client = desk_client(olga)
        page = reverse("offers:voucher-detail", args=[voucher.public_id])
        seen = client.get(page).context
        assert seen["may_reactivate"]
        # It says so before the night in which it lapses.
        assert seen["status"] == Voucher.Status.LAPSED.label

        client.post(
            reverse("offers:voucher-reactivate", args=[voucher.public_id]),
            {"reason": "Was ill"},
        )

        voucher.refresh_from_db()
        assert voucher.expires_at > datetime.now(UTC) + 13 * DAY
        assert not client.get(page).context["may_reactivate"]
        assert client.get(page).context["status"] == Voucher.Status.ISSUED.label

    def test_lets_marketers_look_and_not_change(self, mia, desk_client, member):
        voucher = gift(member)
        client = desk_client(mia)
        page = client.get(reverse("offers:voucher-detail", args=[voucher.public_id]))

        assert not page.context["may_void"]
        denied = client.post(
            reverse("offers:voucher-void", args=[voucher.public_id]), {"reason": "x"}
        )
        assert denied.status_code == 403

    def test_shows_a_members_vouchers_and_cards(
        self, olga, desk_client, programme, member, till
    ):
        stamp_card(programme, olga, now=datetime.now(UTC))
        till.buy(member, coffee(3), at=datetime.now(UTC))
        gift(member)

        answer = desk_client(olga).get(
            reverse("offers:member-panel", args=[member.public_id]),
            headers={"HX-Request": "true"},
        )

        (progress,) = answer.context["cards"]
        assert (progress.collected, progress.needed) == (3, 9)
        assert "Kaffekortet" in answer.content.decode()
        assert len(answer.context["open"]) == 1

    def test_says_what_is_owed_in_vouchers_beside_the_points(
        self, olga, desk_client, member
    ):
        gift(member)
        client = desk_client(olga)

        page = client.get(reverse("points:liability"))
        panel = client.get(
            reverse("offers:liability-panel"), headers={"HX-Request": "true"}
        )

        assert reverse("offers:liability-panel") in page.content.decode()
        assert panel.context["owed"].total == kr(50)


CARD = {
    "names_sv": "Kaffekortet",
    "names_da": "Kaffekortet",
    "names_en": "The coffee card",
    "bought_sv": "kaffe",
    "bought_da": "kaffe",
    "bought_en": "coffees",
    "counts": "ITEMS",
    "needed": "9",
    "starts_on": "2026-03-01",
    "groups": "Kaffe, Te & annat",
    "reward": "ONE_MORE",
    "reward_texts_sv": "en kaffe",
    "reward_texts_da": "en kaffe",
    "reward_texts_en": "a coffee",
    "reward_value": "35,50",
    "reward_valid_days": "60",
}


class TestCardsAtTheDesk:
    def test_are_written_read_and_published(self, mia, desk_client):
        client = desk_client(mia)

        saved = client.post(reverse("offers:card-new"), CARD, follow=True)

        card = StampCard.objects.get()
        assert card.fits["groups"] == ["kaffe", "teannat"]
        assert card.reward_value == Decimal("35.50")
        said = [sentence for _l, _n, sentence, _c in saved.context["said"]]
        assert said[2] == "Buy 9 coffees, number 10 is on us."
        client.post(reverse("offers:card-publish", args=[card.public_id]))
        card.refresh_from_db()
        assert card.status == StampCard.Status.PUBLISHED
        assert AuditEntry.objects.filter(action="offers.stampcard_published").exists()

    def test_keep_what_was_typed_when_something_is_wrong(self, mia, desk_client):
        answer = desk_client(mia).post(
            reverse("offers:card-new"), {**CARD, "ends_on": "2026-02-01"}
        )

        assert answer.status_code == 422
        assert "Te &amp; annat" in answer.content.decode()
        assert not StampCard.objects.exists()

    def test_are_not_published_without_words(self, mia, desk_client):
        client = desk_client(mia)
        client.post(reverse("offers:card-new"), {**CARD, "bought_da": ""})
        card = StampCard.objects.get()

        page = client.get(reverse("offers:card-detail", args=[card.public_id]))
        client.post(reverse("offers:card-publish", args=[card.public_id]))

        assert len(page.context["missing"]) == 1
        card.refresh_from_db()
        assert card.status == StampCard.Status.DRAFT

    def test_that_are_published_are_copied_to_change_them(
        self, programme, mia, desk_client
    ):
        card = stamp_card(programme, mia)
        client = desk_client(mia)

        refused = client.get(reverse("offers:card-edit", args=[card.public_id]))
        copied = client.post(reverse("offers:card-copy", args=[card.public_id]))

        assert refused.status_code == 302
        draft = StampCard.objects.get(status="DRAFT")
        assert str(draft.public_id) in copied["Location"]
        form = client.get(copied["Location"])
        assert 'value="Kaffe"' in form.content.decode()

    def test_end_at_once(self, programme, mia, desk_client):
        card = stamp_card(programme, mia)
        client = desk_client(mia)

        client.post(reverse("offers:card-end", args=[card.public_id]))
        client.post(reverse("offers:card-end", args=[card.public_id]))

        card.refresh_from_db()
        assert card.status == StampCard.Status.ENDED

    def test_are_listed_with_their_sentences(
        self, programme, mia, member, till, desk_client, django_assert_max_num_queries
    ):
        for needed in range(3, 9):
            stamp_card(programme, mia, needed=needed)
        bought = till.buy(member, coffee(2))
        till.buy(MemberFactory(programme=programme), coffee())
        till.take_back(member, bought, back(1, "70.00", "2", group=COFFEE))
        client = desk_client(mia)
        client.get(reverse("offers:card-list"))

        with django_assert_max_num_queries(9):
            answer = client.get(reverse("offers:card-list"))

        assert len(answer.context["rows"]) == 6
        # As the page of each card counts them: those who have stamps.
        assert {row["card"].collectors for row in answer.context["rows"]} == {1}


class TestPortal:
    @pytest.fixture
    def now(self):
        return datetime.now(UTC)

    @pytest.fixture
    def phone(self, member, now):
        return signed_in(member, now=now)

    def test_shows_what_can_be_used_with_its_code(self, phone, member):
        voucher = gift(member)
        theirs = gift(MemberFactory(programme=member.programme))

        listed = phone.get(reverse("portal:vouchers")).content.decode()
        shown = phone.get(reverse("portal:voucher", args=[voucher.public_id]))

        assert str(voucher.public_id) in listed
        assert voucher.code[:4] in shown.content.decode()
        assert "<svg" in shown.content.decode()
        other = phone.get(reverse("portal:voucher", args=[theirs.public_id]))
        assert other.status_code == 404

    def test_lets_a_member_choose_in_two_taps(self, phone, programme, member, now):
        rule_with(programme, mode=VoucherMode.CHOICE)
        earn(member, 700, now)
        url = reverse("portal:voucher-choose", args=[500])

        asked = phone.get(url)
        form = {"version": asked.context["version"], "key": str(asked.context["key"])}
        phone.post(url, form)
        phone.post(url, form)

        assert Voucher.objects.count() == 1
        assert Account.objects.get(member=member).balance == 200

    def test_changes_nothing_by_looking(self, phone, programme, member, now):
        rule_with(programme, mode=VoucherMode.CHOICE)
        earn(member, 700, now)

        phone.get(reverse("portal:voucher-choose", args=[500]))

        assert not Voucher.objects.exists()

    @pytest.mark.parametrize(
        "spoiled", [{"version": "99"}, {"key": "x"}, {"version": ""}], ids=str
    )
    def test_refuses_what_no_page_of_ours_sends(
        self, phone, programme, member, now, spoiled
    ):
        rule_with(programme, mode=VoucherMode.CHOICE)
        earn(member, 700, now)
        form = {"version": "1", "key": str(uuid4()), **spoiled}

        answer = phone.post(reverse("portal:voucher-choose", args=[500]), form)

        assert answer.status_code == 302
        assert not Voucher.objects.exists()

    @pytest.mark.parametrize(
        ("mode", "said", "unsaid"),
        [
            (VoucherMode.CHOICE, "Choose a voucher", "Your points are enough for 1"),
            (VoucherMode.AUTOMATIC, "it is here tomorrow", "Choose a voucher"),
        ],
    )
    def test_says_once_how_points_become_a_voucher(
        self, phone, programme, member, now, settings, mode, said, unsaid
    ):
        phone.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        rule_with(programme, mode=mode)
        earn(member, 700, now)

        home = phone.get(reverse("portal:home")).content.decode()

        assert said in home
        assert unsaid not in home

    def test_offers_no_choice_where_nobody_chooses(self, phone, programme, member):
        rule_with(programme)

        answer = phone.get(reverse("portal:voucher-choose", args=[500]))

        assert answer.status_code == 404

    def test_shows_the_circles_of_a_card(
        self, phone, programme, member, olga, till, now, settings
    ):
        phone.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        stamp_card(programme, olga, now=now)
        till.buy(member, coffee(4), at=now)

        home = phone.get(reverse("portal:home")).content.decode()
        cards = phone.get(reverse("portal:stamp-cards")).content.decode()

        assert home.count("stamp--full") == 4
        assert "4 of 9 stamps" in cards
        assert "If you return something, its stamp goes too." in cards

    def test_asks_the_database_little(
        self, phone, member, django_assert_max_num_queries
    ):
        for _time in range(15):
            gift(member)
        phone.get(reverse("portal:vouchers"))

        with django_assert_max_num_queries(10):
            phone.get(reverse("portal:vouchers"))


class TestTill:
    @pytest.mark.parametrize(
        ("mode", "usable"),
        [
            (VoucherMode.CHOICE, "Enough points for 1 voucher of 50\xa0kr"),
            # It comes at night, and is not to be had at this purchase.
            (VoucherMode.AUTOMATIC, ""),
        ],
    )
    def test_promises_only_what_can_be_had(self, programme, member, mode, usable):
        now = datetime.now(UTC)
        rule_with(programme, mode=mode)
        earn(member, 700, now)

        assert card_of(member, now=now).usable == usable

    def test_shows_what_this_purchase_may_use(self, programme, member, olga, till):
        now = datetime.now(UTC)
        stamp_card(programme, olga, now=now)
        till.buy(member, coffee(2), at=now)
        voucher = gift(member, now=now)
        used = gift(member, now=now)
        till.buy(member, vouchers=[used.code], at=now)

        card = card_of(member, now=now)

        assert [each.code.replace("-", "") for each in card.vouchers] == [voucher.code]
        assert card.vouchers[0].title == "50\xa0kr"
        assert [each.collected for each in card.stamp_cards] == [2]

    def test_asks_the_same_for_one_voucher_as_for_many(self, member):
        now = datetime.now(UTC)
        gift(member, now=now)
        few = len(_asked(member, now))
        for _time in range(20):
            gift(member, now=now)

        assert len(_asked(member, now)) == few


def _asked(member, now):
    with CaptureQueriesContext(connection) as asked:
        card_of(member, now=now)
    return list(asked)


class TestApi:
    def test_reads_a_voucher_by_its_code(self, call, member):
        voucher = gift(member)

        answer = call("voucher", voucher.code.lower())

        assert answer.status_code == 200
        body = answer.json()
        assert (body["worth"], body["status"], body["usableNow"]) == (
            "50.00",
            "ISSUED",
            True,
        )

    def test_knows_no_voucher_of_another_club(self, call):
        theirs = gift(MemberFactory(programme=ProgrammeFactory()))

        answer = call("voucher", theirs.code)

        assert (answer.status_code, answer.json()["code"]) == (404, "voucher_unknown")

    def test_reserves_uses_and_answers_a_repeat_the_same(self, call, member):
        voucher = gift(member)
        basket = {"purchase": "basket-1"}

        held = call("voucher-reserve", voucher.code, body=basket)
        other = call("voucher-redeem", voucher.code, body={"purchase": "basket-2"})
        used = call("voucher-redeem", voucher.code, body=basket, key="redeem-one")
        again = call("voucher-redeem", voucher.code, body=basket, key="redeem-one")

        assert held.json()["status"] == "RESERVED"
        assert (other.status_code, other.json()["code"]) == (409, "voucher_reserved")
        assert used.json()["status"] == "USED"
        assert again.json() == used.json()
        assert again["Idempotency-Replayed"] == "true"

    def test_lets_go_what_is_not_used(self, call, member):
        voucher = gift(member)
        call("voucher-reserve", voucher.code, body={"purchase": "basket-1"})

        refused = call("voucher-release", voucher.code, body={"purchase": "other"})
        freed = call("voucher-release", voucher.code, body={"purchase": "basket-1"})

        assert refused.json()["code"] == "voucher_not_reserved"
        assert freed.json()["status"] == "ISSUED"

    @pytest.mark.parametrize(
        "body",
        [{}, {"purchase": ""}, {"purchase": 7}, {"purchase": "x" * 97}, []],
        ids=["nothing", "empty", "number", "long", "list"],
    )
    def test_refuses_what_names_no_purchase(self, call, member, body):
        voucher = gift(member)

        answer = call("voucher-reserve", voucher.code, body=body)

        assert answer.status_code == 422
        voucher.refresh_from_db()
        assert voucher.status == Voucher.Status.ISSUED

    def test_tells_what_a_member_may_use_and_collects(
        self, call, programme, member, olga, till
    ):
        now = datetime.now(UTC)
        voucher = gift(member, now=now)
        stamp_card(programme, olga, now=now)
        till.buy(member, coffee(2), at=now)

        found = call("member-vouchers", member.public_id).json()["vouchers"]
        cards = call("member-stamp-cards", member.public_id).json()["stampCards"]

        assert [each["code"] for each in found] == [voucher.code]
        assert [(each["collected"], each["needed"]) for each in cards] == [(2, 9)]

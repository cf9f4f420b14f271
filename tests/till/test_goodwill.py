"""Making something good at the till: a reason, an amount, and it is there."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from members.merging import merge_members
from members.models import Member
from offers.models import Voucher
from points.models import Account, GoodwillGrant, GoodwillReason, GoodwillUse
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.goodwill import allow, ask, give
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory
from tests.till.conftest import PIN
from till import goodwill

pytestmark = pytest.mark.django_db
WRONG_PIN = "4862"


@pytest.fixture
def vera(programme):
    EarningRuleFactory(programme=programme, published=True)
    return MemberFactory(
        programme=programme, first_name="Vera", last_name="Ek", phone="+46701740605"
    )


@pytest.fixture
def mona(store, with_pin):
    """The manager of the store."""
    person = StaffFactory(name="Mona Falk", role=Role.STORE_MANAGER, store=store)
    return with_pin(person)


@pytest.fixture(autouse=True)
def _in_english(till_client):
    till_client.cookies["language"] = "en"


def get(client, address, *, htmx=True):
    headers = {"hx-request": "true"} if htmx else {}
    return client.get(address, headers=headers)


def post(client, address, *, htmx=True, **typed):
    headers = {"hx-request": "true"} if htmx else {}
    return client.post(address, typed, headers=headers)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def outcome(answer):
    return re.search(r'data-outcome="(\w+)"', text(answer))[1]


def address(member, reason="long-queue", end=""):
    return f"/till/goodwill/{member.public_id}/{reason}/{end}"


def tap(client, member, amount, key=None, **more):
    return post(client, address(member), amount=amount, key=key or uuid4(), **more)


class TestGive:
    def test_gives_it_to_who_was_kept_while_the_amounts_were_shown(
        self, programme, store, olga, vera
    ):
        allow(programme)
        double = MemberFactory(programme=programme)
        asked = ask(double, store, olga, 50)
        merge_members(
            kept=vera,
            merged=Member.objects.get(pk=double.pk),
            staff=None,
            now=timezone.now(),
        )

        given = goodwill.give(asked, goodwill.Form.POINTS, now=timezone.now())

        assert given.member_id == vera.pk
        assert Account.objects.get(member=vera).balance == 500


class TestWayThere:
    def test_begins_on_the_member_s_answer(self, till_client, vera):
        answer = text(post(till_client, "/till/find/", number="0701740605"))

        assert f'href="/till/goodwill/{vera.public_id}/"' in answer

    def test_asks_for_the_reason_first(self, till_client, vera):
        answer = get(till_client, f"/till/goodwill/{vera.public_id}/")

        assert outcome(answer) == "goodwill_reasons"
        for name in ("long-queue", "wrong-price", "other-help"):
            assert address(vera, name) in text(answer)

    def test_leaves_out_reasons_that_are_not_in_use(self, till_client, vera):
        GoodwillReason.objects.filter(key="wrong-price").update(is_active=False)

        answer = get(till_client, f"/till/goodwill/{vera.public_id}/")

        assert "wrong-price" not in text(answer)
        assert get(till_client, address(vera, "wrong-price")).status_code == 404

    def test_shows_amounts_in_points_and_kronor_and_what_is_left(
        self, till_client, vera
    ):
        answer = text(get(till_client, address(vera)))

        assert "50 kr" in answer
        assert "500 points" in answer
        assert "You can give at most 100 kr at once." in answer

    def test_works_without_scripts_too(self, till_client, vera):
        assert "<html" in text(get(till_client, address(vera), htmx=False))
        assert "<html" not in text(get(till_client, address(vera)))
        done = post(
            till_client, address(vera), htmx=False, amount="50", key=str(uuid4())
        )
        assert outcome(done) == "goodwill_done"

    @pytest.mark.parametrize("trait", ["pending", "left", "blocked", "erased"])
    def test_is_closed_for_who_is_no_member(self, programme, till_client, trait):
        member = MemberFactory(programme=programme, **{trait: True})

        answer = get(till_client, f"/till/goodwill/{member.public_id}/")

        assert answer.status_code == 404

    def test_is_closed_for_another_club_s_members(self, till_client):
        member = MemberFactory(programme=ProgrammeFactory())

        answer = get(till_client, f"/till/goodwill/{member.public_id}/")

        assert answer.status_code == 404

    def test_says_so_before_the_club_has_begun(self, programme, till_client):
        member = MemberFactory(programme=programme)

        answer = text(get(till_client, address(member)))

        assert "have not begun yet" in answer


class TestAmount:
    def test_is_given_at_one_tap(self, till_client, vera, carl, store):
        answer = tap(till_client, vera, "50")

        assert outcome(answer) == "goodwill_done"
        assert "500 points" in text(answer)
        given = GoodwillGrant.objects.get()
        assert (given.staff, given.store, given.worth) == (carl, store, 50)
        assert Account.objects.get(member=vera).balance == 500

    def test_is_given_once_for_a_double_tap(self, till_client, vera):
        key = uuid4()

        for _tap in range(2):
            assert outcome(tap(till_client, vera, "50", key)) == "goodwill_done"

        assert Account.objects.get(member=vera).balance == 500

    def test_stays_when_another_tile_is_tapped_on_the_same_screen(
        self, till_client, vera
    ):
        key = uuid4()
        tap(till_client, vera, "50", key)

        for amount in ("10", "100"):
            answer = tap(till_client, vera, amount, key)
            assert "500 points" in text(answer)

        assert Account.objects.get(member=vera).balance == 500

    def test_above_what_is_left_says_what_is(self, programme, till_client, vera):
        allow(programme, staff_per_day=120)
        tap(till_client, vera, "100")

        answer = tap(till_client, vera, "50")

        assert outcome(answer) == "goodwill_refused"
        assert "You have 20 kr left today." in text(answer)

    def test_above_what_the_store_has_left_says_so(
        self, programme, till_client, vera, mona
    ):
        allow(programme, store_per_day=60)
        tap(till_client, vera, "50")

        answer = tap(till_client, vera, "50")

        # Although there is a manager.
        assert outcome(answer) == "goodwill_refused"
        assert "The store has 10 kr left today." in text(answer)

    def test_is_offered_only_as_far_as_it_goes(
        self, programme, till_client, vera, store, carl
    ):
        allow(programme, staff_per_day=110)
        tap(till_client, vera, "100")

        answer = text(get(till_client, address(vera)))

        assert 'value="10"' in answer
        assert 'value="25"' not in answer
        assert "You have 10 kr left today." in answer

    @pytest.mark.parametrize(
        "typed",
        [
            {"amount": "50"},
            {"key": "1", "amount": "50"},
            {"amount": "-50"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": "1e400"},
            {"amount": "\x00"},
        ],
        ids=["no key", "short key", "negative", "nan", "infinite", "huge", "null"],
    )
    def test_that_no_screen_sends_gives_nothing(self, till_client, vera, typed):
        if "key" not in typed and typed != {"amount": "50"}:
            typed = {**typed, "key": uuid4()}

        answer = post(till_client, address(vera), **typed)

        assert answer.status_code == 404
        assert not GoodwillGrant.objects.exists()


class TestVoucher:
    def test_is_offered_in_the_same_amounts(self, till_client, vera):
        answer = text(get(till_client, f"{address(vera)}?form=voucher"))

        assert 'value="voucher"' in answer
        assert 'value="50"' in answer
        assert "500 points" not in answer

    def test_is_made_with_the_grant(self, till_client, vera, carl, store):
        key = uuid4()

        for _tap in range(2):
            answer = tap(till_client, vera, "50", key, form="voucher")
            assert outcome(answer) == "goodwill_done"

        voucher = Voucher.objects.get(member=vera)
        assert (voucher.value, voucher.origin) == (50, "GOODWILL")
        given = GoodwillGrant.objects.get()
        assert (given.form, given.points, given.worth) == ("VOUCHER", 0, 50)
        assert voucher.key == f"goodwill:{given.public_id}"
        assert not Account.objects.filter(member=vera).exists()

    def test_uses_the_same_allowance_as_points(self, programme, till_client, vera):
        allow(programme, staff_per_day=120)
        tap(till_client, vera, "100", form="voucher")

        answer = tap(till_client, vera, "50")

        assert "You have 20 kr left today." in text(answer)
        assert Voucher.objects.count() == 1

    def test_is_approved_as_points_are(self, till_client, vera, mona):
        asked = tap(till_client, vera, "250", form="voucher")
        assert 'name="form" value="voucher"' in text(asked)

        post(
            till_client,
            address(vera, end="approve/"),
            amount="250",
            key=uuid4(),
            form="voucher",
            manager=mona.public_id,
            pin=PIN,
        )

        assert Voucher.objects.get().value == 250
        assert GoodwillGrant.objects.get().approved_by == mona


class TestApproval:
    def test_is_marked_on_the_tile(self, till_client, vera, mona):
        answer = text(get(till_client, address(vera)))

        assert 'value="250"' in answer
        assert "with a manager" in answer

    def test_is_not_offered_where_nobody_can_give_it(self, till_client, vera):
        assert 'value="250"' not in text(get(till_client, address(vera)))

    def test_is_asked_for_above_the_allowance(self, till_client, vera, mona):
        answer = tap(till_client, vera, "250")

        assert outcome(answer) == "goodwill_approval"
        assert "Mona Falk" in text(answer)
        assert "You can give at most 100 kr at once." in text(answer)
        assert not GoodwillGrant.objects.exists()

    def approve(self, client, member, manager, pin=PIN, amount="250", key=None):
        return post(
            client,
            address(member, end="approve/"),
            amount=amount,
            key=key or uuid4(),
            manager=manager.public_id,
            pin=pin,
        )

    def test_is_a_manager_s_pin_on_the_same_device(self, till_client, vera, carl, mona):
        answer = self.approve(till_client, vera, mona)

        assert outcome(answer) == "goodwill_done"
        given = GoodwillGrant.objects.get()
        assert (given.staff, given.approved_by, given.worth) == (carl, mona, 250)
        # The clerk stays signed in, and has used nothing.
        assert GoodwillUse.objects.filter(staff=carl).count() == 0
        assert text(get(till_client, "/till/", htmx=False)).count("Carl") > 0

    def test_is_given_once_for_a_double_tap(self, till_client, vera, mona):
        key = uuid4()

        for _tap in range(2):
            answer = self.approve(till_client, vera, mona, key=key)
            assert outcome(answer) == "goodwill_done"

        assert Account.objects.get(member=vera).balance == 2500

    def test_with_a_wrong_pin_is_none_and_leaves_a_trace(self, till_client, vera, mona):
        answer = self.approve(till_client, vera, mona, pin=WRONG_PIN)

        assert "That is not the PIN" in text(answer)
        assert not GoodwillGrant.objects.exists()
        trace = AuditEntry.objects.get(action="till.pin_refused")
        assert trace.subject == f"staff:{mona.public_id}"

    def test_is_throttled_as_signing_in_is(self, till_client, vera, mona):
        for _try in range(5):
            self.approve(till_client, vera, mona, pin=WRONG_PIN)

        answer = self.approve(till_client, vera, mona)

        assert "Too many wrong PINs" in text(answer)
        assert not GoodwillGrant.objects.exists()

    @pytest.mark.parametrize("who", ["carl", "otto"])
    def test_by_who_may_not_is_none(self, till_client, vera, with_pin, request, who):
        person = with_pin(request.getfixturevalue(who))

        answer = self.approve(till_client, vera, person)

        assert outcome(answer) == "goodwill_approval"
        assert "Choose who approves" in text(answer)
        assert not GoodwillGrant.objects.exists()

    def test_is_held_against_the_manager_s_own_allowance(
        self, programme, till_client, vera, store, mona
    ):
        allow(programme, manager_per_day=300)
        give(vera, store, mona, 200, now=datetime.now(UTC))

        answer = self.approve(till_client, vera, mona)

        assert "Mona Falk has 100 kr left today." in text(answer)
        assert GoodwillGrant.objects.count() == 1

    def test_of_a_manager_s_own_needs_another_one(
        self, tablet, vera, store, mona, with_pin, olga
    ):
        with_pin(olga)
        tablet.post("/till/lock/")
        tablet.post(f"/till/staff/{mona.public_id}/", {"pin": PIN})

        asked = tap(tablet, vera, "600")
        by_herself = self.approve(tablet, vera, mona, amount="600")

        assert outcome(asked) == "goodwill_approval"
        assert "Mona Falk</option>" not in text(asked)
        assert "Choose who approves" in text(by_herself)
        assert not GoodwillGrant.objects.exists()


class TestNumbers:
    def test_follow_the_worth_of_a_point(self, till_client, programme, vera):
        EarningRuleFactory(
            programme=programme,
            published=True,
            point_value=Decimal("0.25"),
            starts_at=datetime(2025, 1, 1, tzinfo=UTC),
        )

        answer = text(get(till_client, address(vera)))

        assert "200 points" in answer

    def test_cost_no_more_queries_with_more_grants(
        self, till_client, vera, store, carl, django_assert_max_num_queries
    ):
        get(till_client, address(vera))
        for _time in range(5):
            give(vera, store, carl, 10, now=datetime.now(UTC))

        with django_assert_max_num_queries(20):
            get(till_client, address(vera))
        with django_assert_max_num_queries(45):
            tap(till_client, vera, "10")

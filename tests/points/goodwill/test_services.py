"""What happens at the till when something is made good, in the trade's words."""

from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import override

from members.events import describe
from members.models import Event
from points import proof
from points.goodwill import rules, services
from points.goodwill.allowances import left_for, used_by
from points.goodwill.rules import Bound
from points.goodwill.services import AllowanceUsed, KeyReused, NotGrantable, NotTheirs
from points.models import (
    Account,
    Entry,
    GoodwillGrant,
    GoodwillReason,
    GoodwillUse,
    Lot,
)
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.goodwill import allow, ask, give
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def rule(programme):
    return EarningRuleFactory(programme=programme, published=True)


@pytest.fixture
def vera(programme, rule):
    return MemberFactory(programme=programme, first_name="Vera")


@pytest.fixture
def mona(store):
    """The manager of the store."""
    return StaffFactory(name="Mona Falk", role=Role.STORE_MANAGER, store=store)


def balance(member):
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


class TestReasons:
    def test_are_there_in_a_new_club(self):
        reasons = GoodwillReason.objects.filter(programme=ProgrammeFactory())

        assert [each.name_sv for each in reasons.order_by("order")] == [
            "Lång kö",
            "Varan saknades",
            "Fel pris",
            "Skadad vara",
            "Annan hjälp",
        ]


class TestGrant:
    def test_gives_points_worth_the_amount(self, vera, store, carl):
        given = give(vera, store, carl, 50, now=NOW)

        assert (given.points, given.worth, given.currency) == (500, 50, "SEK")
        entry = Entry.objects.get(pk=given.entry_id)
        assert (entry.kind, entry.points, entry.reason) == ("GOODWILL", 500, "Lång kö")
        assert (entry.source_type, entry.source_id) == ("goodwill", given.public_id)
        assert balance(vera) == 500
        assert not proof.check().differences

    def test_lets_them_lapse_by_the_version_in_force(self, vera, store, carl):
        given = give(vera, store, carl, 50, now=NOW)

        # When the month 24 months on ends, in Stockholm.
        lot = Lot.objects.get(entry_id=given.entry_id)
        assert lot.expires_at == datetime(2028, 3, 31, 22, tzinfo=UTC)

    def test_never_gives_more_than_the_amount(self, programme, store, carl):
        EarningRuleFactory(
            programme=programme, published=True, point_value=Decimal("0.07")
        )
        member = MemberFactory(programme=programme)

        given = give(member, store, carl, 10, now=NOW)

        assert (given.points, given.worth) == (142, Decimal("9.94"))

    def test_tells_the_member_why_in_their_language(self, vera, store, carl):
        give(vera, store, carl, 50, now=NOW)

        event = Event.objects.get(member=vera, kind="points.goodwill")
        with override("sv"):
            assert "Lång kö" in describe(event)
        with override("en"):
            assert "Long queue" in describe(event)
        assert "Carl" not in str(event.data)

    def test_leaves_a_trace_without_words_about_the_member(self, vera, store, carl):
        given = give(vera, store, carl, 50, note="Vera was angry", now=NOW)

        entry = AuditEntry.objects.get(action="goodwill.granted")
        assert entry.actor_id == carl.public_id
        assert entry.member_id == vera.public_id
        assert entry.data["grant"] == str(given.public_id)
        assert "angry" not in str(entry.data)

    def test_gives_once_for_a_key(self, vera, store, carl):
        wish = ask(vera, store, carl, 50)

        first = services.grant(wish, now=NOW)
        again = services.grant(wish, now=NOW)

        assert first.pk == again.pk
        assert balance(vera) == 500
        assert GoodwillUse.objects.filter(staff=carl, period="DAY").get().used == 50
        assert Event.objects.filter(kind="points.goodwill").count() == 1

    def test_answers_a_second_tap_although_the_first_took_all(
        self, programme, vera, store, carl
    ):
        allow(programme, staff_per_day=50)
        wish = ask(vera, store, carl, 50)
        first = services.grant(wish, now=NOW)

        assert services.grant(wish, now=NOW).pk == first.pk

    def test_refuses_a_key_that_was_another_grant_s(self, programme, vera, store, carl):
        key = uuid4()
        give(vera, store, carl, 50, key=key, now=NOW)

        with pytest.raises(KeyReused):
            give(MemberFactory(programme=programme), store, carl, 50, key=key, now=NOW)

    @pytest.mark.parametrize("trait", ["pending", "left", "blocked", "erased"])
    def test_gives_nothing_to_who_is_no_active_member(
        self, programme, rule, store, carl, trait
    ):
        member = MemberFactory(programme=programme, **{trait: True})

        with pytest.raises(NotGrantable):
            give(member, store, carl, 50, now=NOW)

    def test_gives_nothing_in_a_club_without_a_version(self, programme, store, carl):
        with pytest.raises(NotGrantable):
            give(MemberFactory(programme=programme), store, carl, 50, now=NOW)

    def test_gives_nothing_for_another_club_s_reason(self, vera, store, carl):
        elsewhere = GoodwillReason.objects.filter(programme=ProgrammeFactory()).first()

        with pytest.raises(NotGrantable):
            give(vera, store, carl, 50, reason=elsewhere, now=NOW)

    def test_gives_nothing_for_a_reason_out_of_use(self, vera, store, carl):
        GoodwillReason.objects.update(is_active=False)

        with pytest.raises(NotGrantable):
            give(vera, store, carl, 50, now=NOW)


class TestAllowance:
    def test_is_used_up_by_the_day(self, vera, store, carl):
        for _time in range(3):
            give(vera, store, carl, 100, now=NOW)

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 10, now=NOW)

        assert (refused.value.bound, refused.value.left) == (Bound.PERSON_DAY, 0)
        assert refused.value.manager_helps
        assert balance(vera) == 3000

    def test_says_what_is_left(self, programme, vera, store, carl):
        allow(programme, staff_per_day=120)
        give(vera, store, carl, 100, now=NOW)

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 50, now=NOW)

        assert refused.value.left == 20

    def test_uses_nothing_when_it_is_refused(self, programme, vera, store, carl):
        allow(programme, staff_per_day=10)

        with pytest.raises(AllowanceUsed):
            give(vera, store, carl, 50, now=NOW)

        # Neither the store's, which was asked first.
        assert not GoodwillUse.objects.exists()
        assert balance(vera) == 0

    def test_holds_one_grant_down(self, vera, store, carl):
        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 150, now=NOW)

        assert (refused.value.bound, refused.value.left) == (Bound.ONE_GRANT, 100)

    def test_begins_anew_at_midnight_of_the_club(self, programme, vera, store, carl):
        allow(programme, staff_per_day=50)
        # 14 March ends at 23:00 UTC in Stockholm.
        give(vera, store, carl, 50, now=datetime(2026, 3, 14, 22, 59, 59, tzinfo=UTC))

        give(vera, store, carl, 50, now=datetime(2026, 3, 14, 23, 0, tzinfo=UTC))

        assert balance(vera) == 1000

    def test_goes_by_the_month_over_its_days(self, programme, vera, store, carl):
        allow(programme, staff_per_month=150)
        for day in (1, 17):
            give(vera, store, carl, 60, now=NOW.replace(day=day))

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 60, now=NOW.replace(day=31))
        give(vera, store, carl, 60, now=datetime(2026, 3, 31, 22, 0, tzinfo=UTC))

        assert (refused.value.bound, refused.value.left) == (Bound.PERSON_MONTH, 30)

    def test_of_a_store_is_for_all_its_people(self, programme, vera, store, carl):
        allow(programme, store_per_day=150)
        anna = StaffFactory(role=Role.STORE_STAFF, store=store)
        give(vera, store, anna, 100, now=NOW)

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 100, now=NOW)

        assert (refused.value.bound, refused.value.left) == (Bound.STORE_DAY, 50)
        # No manager can help with that.
        assert not refused.value.manager_helps

    def test_of_a_store_comes_before_the_club_s(
        self, programme, vera, store, other_store, carl
    ):
        allow(programme)
        allow(programme, store, staff_one_grant=20)

        assert left_for(carl, store, at=NOW)[Bound.ONE_GRANT] == 20
        assert left_for(carl, other_store, at=NOW)[Bound.ONE_GRANT] == 100

    def test_of_a_person_is_one_in_all_stores(self, vera, store, other_store, olga):
        give(vera, store, olga, 500, now=NOW)
        give(vera, other_store, olga, 500, now=NOW)

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, olga, 100, now=NOW)

        assert refused.value.bound is Bound.PERSON_DAY


class TestApproval:
    def test_uses_the_manager_s_allowance(self, vera, store, carl, mona):
        given = give(vera, store, carl, 400, approved_by=mona, now=NOW)

        window = rules.window_of(NOW, store.programme.zone)
        assert given.approved_by == mona
        assert used_by(staff=mona, store=store, window=window).person_day == 400
        assert used_by(staff=carl, store=store, window=window).person_day == 0

    def test_is_checked_against_their_own(self, vera, store, carl, mona):
        give(vera, store, mona, 500, now=NOW)
        give(vera, store, carl, 500, approved_by=mona, now=NOW)

        with pytest.raises(AllowanceUsed) as refused:
            give(vera, store, carl, 100, approved_by=mona, now=NOW)

        assert (refused.value.bound, refused.value.left) == (Bound.PERSON_DAY, 0)

    def test_of_one_s_own_is_none(self, vera, store, mona):
        with pytest.raises(NotTheirs):
            give(vera, store, mona, 100, approved_by=mona, now=NOW)

    def test_by_a_clerk_is_none(self, vera, store, carl):
        anna = StaffFactory(role=Role.STORE_STAFF, store=store)

        with pytest.raises(NotTheirs):
            give(vera, store, carl, 150, approved_by=anna, now=NOW)

    def test_by_another_store_s_manager_is_none(self, vera, store, carl, otto):
        with pytest.raises(NotTheirs):
            give(vera, store, carl, 150, approved_by=otto, now=NOW)

    def test_by_the_owner_holds_everywhere(self, vera, store, carl, olga):
        assert give(vera, store, carl, 150, approved_by=olga, now=NOW).worth == 150

    def test_of_one_s_own_is_refused_by_the_database(self, vera, store, mona):
        given = give(vera, store, mona, 100, now=NOW)

        with pytest.raises(IntegrityError), transaction.atomic():
            GoodwillGrant.objects.create(
                key=uuid4(),
                member=vera,
                store=store,
                staff=mona,
                approved_by=mona,
                reason=given.reason,
                form="VOUCHER",
                points=0,
                worth=10,
                currency="SEK",
                at=NOW,
                confirmed_at=NOW,
            )


class TestHold:
    def test_uses_the_allowance_and_is_whole_when_confirmed(self, vera, store, carl):
        held = services.hold(ask(vera, store, carl, 50), now=NOW)

        assert GoodwillUse.objects.get(staff=carl, period="DAY").used == 50
        assert not Event.objects.filter(kind="points.goodwill").exists()

        services.confirm(held=held, now=NOW)
        services.confirm(held=held, now=NOW)

        event = Event.objects.get(kind="points.goodwill")
        with override("en"):
            assert "voucher" in describe(event)
        assert balance(vera) == 0

    @pytest.mark.django_db(transaction=True)
    def test_cannot_be_committed_alone(self, vera, store, carl):
        with (
            pytest.raises(DatabaseError, match="never confirmed"),
            transaction.atomic(),
        ):
            services.hold(ask(vera, store, carl, 50), now=NOW)

        assert not GoodwillGrant.objects.exists()
        assert not GoodwillUse.objects.exists()


class TestWhatWasGiven:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE points_goodwillgrant SET worth = 500",
            "UPDATE points_goodwillgrant SET points = 1",
            "UPDATE points_goodwillgrant SET staff_id = approved_by_id",
            "UPDATE points_goodwillgrant SET note = 'Something else'",
            "UPDATE points_goodwillgrant SET at = at + interval '1 day'",
            "UPDATE points_goodwillgrant SET confirmed_at = NULL",
            "UPDATE points_goodwillgrant SET member_id = member_id + 1",
        ],
    )
    def test_stays(self, vera, store, carl, mona, change):
        give(vera, store, carl, 50, approved_by=mona, note="Waited long", now=NOW)

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)

    def test_is_not_deleted(self, vera, store, carl):
        give(vera, store, carl, 50, now=NOW)

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM points_goodwillgrant")

    def test_can_lose_its_note(self, vera, store, carl):
        give(vera, store, carl, 50, note="Waited long", now=NOW)

        assert GoodwillGrant.objects.update(note="") == 1


def _read_then_write(staff, store, amount, barrier, given):
    """Decide as one would without the lock: look, think, write."""
    window = rules.window_of(NOW, store.programme.zone)
    used = used_by(staff=staff, store=store, window=window).person_day
    barrier.wait(10)
    if used + amount <= 100:
        given.append(amount)


@pytest.mark.django_db(transaction=True)
class TestTwoTillsAtOnce:
    @pytest.fixture
    def shop(self, programme):
        EarningRuleFactory(programme=programme, published=True)
        store = StoreFactory(programme=programme)
        allow(programme, staff_per_day=100)
        carl = StaffFactory(role=Role.STORE_STAFF, store=store)
        return store, carl, MemberFactory(programme=programme)

    def run(self, *targets):
        def closing(target):
            try:
                target()
            finally:
                connection.close()

        threads = [Thread(target=closing, args=(each,)) for each in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    def test_would_both_give_the_last_without_the_lock(self, shop):
        store, carl, _vera = shop
        barrier, given = Barrier(2), []

        def one():
            _read_then_write(carl, store, 80, barrier, given)

        self.run(one, one)

        assert given == [80, 80]

    def test_give_the_last_of_an_allowance_once(self, shop):
        store, carl, vera = shop
        barrier, said = Barrier(2), []

        def one():
            barrier.wait(10)
            try:
                give(vera, store, carl, 80, now=NOW)
                said.append("given")
            except AllowanceUsed as refused:
                said.append(str(refused.left))

        self.run(one, one)

        assert sorted(said) == ["20.00", "given"]
        assert balance(vera) == 800

    def test_of_one_tap_give_once(self, shop):
        store, carl, vera = shop
        barrier, said = Barrier(2), []
        wish = ask(vera, store, carl, 80)

        def one():
            barrier.wait(10)
            said.append(services.grant(wish, now=NOW).pk)

        self.run(one, one)

        assert len(said) == 2
        assert len(set(said)) == 1
        assert balance(vera) == 800

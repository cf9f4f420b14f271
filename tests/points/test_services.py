from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from members import events
from members.models import Event
from points import proof, services, tasks
from points.models import Account, EarningRule, Entry, Lot
from points.selectors import balance_of, next_expiry
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
EARN, SPEND, REVERSE, ADJUST = (
    Entry.Kind.EARN,
    Entry.Kind.SPEND,
    Entry.Kind.REVERSE,
    Entry.Kind.ADJUST,
)


def post(member, kind, points, key, **changes):
    return services.post(
        member_id=member.pk,
        kind=kind,
        points=points,
        key=key,
        **{"at": NOW, "now": NOW, **changes},
    )


def proven():
    return not proof.check().differences


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


class TestPost:
    def test_raises_the_balance_and_opens_a_lot(self, member):
        posted = post(member, EARN, 100, "a")

        assert (posted.balance_after, posted.is_replay) == (100, False)
        assert Lot.objects.get(entry_id=posted.entry_id).remaining == 100
        assert proven()

    def test_posts_nothing_for_a_key_it_knows(self, member):
        first = post(member, EARN, 100, "a")

        again = post(member, EARN, 100, "a")

        assert (again.entry_id, again.is_replay) == (first.entry_id, True)
        assert Account.objects.get(member=member).balance == 100

    def test_refuses_a_key_that_meant_something_else(self, member):
        post(member, EARN, 100, "a")

        with pytest.raises(services.KeyReused):
            post(member, EARN, 50, "a")

    def test_refuses_to_spend_what_is_not_there_and_leaves_no_trace(self, member):
        post(member, EARN, 100, "a")

        with pytest.raises(services.InsufficientPoints):
            post(member, SPEND, -101, "b")

        assert Account.objects.get(member=member).balance == 100
        assert Entry.objects.filter(member=member).count() == 1
        assert proven()

    def test_answers_a_repeated_spend_although_its_points_are_gone(self, member):
        post(member, EARN, 100, "a")
        spent = post(member, SPEND, -100, "b")

        again = post(member, SPEND, -100, "b")

        assert (again.entry_id, again.is_replay) == (spent.entry_id, True)

    def test_spends_what_expires_first(self, member):
        late = post(member, EARN, 50, "late", expires_at=NOW + timedelta(days=90))
        never = post(member, EARN, 50, "never")
        soon = post(member, EARN, 50, "soon", expires_at=NOW + timedelta(days=9))

        post(member, SPEND, -70, "b")

        left = dict(Lot.objects.values_list("entry_id", "remaining"))
        assert left == {soon.entry_id: 0, late.entry_id: 30, never.entry_id: 50}
        assert proven()

    def test_does_not_spend_what_has_expired(self, member):
        post(member, EARN, 100, "a", expires_at=NOW + timedelta(days=1))

        with pytest.raises(services.InsufficientPoints):
            post(member, SPEND, -10, "b", now=NOW + timedelta(days=1))

        assert proven()

    def test_takes_a_return_from_its_own_purchase_first(self, member):
        first = post(member, EARN, 50, "a", expires_at=NOW + timedelta(days=9))
        second = post(member, EARN, 50, "b", expires_at=NOW + timedelta(days=90))

        post(member, REVERSE, -20, "c", reverses_id=second.entry_id)

        left = dict(Lot.objects.values_list("entry_id", "remaining"))
        assert left == {first.entry_id: 50, second.entry_id: 30}
        assert proven()

    def test_leaves_a_debt_that_the_next_earnings_pay(self, member):
        earned = post(member, EARN, 100, "a")
        post(member, SPEND, -80, "b")

        post(member, REVERSE, -100, "c", reverses_id=earned.entry_id)
        assert Account.objects.get(member=member).balance == -80
        assert proven()

        post(member, EARN, 50, "d")
        assert Account.objects.get(member=member).balance == -30
        assert proven()

        last = post(member, EARN, 50, "e")
        assert Account.objects.get(member=member).balance == 20
        assert Lot.objects.get(entry_id=last.entry_id).remaining == 20
        assert proven()

    def test_lets_an_adjustment_give_but_not_overdraw(self, member):
        post(member, ADJUST, 30, "a", reason="Goodwill")

        with pytest.raises(services.InsufficientPoints):
            post(member, ADJUST, -31, "b")
        post(member, ADJUST, -30, "c")

        account = Account.objects.get(member=member)
        assert (account.balance, account.earned_total) == (0, 0)
        assert proven()

    def test_tells_the_timeline_what_no_receipt_tells(self, member):
        post(member, EARN, 100, "a")
        post(member, SPEND, -40, "b")
        post(member, SPEND, -40, "b")

        assert list(Event.objects.values_list("kind", "data__points")) == [
            ("points.spent", -40)
        ]

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("", ["Used 40 points.", "40 points given back."]),
            (
                "voucher",
                [
                    "40 points became a voucher.",
                    "40 points given back for a voucher that was taken back.",
                ],
            ),
        ],
        ids=["use", "voucher"],
    )
    def test_tells_the_timeline_why(self, member, source, said):
        post(member, EARN, 100, "a")
        used = post(member, SPEND, -40, "b", source_type=source)
        services.restore(
            member_id=member.pk,
            entry_id=used.entry_id,
            points=40,
            key="c",
            at=NOW,
            now=NOW,
            source_type=source,
        )

        with override("en"):
            told = [events.describe(event) for event in Event.objects.order_by("pk")]
        assert told == said


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE points_entry SET points = 1000",
            "DELETE FROM points_entry",
            "UPDATE points_lotuse SET points = 1",
            "DELETE FROM points_lotuse",
            "UPDATE points_earningrule SET points_per_unit = 9",
            "DELETE FROM points_earningrule",
        ],
    )
    def test_entries_and_published_rules_never_change(self, member, statement):
        EarningRuleFactory(programme=member.programme, published=True)
        post(member, EARN, 100, "a")
        post(member, SPEND, -10, "b")

        with (
            pytest.raises(DatabaseError, match=r"append-only|never changes"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestExpirePoints:
    def test_takes_only_what_is_left_of_what_has_lapsed(self, member):
        lapses = NOW + timedelta(days=10)
        post(member, EARN, 100, "a", expires_at=lapses)
        post(member, SPEND, -80, "b")
        post(member, EARN, 50, "c", expires_at=lapses + timedelta(days=30))

        done = services.expire_points(now=lapses)

        assert (done.members, done.entries, done.points) == (1, 1, 20)
        assert Account.objects.get(member=member).balance == 50
        assert proven()

    def test_waits_until_the_moment_itself(self, member):
        lapses = NOW + timedelta(days=10)
        post(member, EARN, 100, "a", expires_at=lapses)

        services.expire_points(now=lapses - timedelta(microseconds=1))
        assert Account.objects.get(member=member).balance == 100

        services.expire_points(now=lapses)
        assert Account.objects.get(member=member).balance == 0

    def test_takes_nothing_the_second_time(self, member):
        post(member, EARN, 100, "a", expires_at=NOW)
        services.expire_points(now=NOW)

        again = services.expire_points(now=NOW)

        assert (again.members, again.points) == (0, 0)
        assert Entry.objects.filter(kind=Entry.Kind.EXPIRE).count() == 1

    def test_takes_what_is_posted_late_in_the_next_run(self, member):
        post(member, EARN, 100, "a", expires_at=NOW)
        services.expire_points(now=NOW)
        post(member, EARN, 30, "offline", expires_at=NOW)

        services.expire_points(now=NOW)

        assert Account.objects.get(member=member).balance == 0
        assert proven()

    def test_posts_one_entry_for_each_day_of_expiry(self, member):
        for place in range(3):
            lapses = NOW + timedelta(days=place // 2)
            post(member, EARN, 10, f"k{place}", expires_at=lapses)

        services.expire_points(now=NOW + timedelta(days=9))

        entries = Entry.objects.filter(kind=Entry.Kind.EXPIRE).order_by("id")
        assert sorted(entries.values_list("points", flat=True)) == [-20, -10]
        assert proven()

    def test_goes_through_members_in_batches(self, programme):
        for member in MemberFactory.create_batch(5, programme=programme):
            post(member, EARN, 10, "a", expires_at=NOW)

        assert services.expire_points(now=NOW, limit=2).members == 2
        assert tasks.expire() == 30
        assert Event.objects.filter(kind="points.expired").count() == 5
        assert proven()

    def test_is_not_counted_in_the_balance_before_it_is_posted(self, member):
        EarningRuleFactory(programme=member.programme, published=True)
        lapses = NOW + timedelta(days=1)
        post(member, EARN, 100, "a", expires_at=lapses)
        post(member, EARN, 5, "b")

        assert next_expiry(member, NOW).points == 100
        assert balance_of(member, lapses - timedelta(seconds=1)).points == 105
        assert balance_of(member, lapses).points == 5
        assert balance_of(member, lapses).worth == Decimal("0.50")


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def run(self, work):
        barrier, results = Barrier(2), []

        def go(place):
            barrier.wait()
            try:
                results.append(work(place))
            except Exception as error:  # noqa: BLE001 - the test looks at it
                results.append(error)
            finally:
                connection.close()

        threads = [Thread(target=go, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def test_only_one_of_two_spends_wins(self, member):
        post(member, EARN, 100, "a")

        results = self.run(lambda place: post(member, SPEND, -80, f"spend-{place}"))

        lost = [r for r in results if isinstance(r, services.InsufficientPoints)]
        assert len(lost) == 1
        assert Account.objects.get(member=member).balance == 20
        assert proven()

    def test_without_the_lock_both_would(self, member):
        """The twin: read, decide, write, as code without a lock does."""
        post(member, EARN, 100, "a")
        barrier = Barrier(2)

        def careless(_place):
            account = Account.objects.get(member=member)
            barrier.wait()
            if account.balance >= 80:
                Account.objects.filter(member=member).update(
                    balance=account.balance - 80
                )
                return True
            return False

        assert self.run(careless) == [True, True]

    def test_one_key_is_posted_once_and_answered_twice(self, member):
        results = self.run(lambda _place: post(member, EARN, 100, "same"))

        assert len({result.entry_id for result in results}) == 1
        assert sorted(result.is_replay for result in results) == [False, True]
        account = Account.objects.get(member=member)
        assert (account.balance, account.entries) == (100, 1)
        assert proven()

    def test_two_runs_of_the_expiry_take_points_once(self, member):
        post(member, EARN, 100, "a", expires_at=NOW)

        self.run(lambda _place: services.expire_points(now=NOW))

        assert Account.objects.get(member=member).balance == 0
        assert Entry.objects.filter(kind=Entry.Kind.EXPIRE).count() == 1
        assert proven()


class TestPublishRule:
    def test_makes_a_draft_the_rule_in_force(self, programme):
        rule = EarningRuleFactory(programme=programme, published=True)

        assert rule.status == EarningRule.Status.PUBLISHED

    def test_refuses_one_that_is_published(self, programme):
        rule = EarningRuleFactory(programme=programme, published=True)

        with pytest.raises(services.RuleInvalid):
            services.publish_rule(rule=rule, now=NOW)

    def test_refuses_a_start_that_another_version_has_passed(self, programme):
        EarningRuleFactory(programme=programme, published=True, starts_at=NOW)
        earlier = EarningRuleFactory(
            programme=programme, starts_at=NOW - timedelta(days=1)
        )

        with pytest.raises(services.RuleInvalid):
            services.publish_rule(rule=earlier, now=NOW)

    def test_refuses_to_change_what_was_earned_yesterday(self, programme):
        EarningRuleFactory(programme=programme, published=True)
        back = EarningRuleFactory(
            programme=programme, starts_at=NOW - timedelta(days=1)
        )

        with pytest.raises(services.RuleInvalid):
            services.publish_rule(rule=back, now=NOW)

    def test_refuses_a_wrong_decimal_point(self, programme):
        rule = EarningRuleFactory(programme=programme, points_per_unit=1000)

        with pytest.raises(services.RuleInvalid):
            services.publish_rule(rule=rule, now=NOW)

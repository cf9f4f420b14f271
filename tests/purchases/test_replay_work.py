"""Replays as jobs: asked for once, worked off in parts, called off, taken up again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from points.models import EarningRule
from purchases.replay import services, work
from purchases.replay.models import Replay, ReplayPart
from purchases.replay.parts import months_of
from purchases.replay.selectors import digest_of, is_outdated, latest_for, newest_of
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import line, receipt
from tests.purchases.replaying import ask, draft_of, never, now, tried

State = Replay.State


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of a receipt each."""
    monkeypatch.setattr(work, "PART", 1)


@pytest.fixture
def bought(programme, till, small_parts):
    """Six members who bought something each."""
    for place in range(6):
        till.record(
            receipt(
                line("100.00"),
                phone=MemberFactory(programme=programme).phone,
                at=now() - timedelta(days=20 + place),
            )
        )


def again(replay):
    return Replay.objects.get(pk=replay.pk)


def after(looks):
    """A worker's time that is over after it was asked about so often."""
    left = iter([False] * looks)
    return lambda: next(left, True)


@pytest.mark.django_db
class TestStart:
    def test_asks_for_the_last_months_with_this_one(self, rule, programme, mia):
        moment = now()

        replay = ask(draft_of(rule), 24, mia)

        today = moment.astimezone(programme.zone).date()
        assert replay.state == State.WAITING
        assert len(months_of(replay)) == 24
        assert months_of(replay)[-1] == today.replace(day=1)
        assert replay.beside_id == rule.pk
        assert replay.started_by == mia

    def test_refuses_a_second_one(self, rule):
        ask(draft_of(rule))

        with pytest.raises(services.AlreadyRunning):
            ask(draft_of(rule))

        assert Replay.objects.count() == 1

    def test_refuses_other_months(self, rule):
        with pytest.raises(ValueError, match="13"):
            ask(draft_of(rule), 13)

    def test_stands_alone_before_the_first_version(self, programme):
        draft = EarningRuleFactory(programme=programme)

        replay = tried(draft)

        assert replay.beside_id is None
        assert replay.state == State.DONE

    def test_wakes_a_worker(self, rule, bought, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            replay = ask(draft_of(rule))

        assert again(replay).state == State.DONE


@pytest.mark.django_db
class TestRun:
    def test_counts_receipts_on_the_way(self, rule, bought):
        replay = ask(draft_of(rule))
        seen = []

        def look():
            seen.append((again(replay).done, again(replay).total))
            return False

        work.run(clock=now, is_over=look)

        assert (again(replay).done, again(replay).total) == (6, 6)
        assert {1, 2, 3} <= {done for done, _total in seen}

    def test_leaves_sums_and_no_parts(self, rule, bought):
        replay = tried(draft_of(rule))

        assert replay.state == State.DONE
        assert replay.result["members"] == 6
        assert not ReplayPart.objects.exists()

    def test_goes_on_where_time_was_over(self, rule, bought):
        whole = tried(draft_of(rule)).result
        replay = ask(draft_of(rule))

        assert not work.run(clock=now, is_over=after(4))
        assert 0 < again(replay).done < 6
        assert work.run(clock=now, is_over=never)

        assert {**again(replay).result, "draft": 0} == {**whole, "draft": 0}

    def test_fails_when_a_part_stops_again_and_again(self, rule, bought):
        replay = ask(draft_of(rule))
        work.run(clock=now, is_over=after(1))
        ReplayPart.objects.update(attempts=work.MOST_ATTEMPTS)

        work.run(clock=now, is_over=never)

        assert again(replay).state == State.FAILED
        assert again(replay).failure == Replay.Failure.STOPPED
        assert not ReplayPart.objects.exists()

    def test_fails_for_terms_that_cannot_be_read(self, rule, bought):
        replay = tried(draft_of(rule, terms={"tax": "perhaps"}))

        assert (replay.state, replay.failure) == (State.FAILED, "unreadable")

    def test_fails_for_a_draft_that_was_changed_meanwhile(self, rule, bought):
        draft = draft_of(rule)
        replay = ask(draft)
        EarningRule.objects.filter(pk=draft.pk).update(reward_points=700)

        work.run(clock=now, is_over=never)

        assert (again(replay).state, again(replay).failure) == (State.FAILED, "gone")

    def test_has_nothing_to_do_when_the_draft_is_thrown_away(self, rule, bought):
        draft = draft_of(rule)
        ask(draft)
        draft.delete()

        assert work.run(clock=now, is_over=never)
        assert not Replay.objects.exists()


@pytest.mark.django_db
class TestCancel:
    def test_ends_a_waiting_one(self, rule):
        replay = ask(draft_of(rule))

        services.cancel_replay(replay=replay, now=now())

        assert again(replay).state == State.CANCELLED
        assert work.run(clock=now, is_over=never)

    def test_looks_more_than_once_a_second(self):
        assert work._LOOK_EVERY < 0.5

    def test_refuses_one_that_is_over(self, rule):
        with pytest.raises(services.IsOver):
            services.cancel_replay(replay=tried(draft_of(rule)), now=now())

    def test_lets_another_one_begin(self, rule):
        services.cancel_replay(replay=ask(draft_of(rule)), now=now())

        assert ask(draft_of(rule)).state == State.WAITING


@pytest.mark.django_db(transaction=True)
class TestWorkers:
    @pytest.fixture(autouse=True)
    def _asleep(self, monkeypatch):
        """Let nobody but the test work: tasks would run as soon as one is asked for."""
        monkeypatch.setattr(services, "wake", lambda: None)

    def test_stop_within_a_part_that_was_called_off(self, rule, bought, monkeypatch):
        monkeypatch.setattr(work, "_LOOK_EVERY", 0)
        replay = ask(draft_of(rule))
        looks = []

        def call_off():
            services.cancel_replay(replay=replay, now=now())
            connection.close()

        def look():
            looks.append(1)
            if len(looks) == 3:
                # Somebody else's connection: ours is in the midst of the part.
                somebody = threading.Thread(target=call_off)
                somebody.start()
                somebody.join()
            return False

        work.run(clock=now, is_over=look)

        assert again(replay).state == State.CANCELLED
        assert again(replay).result == {}
        assert again(replay).done == 0
        assert not ReplayPart.objects.exists()

    def test_take_up_the_part_of_one_that_died(self, rule, bought):
        replay = ask(draft_of(rule))
        work.run(clock=now, is_over=after(1))
        held, let_go = threading.Event(), threading.Event()

        def die_slowly():
            with transaction.atomic():
                list(ReplayPart.objects.select_for_update().order_by("number")[:1])
                held.set()
                let_go.wait(20)
                transaction.set_rollback(True)
            connection.close()

        worker = threading.Thread(target=die_slowly)
        worker.start()
        held.wait(20)
        work.run(clock=now, is_over=never)
        meanwhile = again(replay)
        let_go.set()
        worker.join()
        work.run(clock=now, is_over=never)

        assert (meanwhile.state, meanwhile.done) == (State.RUNNING, 5)
        assert (again(replay).state, again(replay).result["members"]) == ("DONE", 6)

    def test_leave_a_replay_to_who_plans_it(self, rule, bought):
        """And do not ask for it again and again meanwhile."""
        ask(draft_of(rule))
        held, let_go = threading.Event(), threading.Event()
        turns = []

        def plan_slowly():
            with transaction.atomic():
                list(Replay.objects.select_for_update())
                held.set()
                let_go.wait(20)
            connection.close()

        def is_over():
            turns.append(1)
            return len(turns) > 50

        worker = threading.Thread(target=plan_slowly)
        worker.start()
        held.wait(20)
        work.run(clock=now, is_over=is_over)
        let_go.set()
        worker.join()

        assert len(turns) == 1

    def test_share_the_parts(self, rule, bought):
        replay = ask(draft_of(rule))

        def lane():
            work.run(clock=now, is_over=never)
            connection.close()

        lanes = [threading.Thread(target=lane) for _ in range(2)]
        for each in lanes:
            each.start()
        for each in lanes:
            each.join()

        assert again(replay).state == State.DONE
        assert again(replay).result["members"] == 6
        assert again(replay).result["force"]["net"] == 600

    def test_begin_one_of_two_that_are_asked_for_at_once(self, rule):
        drafts = [draft_of(rule), draft_of(rule)]
        together = threading.Barrier(2)
        refused = []

        def start(draft):
            together.wait(20)
            try:
                ask(draft)
            except services.AlreadyRunning:
                refused.append(draft)
            connection.close()

        threads = [threading.Thread(target=start, args=[draft]) for draft in drafts]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert len(refused) == 1
        assert Replay.objects.count() == 1


@pytest.mark.django_db
class TestOutdated:
    def test_not_while_nothing_changes(self, rule, bought):
        draft = draft_of(rule)
        replay = tried(draft)

        assert not is_outdated(replay, rule=draft, now=now())
        assert latest_for(draft, now=now()).replay == replay
        assert latest_for(draft, now=now()).rights_lost == 0

    def test_by_another_content(self, rule, bought):
        draft = draft_of(rule)
        replay = tried(draft)
        draft.reward_points = 700
        draft.save()

        assert is_outdated(replay, rule=draft, now=now())
        assert latest_for(draft, now=now()) is None

    def test_not_by_another_title_or_start(self, rule):
        draft = draft_of(rule)
        before = digest_of(draft)
        draft.title, draft.starts_at = "Spring", now() + timedelta(days=90)
        draft.save()

        assert digest_of(EarningRule.objects.get(pk=draft.pk)) == before

    def test_by_another_version_in_force(self, rule, programme, bought):
        draft = draft_of(rule)
        tried(draft)
        EarningRuleFactory(
            programme=programme, published=True, starts_at=now() - timedelta(hours=1)
        )

        assert latest_for(draft, now=now()) is None

    def test_by_the_next_month(self, rule, bought):
        draft = draft_of(rule)
        tried(draft)

        assert latest_for(draft, now=now() + timedelta(days=32)) is None

    def test_is_of_the_newest_that_is_done(self, rule, bought):
        draft = draft_of(rule)
        done = tried(draft)
        waiting = ask(draft)

        assert latest_for(draft, now=now()).replay == done
        assert newest_of(draft) == waiting

"""Unfinished registrations: one reminder by day, then erasure."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from enrolment import services, tasks
from enrolment.models import JoinLink, Registration
from members.models import Member
from members.services import leave
from messaging.models import Message
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register, token_in
from tests.factories.members import MemberFactory

# Noon in Stockholm, in the middle of the week.
START = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FINISH = {
    "first_name": "Vera",
    "last_name": "Lindqvist",
    "email": "",
    "language": "sv",
    "accepts_terms": True,
    "channels": {"SMS": False, "EMAIL": False},
}


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    return programme


@pytest.fixture
def begun(programme, store):
    return register(programme, now=START, store=store)


def reminders():
    return Message.objects.filter(kind="join_reminder")


class TestRemindUnfinished:
    def test_sends_one_reminder_with_a_link_that_works(self, begun):
        assert services.remind_unfinished(now=START + 3 * DAY) == 1

        reminder = reminders().get()
        assert (reminder.message_class, reminder.channel) == ("SERVICE", "SMS")
        assert reminder.address == begun.member.phone
        link = services.find_link(token_in(reminder))
        member = services.finish_registration(
            link=link, now=START + 3 * DAY + timedelta(hours=1), **FINISH
        )
        assert member.status == Member.Status.ACTIVE
        assert member.phone_verified_at is not None
        kept = Registration.objects.get()
        assert kept.reminded_at == START + 3 * DAY
        assert kept.outcome == "FINISHED"

    def test_remembers_the_store_in_the_link(self, begun, store):
        services.remind_unfinished(now=START + 3 * DAY)

        assert JoinLink.objects.latest("created_at").store == store

    def test_does_so_once(self, begun):
        for day in range(3, 30):
            services.remind_unfinished(now=START + day * DAY)

        assert reminders().count() == 1

    def test_waits_three_days(self, begun):
        just_before = START + 3 * DAY - timedelta(seconds=1)

        assert services.remind_unfinished(now=just_before) == 0

    def test_waits_as_long_as_the_setting_says(self, begun, settings):
        settings.UNFINISHED_REMIND_DAYS = 5

        assert services.remind_unfinished(now=START + 4 * DAY) == 0
        assert services.remind_unfinished(now=START + 5 * DAY) == 1

    @pytest.mark.parametrize(
        ("hour", "minute", "sent"),
        # In UTC; Stockholm is an hour ahead in winter.
        [(6, 59, 0), (7, 0, 1), (18, 59, 1), (19, 0, 0), (23, 30, 0)],
    )
    def test_goes_by_day_on_the_clock_of_the_club(self, begun, hour, minute, sent):
        at = (START + 4 * DAY).replace(hour=hour, minute=minute)

        assert services.remind_unfinished(now=at) == sent

    def test_keeps_to_local_time_in_summer_too(self, programme):
        summer = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
        register(programme, now=summer)

        early = (summer + 4 * DAY).replace(hour=6)
        assert services.remind_unfinished(now=early) == 1

    def test_leaves_alone_who_asked_for_a_link_lately(self, begun):
        services.resend_link(member=begun.member, now=START + 2 * DAY)

        assert services.remind_unfinished(now=START + 3 * DAY) == 0
        assert services.remind_unfinished(now=START + 5 * DAY) == 1

    def test_leaves_alone_who_has_finished(self, begun):
        services.finish_registration(
            link=services.find_link(token_in(begun.message)), now=START, **FINISH
        )

        assert services.remind_unfinished(now=START + 4 * DAY) == 0

    def test_leaves_alone_who_was_blocked(self, begun):
        Member.objects.update(status=Member.Status.BLOCKED)

        assert services.remind_unfinished(now=START + 4 * DAY) == 0

    def test_leaves_what_another_system_began_to_that_system(self, programme):
        services.begin(
            programme=programme,
            phone="+46701740605",
            way=Registration.Way.API,
            language="sv",
            now=START,
        )

        assert services.remind_unfinished(now=START + 4 * DAY) == 0

    def test_writes_to_who_has_only_an_address(self, programme):
        services.register(
            programme=programme,
            email="vera@example.se",
            way=Registration.Way.WEB,
            language="en",
            now=START,
        )

        services.remind_unfinished(now=START + 4 * DAY)

        assert (reminders().get().channel, reminders().get().language) == (
            "EMAIL",
            "en",
        )


class TestEraseUnfinished:
    def test_erases_after_thirty_days(self, begun):
        assert services.erase_unfinished(now=START + 30 * DAY) == 1

        member = Member.objects.get()
        assert (member.status, member.phone) == (Member.Status.ERASED, "")
        kept = Registration.objects.get()
        assert (kept.outcome, kept.ended_at) == ("ERASED", START + 30 * DAY)
        assert not JoinLink.objects.exists()

    def test_waits_thirty_days(self, begun):
        assert services.erase_unfinished(now=START + 30 * DAY - DAY / 24) == 0

    def test_waits_as_long_as_the_setting_says(self, begun, settings):
        settings.UNFINISHED_ERASE_DAYS = 60

        assert services.erase_unfinished(now=START + 59 * DAY) == 0
        assert services.erase_unfinished(now=START + 60 * DAY) == 1

    def test_begins_to_count_anew_when_somebody_asks_for_a_link(self, begun):
        services.resend_link(member=begun.member, now=START + 20 * DAY)

        assert services.erase_unfinished(now=START + 49 * DAY) == 0
        assert services.erase_unfinished(now=START + 50 * DAY) == 1

    def test_does_not_count_anew_for_our_own_reminder(self, begun):
        services.remind_unfinished(now=START + 20 * DAY)

        assert services.erase_unfinished(now=START + 30 * DAY) == 1

    def test_leaves_members_alone(self, begun):
        services.finish_registration(
            link=services.find_link(token_in(begun.message)), now=START, **FINISH
        )

        assert services.erase_unfinished(now=START + 400 * DAY) == 0
        assert Member.objects.get().status == Member.Status.ACTIVE

    def test_ends_a_return_and_leaves_who_had_left(self, programme):
        member = MemberFactory(programme=programme)
        leave(member=member, now=START)
        services.resend_link(member=member, now=START)

        assert services.erase_unfinished(now=START + 30 * DAY) == 1

        member.refresh_from_db()
        assert member.status == Member.Status.LEFT
        # Nothing was erased, and the record does not say so.
        lapsed = Registration.objects.get()
        assert (lapsed.outcome, lapsed.ended_at) == ("LAPSED", START + 30 * DAY)
        assert member.first_name

    def test_lets_the_same_number_begin_again(self, programme, begun):
        services.erase_unfinished(now=START + 30 * DAY)

        assert register(programme, now=START + 31 * DAY).is_new


class TestTasks:
    def test_run_until_nothing_is_left(self, programme, time_machine):
        for number in range(5):
            register(programme, now=START, phone=f"070-174 0{number} 05")
        time_machine.move_to(START + 4 * DAY)
        assert tasks.remind() == 5

        time_machine.move_to(START + 30 * DAY)
        assert tasks.erase() == 5
        assert tasks.erase() == 0


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    @pytest.fixture(autouse=True)
    def _tasks_wait(self, monkeypatch):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)

    def run(self, *steps):
        barrier = threading.Barrier(len(steps))
        outcomes = []

        def take(step):
            try:
                barrier.wait(timeout=20)
                outcomes.append(step())
            except services.LinkUnusable as refused:
                outcomes.append(refused)
            except services.NotPending as refused:
                outcomes.append(refused)
            except JoinLink.DoesNotExist as gone:
                outcomes.append(gone)
            finally:
                connection.close()

        threads = [threading.Thread(target=take, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        return outcomes

    def test_two_workers_remind_once(self, begun):
        at = START + 3 * DAY

        sent = self.run(*[lambda: services.remind_unfinished(now=at)] * 3)

        assert sorted(sent) == [0, 0, 1]
        assert reminders().count() == 1

    def test_finishing_and_erasing_leave_one_of_both(self, begun):
        at = START + 6 * DAY
        Registration.objects.update(started_at=START - 60 * DAY)
        JoinLink.objects.update(created_at=START - 60 * DAY)
        link = services.find_link(token_in(begun.message))

        self.run(
            lambda: services.erase_unfinished(now=at),
            lambda: services.finish_registration(link=link, now=at, **FINISH),
        )

        member, kept = Member.objects.get(), Registration.objects.get()
        assert (member.status, kept.outcome) in {
            (Member.Status.ACTIVE, "FINISHED"),
            (Member.Status.ERASED, "ERASED"),
        }
        assert bool(member.phone) == (member.status == Member.Status.ACTIVE)

"""Out of the outbox, once."""

from datetime import timedelta

import pytest

from consent.models import Channel, ConsentEntry, ContactPolicy
from consent.services import object_to_marketing
from members import services as members
from members.models import Member
from messaging.delivery import BACKOFF, BATCH, LEASE, claim
from messaging.models import Message
from messaging.services import send_due
from messaging.transports import NotSent, Refused, Unsure
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue, recording

State = Message.State
MARKETING = Message.Class.MARKETING


class WorkerStopped(BaseException):
    """What a worker that is told to stop raises, wherever it is."""


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def transport():
    with recording() as transport:
        yield transport


def offer(member, now, **changes):
    answer(member, ConsentEntry.Action.GIVEN, at=now)
    return queue(member, now=now, message_class=MARKETING, **changes)


def state_of(message):
    message.refresh_from_db()
    return message.state


class TestSendDue:
    def test_sends_what_waits_and_notes_it(self, member, transport, now):
        message = queue(member, now=now)

        assert send_due(now=now) == 1

        message.refresh_from_db()
        assert (message.state, message.sent_at) == (State.SENT, now)
        assert (message.attempts, message.provider_id) == (1, "provider-1")
        (outgoing,) = transport.sent
        assert (outgoing.address, outgoing.body) == (member.phone, message.body)
        assert outgoing.sender_name == "Klubben"

    def test_sends_nothing_twice(self, member, transport, now):
        queue(member, now=now)

        send_due(now=now)
        assert send_due(now=now) == 0

        assert len(transport.sent) == 1

    def test_sends_in_the_order_of_the_queue(self, member, transport, now):
        later = queue(member, now=now + timedelta(seconds=1))
        sooner = queue(member, now=now)

        send_due(now=now + timedelta(minutes=1))

        assert transport.ids == [str(sooner.public_id), str(later.public_id)]

    def test_takes_no_more_than_asked(self, member, transport, now):
        for _time in range(25):
            queue(member, now=now)

        assert send_due(now=now, limit=12) == 12
        assert len(transport.sent) == 12

    def test_leaves_what_is_not_due(self, member, transport, now):
        queue(member, now=now + timedelta(minutes=1))

        assert send_due(now=now) == 0

    def test_never_sends_an_expired_code(self, member, transport, now):
        message = queue(member, now=now, expires_at=now + timedelta(minutes=5))

        send_due(now=now + timedelta(minutes=5))

        assert (state_of(message), message.error) == (State.STOPPED, "expired")
        assert transport.sent == []

    def test_asks_the_gate_again(self, member, transport, now):
        message = offer(member, now)
        answer(member, ConsentEntry.Action.WITHDRAWN, at=now + timedelta(seconds=1))

        send_due(now=now + timedelta(seconds=2))

        assert (state_of(message), message.error) == (State.STOPPED, "withdrawn")
        assert message.gate["code"] == "withdrawn"
        assert transport.sent == []

    def test_stops_what_is_left_of_a_running_send(self, programme, transport, now):
        """A withdrawal between two batches holds for the second, seconds later."""
        members = [MemberFactory(programme=programme) for _each in range(BATCH + 3)]
        sent = [offer(member, now) for member in members]
        last = members[-1]

        class Withdraws:
            def send(self, outgoing):
                if outgoing.id == str(sent[0].public_id):
                    object_to_marketing(
                        member=last,
                        source=ConsentEntry.Source.LINK,
                        evidence={},
                        now=now + timedelta(seconds=5),
                    )
                transport.sent.append(outgoing)
                return "provider"

        transport.send = Withdraws().send
        send_due(now=now + timedelta(seconds=10))

        assert len(transport.sent) == BATCH + 2
        assert (state_of(sent[-1]), sent[-1].error) == (State.STOPPED, "objected")

    def test_lets_no_two_offers_of_one_batch_share_the_last_room(
        self, member, transport, now
    ):
        ContactPolicy.objects.filter(programme=member.programme).update(per_week=1)
        first, second = offer(member, now), offer(member, now)

        send_due(now=now)

        assert (state_of(first), state_of(second)) == (State.SENT, State.NEW)
        assert second.error == "week_budget"
        assert second.send_after == now + timedelta(days=7)

    @pytest.mark.parametrize("number", [2, 9])
    def test_asks_once_however_many_it_claims(
        self, programme, now, number, django_assert_num_queries
    ):
        for _each in range(number):
            offer(MemberFactory(programme=programme), now)
            queue(MemberFactory(programme=programme), now=now)

        # The transaction's two, the due messages, their members' locks, the list and
        # the gate for each of two classes, the contacts, the claims.
        with django_assert_num_queries(10):
            claimed = claim(now=now, limit=100)

        assert len(claimed) == number * 2

    def test_sends_no_offer_to_who_has_left_meanwhile(self, member, transport, now):
        message = offer(member, now)
        members.leave(member=member, now=now)

        send_due(now=now)

        assert state_of(message) == State.STOPPED

    def test_sends_no_offer_to_a_number_that_was_the_members(
        self, member, transport, now
    ):
        message = offer(member, now)
        members.update_member(member=member, phone="+46701749999", now=now)

        send_due(now=now)

        assert (state_of(message), message.error) == (
            State.STOPPED,
            "not_their_address",
        )

    def test_goes_on_past_a_whole_batch_that_was_stopped(self, member, transport, now):
        for _time in range(12):
            queue(member, now=now, expires_at=now)
        last = queue(member, now=now)

        send_due(now=now)

        assert state_of(last) == State.SENT


class TestFailures:
    def test_wait_longer_each_time_the_provider_cannot_be_reached(
        self, member, transport, now
    ):
        message = queue(member, now=now)
        waits = []
        for _try in BACKOFF:
            transport.answers = [NotSent("down")]
            send_due(now=now)
            assert state_of(message) == State.NEW
            waits.append(message.send_after - now)
            now = message.send_after

        assert waits == BACKOFF
        assert waits == sorted(waits)

        transport.answers = [NotSent("down")]
        send_due(now=now)
        assert state_of(message) == State.FAILED

    def test_lose_nothing_while_the_provider_is_down(self, member, transport, now):
        message = queue(member, now=now)
        transport.answers = [NotSent("down")] * 4
        for minute in range(60):
            send_due(now=now + timedelta(minutes=minute))

        assert state_of(message) == State.SENT
        assert transport.ids == [str(message.public_id)]

    def test_end_a_message_that_was_refused(self, member, transport, now):
        message = queue(member, now=now)
        transport.answers = [Refused("no such number")]

        send_due(now=now)
        send_due(now=now + timedelta(hours=1))

        assert (state_of(message), message.error) == (
            State.FAILED,
            "Refused: no such number",
        )
        assert transport.sent == []

    def test_keep_the_address_out_of_the_error(self, member, transport, now):
        message = queue(member, now=now)
        transport.answers = [Refused(f"{member.phone} is barred")]

        send_due(now=now)

        message.refresh_from_db()
        assert member.phone not in message.error

    @pytest.mark.parametrize("error", [Unsure("no answer"), RuntimeError("a bug")])
    def test_repeat_a_service_message_under_the_same_id_three_times(
        self, member, transport, now, error
    ):
        message = queue(member, now=now)
        transport.answers = [error] * 9
        for minute in range(0, 120, 5):
            send_due(now=now + timedelta(minutes=minute))

        assert state_of(message) == State.UNKNOWN
        assert message.attempts == 3
        assert len(transport.answers) == 6

    def test_never_repeat_an_offer_whose_end_is_unknown(self, member, transport, now):
        message = offer(member, now)
        transport.answers = [Unsure("no answer")]

        for minute in range(0, 120, 5):
            send_due(now=now + timedelta(minutes=minute))

        assert (state_of(message), message.attempts) == (State.UNKNOWN, 1)
        assert transport.sent == []

    def test_repeat_an_offer_that_certainly_did_not_leave(self, member, transport, now):
        message = offer(member, now)
        transport.answers = [NotSent("down")]

        send_due(now=now)
        send_due(now=now + timedelta(minutes=1))

        assert state_of(message) == State.SENT

    def test_of_one_message_do_not_hold_up_the_others(self, member, transport, now):
        first, second = queue(member, now=now), queue(member, now=now)
        transport.answers = [RuntimeError("a bug")]

        send_due(now=now)

        assert (state_of(first), state_of(second)) == (State.NEW, State.SENT)

    def test_keep_messages_waiting_while_no_transport_is_set(
        self, member, now, settings
    ):
        settings.MESSAGE_TRANSPORTS = {"SMS": "", "EMAIL": ""}
        message = queue(member, now=now)

        send_due(now=now)

        assert state_of(message) == State.NEW
        assert "no transport" in message.error


class TestAStoppedWorker:
    def test_loses_no_service_message(self, member, transport, now):
        message = queue(member, now=now)
        transport.answers = [WorkerStopped()]

        with pytest.raises(WorkerStopped):
            send_due(now=now)
        assert state_of(message) == State.CLAIMED
        send_due(now=now + LEASE - timedelta(seconds=1))
        assert transport.sent == []
        send_due(now=now + LEASE)

        assert (state_of(message), message.attempts) == (State.SENT, 2)

    def test_doubles_no_offer(self, member, transport, now):
        message = offer(member, now)
        transport.answers = [WorkerStopped()]

        with pytest.raises(WorkerStopped):
            send_due(now=now)
        for minute in range(0, 60, 2):
            send_due(now=now + LEASE + timedelta(minutes=minute))

        assert state_of(message) == State.UNKNOWN
        assert transport.sent == []

    def test_gives_back_what_it_had_not_begun(self, member, transport, now):
        begun, not_begun = offer(member, now), offer(member, now)
        transport.answers = [WorkerStopped()]

        with pytest.raises(WorkerStopped):
            send_due(now=now)
        send_due(now=now)

        assert state_of(begun) == State.CLAIMED
        assert (state_of(not_begun), not_begun.attempts) == (State.SENT, 1)

    def test_is_not_followed_by_a_fourth_try(self, member, transport, now):
        message = queue(member, now=now)
        for turn in range(5):
            transport.answers = [WorkerStopped()]
            try:
                send_due(now=now + LEASE * turn)
            except WorkerStopped:
                continue

        assert (state_of(message), message.attempts) == (State.UNKNOWN, 3)

    def test_that_wakes_late_does_not_undo_what_another_did(
        self, member, transport, now
    ):
        message = queue(member, now=now)

        class Sleeper:
            def send(self, outgoing):
                # While this one hangs, another worker takes the claim over.
                if not transport.sent:
                    transport.sent.append(outgoing)
                    send_due(now=now + LEASE)
                    raise NotSent("woke up")
                return "second"

        transport.send = Sleeper().send
        send_due(now=now)

        assert (state_of(message), message.provider_id) == (State.SENT, "second")


class TestErased:
    def test_get_nothing_that_still_waited(self, member, transport, now):
        message = queue(member, now=now, channel=Channel.EMAIL)
        Member.objects.filter(pk=member.pk).update(
            status=Member.Status.ERASED,
            phone="",
            email="",
            first_name="",
            last_name="",
        )

        send_due(now=now)

        assert (state_of(message), message.error) == (State.STOPPED, "erased")

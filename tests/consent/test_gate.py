"""May it go?"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.gate import Code, may_send
from consent.models import MESSAGE_CHANNELS, Channel, ConsentEntry, Purpose
from members.models import Member
from tests.factories.consent import answer
from tests.factories.members import MemberFactory

GIVEN = ConsentEntry.Action.GIVEN
REFUSED = ConsentEntry.Action.REFUSED
WITHDRAWN = ConsentEntry.Action.WITHDRAWN


def ask(member, now, *, channel=Channel.SMS, message_class="MARKETING"):
    return may_send(
        member=member,
        channel=channel,
        message_class=message_class,
        purpose=Purpose.MARKETING if message_class == "MARKETING" else "",
        now=now,
    )


class TestMarketing:
    def test_goes_after_a_yes_and_names_it(self, programme, now):
        member = MemberFactory(programme=programme)
        entry = answer(member, GIVEN, at=now)

        decision = ask(member, now)

        assert (decision.allowed, decision.code) == (True, Code.CONSENT_GIVEN)
        assert decision.entry_id == entry.pk

    def test_stays_when_nobody_asked(self, programme, now):
        decision = ask(MemberFactory(programme=programme), now)

        assert (decision.allowed, decision.code) == (False, Code.NEVER_ASKED)

    @pytest.mark.parametrize(
        ("action", "code"), [(REFUSED, Code.REFUSED), (WITHDRAWN, Code.WITHDRAWN)]
    )
    def test_stays_after_a_no(self, programme, now, action, code):
        member = MemberFactory(programme=programme)
        answer(member, GIVEN, at=now - timedelta(days=1))
        entry = answer(member, action, at=now)

        decision = ask(member, now)

        assert (decision.allowed, decision.code) == (False, code)
        assert decision.entry_id == entry.pk

    def test_does_not_take_a_yes_to_one_channel_for_another(self, programme, now):
        member = MemberFactory(programme=programme)
        answer(member, GIVEN, channel=Channel.EMAIL, at=now)

        assert not ask(member, now, channel=Channel.SMS).allowed

    @pytest.mark.parametrize("situation", ["pending", "left", "blocked"])
    def test_stays_when_the_member_is_not_active(self, programme, now, situation):
        member = MemberFactory(programme=programme, **{situation: True})
        answer(member, GIVEN, at=now)

        decision = ask(member, now)

        assert (decision.allowed, decision.code) == (False, Code.NOT_ACTIVE)

    def test_stays_when_there_is_no_member(self, db, now):
        assert not ask(None, now).allowed

    # Fixtures are shared between examples on purpose: each makes its own member.
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        history=st.lists(
            st.tuples(
                st.sampled_from(list(MESSAGE_CHANNELS)),
                st.sampled_from([GIVEN, REFUSED, WITHDRAWN]),
            ),
            max_size=6,
        )
    )
    def test_follows_the_last_word_of_any_history(self, programme, now, history):
        member = MemberFactory(programme=programme)
        last = {}
        for minute, (channel, action) in enumerate(history):
            answer(member, action, channel=channel, at=now + timedelta(minutes=minute))
            last[channel] = action

        for channel in MESSAGE_CHANNELS:
            allowed = ask(member, now + timedelta(hours=1), channel=channel).allowed
            assert allowed == (last.get(channel) == GIVEN)


class TestCodesAndService:
    @pytest.mark.parametrize("message_class", ["CODE", "SERVICE"])
    @pytest.mark.parametrize(
        "status",
        [
            Member.Status.PENDING,
            Member.Status.ACTIVE,
            Member.Status.LEFT,
            Member.Status.BLOCKED,
        ],
    )
    def test_go_without_permission(self, programme, now, message_class, status):
        member = MemberFactory(programme=programme, status=status)

        assert ask(member, now, message_class=message_class).allowed

    @pytest.mark.parametrize("message_class", ["CODE", "SERVICE", "MARKETING"])
    def test_stay_when_the_member_is_erased(self, programme, now, message_class):
        member = MemberFactory(programme=programme, erased=True)

        decision = ask(member, now, message_class=message_class)

        assert (decision.allowed, decision.code) == (False, Code.ERASED)

    def test_are_the_only_classes(self, programme, now):
        with pytest.raises(ValueError, match="NEWS"):
            ask(MemberFactory(programme=programme), now, message_class="NEWS")

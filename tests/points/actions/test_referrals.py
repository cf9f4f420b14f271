"""Members who bring others, and what counts as bringing somebody."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from consent.erasure import erase_member
from enrolment import services as enrolment
from members import events
from members import services as members
from members.merging import merge_members, undo_merge
from members.models import Event, Member
from points.actions import following, kinds, referrals, words
from points.models import Account, Activity, Referral, ReferralCode
from points.reading import dump
from points.selectors import find_rule
from points.terms import Action, Per, Terms
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BOUGHT = date(2026, 3, 10)
# The thirtieth day after it, as the club's calendar counts.
KEPT = datetime(2026, 4, 9, 4, 0, tzinfo=UTC)
YEARS = timedelta(days=2000)


@pytest.fixture
def rule(programme):
    terms = Terms(
        actions=(
            Action("friend", "referral.kept", 500, Per.EACH),
            Action("welcome-friend", "referral.welcomed", 100),
        )
    )
    return EarningRuleFactory(programme=programme, published=True, terms=dump(terms))


@pytest.fixture
def vera(programme):
    """Who invites."""
    return MemberFactory(programme=programme, first_name="Vera")


@pytest.fixture
def code(vera):
    return referrals.make_code(member=vera, now=JOINED)


def register(programme, phone="+46701745001"):
    return members.register_member(
        programme=programme,
        phone=phone,
        source=Member.Source.WEB,
        language="sv",
        now=JOINED,
    )


def invited_by(code, programme, *, phone="+46701745001", active=True):
    friend = register(programme, phone)
    referrals.refer(code=code, invited=friend, now=JOINED)
    if active:
        friend.status, friend.activated_at = Member.Status.ACTIVE, JOINED
        friend.save()
    return friend


def buy(member, on=BOUGHT, visits=1, spend=199):
    return Activity.objects.create(member=member, on=on, spend=spend, visits=visits)


def state_of(friend):
    return Referral.objects.get(invited=friend).state


class TestCode:
    def test_is_made_once(self, vera):
        first = referrals.make_code(member=vera, now=JOINED)

        assert referrals.make_code(member=vera, now=KEPT) == first
        assert ReferralCode.objects.count() == 1

    def test_finds_its_member_as_people_type_it(self, vera, code):
        assert referrals.find_referrer(vera.programme, f" {code.lower()} ") == vera
        assert referrals.find_referrer(ProgrammeFactory(), code) is None
        assert referrals.find_referrer(vera.programme, "") is None

    def test_finds_nobody_who_has_left(self, vera, code):
        members.leave(member=vera, now=JOINED)

        assert referrals.find_referrer(vera.programme, code) is None


class TestRefer:
    def test_ties_a_stranger_to_who_invited_them(self, programme, vera, code):
        friend = register(programme)

        referral = referrals.refer(code=code, invited=friend, now=JOINED)
        again = referrals.refer(code=code, invited=friend, now=JOINED)

        assert (referral.referrer, referral.invited) == (vera, friend)
        assert again == referral

    def test_keeps_the_first_who_invited(self, programme, vera, code):
        other = MemberFactory(programme=programme)
        other_code = referrals.make_code(member=other, now=JOINED)
        friend = invited_by(code, programme)

        referrals.refer(code=other_code, invited=friend, now=JOINED)

        assert Referral.objects.get().referrer == vera

    def test_counts_nobody_who_had_the_number_before(self, programme, vera, code):
        """Vera's own old number, given up and registered anew."""
        old = vera.phone
        members.update_member(member=vera, now=JOINED, phone="+46701745999")

        friend = register(programme, old)

        assert referrals.refer(code=code, invited=friend, now=JOINED) is None

    def test_counts_nobody_by_an_unknown_code(self, programme):
        assert (
            referrals.refer(code="NOSUCH", invited=register(programme), now=JOINED)
            is None
        )

    def test_never_ties_a_member_to_themselves(self, vera, code):
        assert referrals.refer(code=code, invited=vera, now=JOINED) is None
        with pytest.raises(IntegrityError), transaction.atomic():
            Referral.objects.create(referrer=vera, invited=vera, joined_at=JOINED)


class TestJoinPage:
    def begin(self, programme, code, phone):
        enrolment.begin_on_the_web(
            programme=programme,
            phone=phone,
            friend=code,
            language="sv",
            address_block="192.0.2.0",
            now=JOINED,
        )

    def test_ties_who_begins_by_the_link(self, programme, vera, code):
        self.begin(programme, code, "+46701745001")

        assert Referral.objects.get().invited.phone == "+46701745001"

    @pytest.mark.parametrize("trait", ["pending", "left", None])
    def test_ties_nobody_who_was_known(self, programme, vera, code, trait):
        known = MemberFactory(programme=programme, **({trait: True} if trait else {}))

        self.begin(programme, code, known.phone)

        assert not Referral.objects.exists()

    def test_hands_the_code_on(self, client, programme, vera, code):
        address = f"/join/?friend={code}"

        shown = client.get(address).content.decode()
        client.post(address, {"phone": "070-174 50 01"})

        assert f'action="{address}"' in shown
        assert Referral.objects.get().referrer == vera


class TestTimeline:
    def test_tells_both_when_the_friend_has_become_a_member(
        self, programme, vera, code
    ):
        friend = invited_by(code, programme)
        joined = events.record(
            member_id=friend.pk, kind="member.activated", at=JOINED, now=JOINED
        )

        referrals.tell_joined([joined], now=JOINED)

        told = Event.objects.filter(kind__startswith="referral.")
        assert {(each.member_id, each.kind) for each in told} == {
            (vera.pk, "referral.joined"),
            (friend.pk, "referral.invited"),
        }
        for each in told:
            said = events.describe(each) + str(each.data)
            assert "Vera" not in said
            assert friend.phone not in said


class TestSettle:
    def test_counts_when_a_purchase_was_kept_thirty_days(
        self, programme, rule, vera, code
    ):
        friend = invited_by(code, programme)
        buy(friend)

        assert referrals.settle(now=KEPT - timedelta(days=1)) == 0
        assert referrals.settle(now=KEPT) == 1
        assert referrals.settle(now=KEPT) == 0

        assert state_of(friend) == "KEPT"
        read = Event.objects.filter(
            kind__in=[kinds.REFERRAL_KEPT, kinds.REFERRAL_WELCOMED]
        )
        assert following.give_for(list(read), now=KEPT) == 2
        assert Account.objects.get(member=vera).balance == 500
        assert Account.objects.get(member=friend).balance == 100

    def test_begins_the_thirtieth_day_by_the_club_s_clock(
        self, programme, rule, vera, code
    ):
        buy(invited_by(code, programme))

        # 8 April ends at 22:00 UTC in Stockholm.
        assert referrals.settle(now=datetime(2026, 4, 8, 21, 59, tzinfo=UTC)) == 0
        assert referrals.settle(now=datetime(2026, 4, 8, 22, 0, tzinfo=UTC)) == 1

    def test_waits_for_a_purchase_that_stays(self, programme, rule, vera, code):
        """All of it came back: the day of its purchase has no money any more."""
        friend = invited_by(code, programme)
        buy(friend, visits=0, spend=0)
        assert referrals.settle(now=KEPT) == 0

        buy(friend, on=BOUGHT + timedelta(days=5))

        assert referrals.settle(now=KEPT + timedelta(days=4)) == 0
        assert referrals.settle(now=KEPT + timedelta(days=5)) == 1

    def test_counts_no_visit_that_nothing_counted_of(self, programme, rule, vera, code):
        """A gift card, or a bag for nothing: no money that earns."""
        buy(invited_by(code, programme), spend=0)

        assert referrals.settle(now=KEPT) == 0

    def test_counts_nobody_who_has_not_finished(self, programme, rule, vera, code):
        friend = invited_by(code, programme, active=False)
        buy(friend)

        assert referrals.settle(now=KEPT) == 0

    def test_refuses_whose_address_turns_out_to_be_a_member_s(
        self, programme, rule, vera, code
    ):
        old = vera.email
        members.update_member(member=vera, now=JOINED, email="new@example.se")
        friend = invited_by(code, programme)
        members.update_member(member=friend, now=JOINED, email=old)
        buy(friend)

        referrals.settle(now=KEPT)

        assert state_of(friend) == "REFUSED"
        assert not Event.objects.filter(kind="referral.kept").exists()

    def test_refuses_for_who_has_left(self, programme, rule, vera, code):
        friend = invited_by(code, programme)
        buy(friend)
        members.leave(member=vera, now=JOINED)

        referrals.settle(now=KEPT)

        assert state_of(friend) == "REFUSED"

    def test_counts_so_many_in_a_year_of_the_club(
        self, programme, rule, vera, code, monkeypatch
    ):
        monkeypatch.setattr(referrals, "MOST_PER_YEAR", 2)
        friends = [
            invited_by(code, programme, phone=f"+4670174500{n}") for n in range(4)
        ]
        for friend in friends[:3]:
            buy(friend)

        referrals.settle(now=KEPT)
        buy(friends[3], on=date(2026, 12, 1))
        referrals.settle(now=datetime(2026, 12, 31, 23, 0, tzinfo=UTC))

        assert [state_of(friend) for friend in friends] == [
            "KEPT",
            "KEPT",
            "REFUSED",
            # 1 January in Stockholm.
            "KEPT",
        ]

    def test_gives_up_after_a_year(self, programme, vera, code):
        friend = invited_by(code, programme)

        assert referrals.give_up(now=JOINED + timedelta(days=365)) == 0
        assert referrals.give_up(now=JOINED + timedelta(days=366)) == 1
        assert state_of(friend) == "REFUSED"


class TestMerging:
    def test_of_both_counts_no_more(self, programme, vera, code, olga):
        """Somebody invited themselves with a second number."""
        friend = invited_by(code, programme)
        merge_members(kept=vera, merged=friend, staff=olga, now=JOINED)

        assert Referral.objects.get().state == "REFUSED"

    @pytest.mark.parametrize("kept_first", [True, False], ids=["old", "new"])
    def test_refuses_who_was_a_member_before(
        self, programme, rule, vera, code, olga, kept_first
    ):
        """Anna, a member for years, came by a friend's link with a second address."""
        anna = MemberFactory(programme=programme, registered_at=JOINED - YEARS)
        again = invited_by(code, programme)
        kept, merged = (anna, again) if kept_first else (again, anna)
        merge = merge_members(kept=kept, merged=merged, staff=olga, now=JOINED)
        buy(kept)

        assert referrals.settle(now=KEPT) == 0
        assert Referral.objects.get().state == "REFUSED"

        undo_merge(merge=merge, staff=olga, now=JOINED + timedelta(hours=1))
        assert (state_of(again), Referral.objects.get().settled_at) == ("JOINED", None)

    def test_hands_it_on_and_gives_it_back(self, programme, vera, code, olga):
        friend = invited_by(code, programme)
        other = MemberFactory(programme=programme)
        merge = merge_members(kept=other, merged=vera, staff=olga, now=JOINED)

        assert Referral.objects.get().referrer == other
        # The link that was shared leads to who has it now.
        assert referrals.find_referrer(programme, code) == other

        undo_merge(merge=merge, staff=olga, now=JOINED + timedelta(hours=1))
        assert Referral.objects.get().referrer == vera
        assert Referral.objects.get().invited == friend

    def test_keeps_the_kept_member_s_own_invitation(self, programme, vera, code, olga):
        first = invited_by(code, programme, phone="+46701745001")
        second = invited_by(code, programme, phone="+46701745002")

        merge_members(kept=first, merged=second, staff=olga, now=JOINED)

        assert Referral.objects.filter(invited=first).count() == 1
        assert Referral.objects.count() == 2


class TestErasure:
    def test_leaves_nothing_of_who_brought_whom(self, programme, vera, code):
        invited_by(code, programme)

        erase_member(member=vera, now=JOINED)

        assert not Referral.objects.exists()
        assert not ReferralCode.objects.exists()


class TestWords:
    def test_say_what_both_get_and_its_worth(self, programme, rule):
        now = datetime.now(UTC)
        actions = referrals.actions_in_force(programme, now=now)

        with override("en"):
            said = words.invitation(
                actions, find_rule(programme_id=programme.pk, at=now), "SEK"
            )

        assert [each.replace("\xa0", " ") for each in said] == [
            "You get 500 points, worth 50 kr, when somebody you invited has bought "
            "something and kept it for 30 days.",
            "Your friend gets 100 points, worth 10 kr, at the same time.",
        ]

    def test_say_nothing_where_nothing_is_given(self, programme):
        EarningRuleFactory(programme=programme, published=True)

        assert referrals.actions_in_force(programme, now=datetime.now(UTC)) == {}


@pytest.mark.django_db(transaction=True)
class TestTwoWorkersAtOnce:
    def test_count_an_invitation_once(self, programme):
        vera = MemberFactory(programme=programme)
        code = referrals.make_code(member=vera, now=JOINED)
        buy(invited_by(code, programme))
        barrier, settled = Barrier(2), []

        def one():
            try:
                barrier.wait(10)
                settled.append(referrals.settle(now=KEPT))
            finally:
                connection.close()

        threads = [Thread(target=one) for _worker in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert sum(settled) == 1
        assert Event.objects.filter(kind="referral.kept").count() == 1

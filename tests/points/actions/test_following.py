"""Points for what members do besides buying, as a version says them."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from members import events
from members.merging import merge_members, undo_merge
from members.models import Event, Member
from members.selectors import list_events
from points import proof
from points.actions import following
from points.models import Account, ActionAward, Activity, Entry, Lot
from points.reading import dump
from points.terms import Action, Per, Terms
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
VISIT = "custom.visit"


def publish(programme, *actions, **changes):
    return EarningRuleFactory(
        programme=programme,
        published=True,
        terms=dump(Terms(actions=actions)),
        **changes,
    )


def done(member, kind=VISIT, at=NOW, **data):
    return events.record(member_id=member.pk, kind=kind, at=at, now=at, data=data)


def give(*read, now=NOW):
    return following.give_for(list(read), now=now)


def balance(member):
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


@pytest.fixture
def vera(programme):
    return MemberFactory(programme=programme, first_name="Vera")


class TestFollow:
    def test_gives_what_the_version_says(self, programme, vera):
        rule = publish(programme, Action("welcome", "member.activated", 100))
        event = done(vera, "member.activated")

        assert give(event) == 1

        entry = Entry.objects.get(member=vera)
        assert (entry.kind, entry.points, entry.at) == ("EARN", 100, NOW)
        assert (entry.key, entry.rule) == ("action:welcome:once", rule)
        award = ActionAward.objects.get()
        assert (award.rule, award.event_id) == (rule, event.public_id)
        assert (entry.source_type, entry.source_id) == ("action", award.public_id)
        assert not proof.check().differences

    def test_tells_the_member_what_for(self, programme, vera):
        publish(programme, Action("welcome", "member.activated", 100))
        give(done(vera, "member.activated"))

        told = Event.objects.get(kind="points.action")
        with override("en"):
            assert events.describe(told) == ("100 points earned for becoming a member.")

    def test_counts_it_for_the_tiers(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5, Per.EACH))
        # After midnight in Stockholm.
        late = NOW.replace(hour=23, minute=30)

        give(done(vera), done(vera, at=late))

        days = Activity.objects.filter(member=vera).order_by("on")
        assert [(day.on.day, day.actions, day.points) for day in days] == [
            (14, 1, 5),
            (15, 1, 5),
        ]

    def test_lets_them_lapse_as_what_was_earned_that_day(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5, Per.EACH))

        give(done(vera), now=NOW + timedelta(days=40))

        assert Lot.objects.get().expires_at == datetime(2028, 3, 31, 22, tzinfo=UTC)

    def test_goes_by_the_version_of_that_moment(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5, Per.EACH))
        publish(
            programme,
            Action("visit", VISIT, 50, Per.EACH),
            starts_at=NOW + timedelta(days=1),
        )

        give(done(vera), done(vera, at=NOW + timedelta(days=2)))

        points = Entry.objects.order_by("at").values_list("points", flat=True)
        assert list(points) == [5, 50]

    def test_gives_nothing_for_what_no_version_names(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5))

        assert give(done(vera, "custom.other"), done(vera, "member.updated")) == 0

    def test_gives_nothing_for_points_themselves(self, programme, vera):
        """Points for getting points would never end."""
        publish(programme, Action("loop", "points.action", 5, Per.EACH))

        assert give(done(vera, "points.action")) == 0

    def test_gives_nothing_before_the_first_version(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5), starts_at=NOW)

        assert give(done(vera, at=NOW - timedelta(seconds=1))) == 0
        assert give(done(vera, at=NOW)) == 1

    @pytest.mark.parametrize("trait", ["left", "blocked", "erased"])
    def test_gives_nothing_to_who_is_no_member(self, programme, trait):
        publish(programme, Action("visit", VISIT, 5))

        assert give(done(MemberFactory(programme=programme, **{trait: True}))) == 0

    def test_gives_nothing_for_members_of_another_club_who_are_imported(
        self, programme, vera
    ):
        publish(programme, Action("welcome", "member.activated", 100))

        assert give(done(vera, "member.activated", source="IMPORT")) == 0

    def test_goes_by_who_gets_the_points_as_every_night_does(
        self, programme, vera, olga
    ):
        """Vera is kept; her older membership, and not she, comes before Gudrun."""
        publish(programme, Action("visit", VISIT, 10))
        older, gudrun, kept = (MemberFactory(programme=programme) for _ in range(3))
        read = [done(older), done(gudrun)]
        merge_members(kept=kept, merged=older, staff=olga, now=NOW)

        give(*read)

        got = Entry.objects.filter(kind="EARN").order_by("pk")
        assert list(got.values_list("member_id", flat=True)) == [gudrun.pk, kept.pk]

    def test_reads_on_from_its_cursor(self, programme, vera):
        publish(programme, Action("visit", VISIT, 5, Per.EACH))
        done(vera)
        following.follow(now=NOW)
        balance_then = balance(vera)

        following.follow(now=NOW)

        # What this transaction wrote is not below the horizon yet: nothing is lost.
        assert balance(vera) == balance_then


class TestTimes:
    @pytest.mark.parametrize(
        ("per", "times", "days", "given"),
        [
            (Per.ONCE, 1, [0, 0, 1, 400], 1),
            (Per.EACH, 1, [0, 0, 1, 400], 4),
            (Per.DAY, 1, [0, 0, 1, 400], 3),
            (Per.DAY, 2, [0, 0, 0, 1], 3),
            # 14 March 2026 is a Saturday: Monday begins another week.
            (Per.WEEK, 1, [0, 1, 2], 2),
            (Per.MONTH, 1, [0, 17, 18], 2),
            (Per.MONTH, 2, [0, 1, 2, 17], 2),
            (Per.YEAR, 1, [0, 292, 293], 2),
            (Per.YEAR, 3, [0, 1, 2, 3, 4], 3),
        ],
    )
    def test_are_counted_within_their_time(
        self, programme, vera, per, times, days, given
    ):
        publish(programme, Action("visit", VISIT, 10, per, times))
        read = [done(vera, at=NOW + timedelta(days=day)) for day in days]

        assert give(*read) == given

        assert balance(vera) == 10 * given
        assert Entry.objects.count() == given

    def test_begin_anew_at_midnight_of_the_club(self, programme, vera):
        publish(programme, Action("visit", VISIT, 10, Per.DAY))
        before = NOW.replace(hour=22, minute=59, second=59)

        given = give(done(vera, at=before), done(vera, at=NOW.replace(hour=23)))

        assert given == 2

    def test_put_a_week_over_new_year_into_one_year(self, programme, vera):
        publish(programme, Action("visit", VISIT, 10, Per.WEEK))
        thursday = datetime(2026, 12, 31, 12, tzinfo=UTC)

        give(done(vera, at=thursday), done(vera, at=thursday + timedelta(days=2)))

        assert [award.occasion for award in ActionAward.objects.all()] == ["2026-W53"]

    def test_hold_for_an_event_that_is_read_again(self, programme, vera):
        publish(programme, Action("visit", VISIT, 10, Per.DAY, 5))
        event = done(vera)

        assert give(event, event) + give(event) == 1

    def test_hold_over_a_new_version(self, programme, vera):
        publish(programme, Action("welcome", "member.activated", 100))
        publish(
            programme,
            Action("welcome", "member.activated", 200),
            starts_at=NOW + timedelta(days=1),
        )
        give(done(vera, "member.activated"))

        again = done(vera, "member.activated", at=NOW + timedelta(days=9), again=True)

        assert give(again) == 0

    def test_hold_over_two_memberships_of_one_person(self, programme, vera, olga):
        publish(programme, Action("welcome", "member.activated", 100))
        twin = MemberFactory(programme=programme)
        give(done(twin, "member.activated"))
        merge_members(kept=vera, merged=twin, staff=olga, reason="same", now=NOW)

        assert give(done(vera, "member.activated", again=True)) == 0
        assert balance(vera) == 100

    def test_stay_with_both_who_had_it_before_they_were_merged(
        self, programme, vera, olga
    ):
        publish(programme, Action("welcome", "member.activated", 100))
        twin = MemberFactory(programme=programme)
        give(done(twin, "member.activated"), done(vera, "member.activated"))

        merge_members(kept=vera, merged=twin, staff=olga, reason="same", now=NOW)

        assert ActionAward.objects.filter(member=vera).count() == 1
        assert ActionAward.objects.filter(member=twin).count() == 1
        assert not proof.check().differences

    def test_end_where_an_undone_merge_left_a_place_free(self, programme, vera, olga):
        """A third visit of one person; then the two are parted again."""
        publish(programme, Action("visit", VISIT, 10, Per.DAY, 3))
        twin = MemberFactory(programme=programme)
        give(done(vera), done(twin), done(twin))
        merge = merge_members(kept=vera, merged=twin, staff=olga, reason="", now=NOW)
        assert give(done(vera)) == 1
        undo_merge(merge=merge, staff=olga, now=NOW)
        places = ActionAward.objects.filter(member=vera).order_by("number")
        assert list(places.values_list("number", flat=True)) == [1, 3]

        # It went on for ever: places went by the highest, their end by their number.
        assert give(done(vera)) == 0
        assert give(done(vera, at=NOW + timedelta(days=1))) == 1

    def test_give_to_who_is_kept_what_the_other_one_did(self, programme, vera, olga):
        publish(programme, Action("visit", VISIT, 10, Per.EACH))
        twin = MemberFactory(programme=programme)
        event = done(twin)
        merge_members(kept=vera, merged=twin, staff=olga, reason="same", now=NOW)

        give(Event.objects.get(pk=event.pk))

        assert balance(vera) == 10


class TestAwards:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE points_actionaward SET points = 1000",
            "UPDATE points_actionaward SET occasion = 'never'",
            "DELETE FROM points_actionaward",
        ],
    )
    def test_never_change(self, programme, vera, statement):
        publish(programme, Action("visit", VISIT, 10))
        give(done(vera))

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
class TestTwoReadersAtOnce:
    """F46: whoever reads the same events beside us, points are given once."""

    @pytest.fixture
    def member(self, programme):
        publish(programme, Action("visit", VISIT, 10, Per.DAY, 2))
        return MemberFactory(programme=programme)

    def run(self, target):
        barrier = Barrier(2)

        def one():
            try:
                barrier.wait(10)
                with transaction.atomic():
                    target()
            finally:
                connection.close()

        threads = [Thread(target=one) for _reader in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    def test_would_both_give_without_the_keys(self, member):
        """The twin: who only looks before giving gives twice."""
        barrier, given = Barrier(2), []

        def look_and_give():
            taken = ActionAward.objects.filter(member=member).count()
            barrier.wait(10)
            if taken < 1:
                given.append(taken)

        self.run(look_and_give)

        assert given == [0, 0]

    def test_give_once_for_one_event(self, member):
        event = done(member)

        self.run(lambda: following.give_for([event], now=NOW))

        assert balance(member) == 10
        assert ActionAward.objects.get().number == 1

    def test_give_no_more_than_a_day_has(self, member):
        first, second, third = (done(member) for _event in range(3))
        give(first)
        both = iter([second, third])

        self.run(lambda: following.give_for([next(both)], now=NOW))

        numbers = ActionAward.objects.order_by("number").values_list(
            "number", flat=True
        )
        assert list(numbers) == [1, 2]
        assert balance(member) == 20

    def test_of_the_log_give_once(self, member):
        done(member)

        self.run(lambda: following.follow(now=NOW))
        following.follow(now=NOW)

        assert balance(member) == 10


class TestNames:
    def test_of_other_systems_are_said_in_words(self, vera):
        event = done(vera, "custom.wine-tasting_2026")

        assert events.describe(event) == "Wine tasting 2026."

    def test_nobody_knows_are_refused(self, vera):
        with pytest.raises(events.UnknownKind):
            done(vera, f"unheard.{uuid4()}")

    def test_are_shown_to_members(self, vera):
        done(vera, "custom.wine-tasting")

        page = list_events(
            member=Member.objects.select_related("programme").get(pk=vera.pk),
            for_member=True,
        )
        assert [entry.text for entry in page.entries] == ["Wine tasting."]

"""Undoing a merge, and what is emptied when that is over."""

from datetime import timedelta

import pytest

from members import merging, tasks
from members.merging import MergeForbidden, Refusal
from members.models import Event, Member
from tests.factories.members import MemberFactory
from tests.members.merging.steps import NOW, SOON, balance, earn

pytestmark = pytest.mark.django_db


class TestUndoMerge:
    def test_twice_changes_nothing(self, again, merge, undo):
        earn(again, 300)
        row = undo(merge())
        events = Event.objects.count()

        assert undo(row, now=SOON + timedelta(days=1)).undone_at == SOON
        assert Event.objects.count() == events
        assert balance(again) == 300

    def test_keeps_no_details_of_either(self, merge, undo):
        row = undo(merge())

        row.refresh_from_db()
        assert (row.before, row.after, row.moved, row.notes) == ({}, {}, {}, {})

    def test_is_refused_after_thirty_days(self, merge, undo):
        row = merge()

        with pytest.raises(MergeForbidden) as refused:
            undo(row, now=NOW + timedelta(days=30))

        assert refused.value.reason == Refusal.TOO_LATE

    def test_goes_from_the_last_to_the_first(self, vera, merge, undo, programme):
        first = merge()
        third = MemberFactory(programme=programme)
        second = merge(merged=third)

        with pytest.raises(MergeForbidden) as refused:
            undo(first)

        assert refused.value.reason == Refusal.LATER_MERGE
        assert refused.value.later == second
        undo(second)
        undo(first)
        assert Member.objects.filter(status="ACTIVE").count() == 3

    def test_waits_for_a_later_merge_of_the_kept_one(
        self, vera, merge, undo, programme
    ):
        first = merge()
        third = MemberFactory(programme=programme)
        second = merge(kept=third, merged=vera)

        with pytest.raises(MergeForbidden) as refused:
            undo(first)

        assert refused.value.later == second

    def test_is_refused_when_the_kept_one_was_erased(self, vera, merge, undo):
        row = merge()
        Member.objects.filter(pk=vera.pk).update(
            status="ERASED", phone="", email="", first_name="", last_name=""
        )

        with pytest.raises(MergeForbidden) as refused:
            undo(row)

        assert refused.value.reason == Refusal.ERASED


class TestSealMerges:
    def test_empties_what_could_no_longer_be_undone(self, again, merge):
        row = merge()
        late = NOW + merging.UNDO_WITHIN

        assert merging.seal_merges(now=late - timedelta(seconds=1)) == 0
        assert merging.seal_merges(now=late) == 1
        assert merging.seal_merges(now=late) == 0

        row.refresh_from_db()
        assert (row.before, row.after, row.moved, row.notes) == ({}, {}, {}, {})
        again.refresh_from_db()
        assert (again.first_name, again.last_name, again.birthday_on) == ("", "", None)
        # The old card still leads on.
        assert again.merged_into_id is not None

    def test_leaves_those_that_were_undone(self, merge, undo):
        undo(merge())

        assert merging.seal_merges(now=NOW + timedelta(days=99)) == 0

    def test_is_done_by_the_worker(self, merge, time_machine):
        row = merge()
        time_machine.move_to(NOW + timedelta(days=31))

        assert tasks.seal_merges() == 1
        row.refresh_from_db()
        assert row.sealed_at is not None

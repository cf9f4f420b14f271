"""What was written for the merged one beside the merge."""

from datetime import timedelta

import pytest

from consent.selectors import permissions_of
from members import merging, tasks
from members.models import Event
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.members.merging.steps import (
    GIVEN,
    NOW,
    REFUSED,
    SOON,
    WITHDRAWN,
    balance,
    earn,
)

pytestmark = pytest.mark.django_db


class TestGatherStrays:
    """What was written by somebody who had found the member before the merge."""

    def test_hands_a_no_on_and_keeps_it(self, vera, again, merge, undo):
        answer(vera, GIVEN, at=NOW - timedelta(days=1))
        answer(again, GIVEN, at=NOW - timedelta(days=1))
        row = merge()
        stop = answer(again, WITHDRAWN, at=NOW)

        assert merging.gather_strays(now=SOON) == 1
        assert merging.gather_strays(now=SOON) == 0

        stop.refresh_from_db()
        assert stop.member == vera
        assert permissions_of(vera)["MARKETING", "SMS"].action == WITHDRAWN
        row.refresh_from_db()
        undo(row)
        assert permissions_of(again)["MARKETING", "SMS"] == stop
        assert permissions_of(vera)["MARKETING", "SMS"].action == GIVEN

    def test_leads_through_a_later_merge(self, again, vera, merge, programme):
        merge()
        third = MemberFactory(programme=programme)
        merge(kept=third, merged=vera)
        stop = answer(again, REFUSED, at=NOW)

        # From the first to the second, and from there to the third.
        assert merging.gather_strays(now=SOON) + merging.gather_strays(now=SOON) == 2

        stop.refresh_from_db()
        assert stop.member == third

    def test_moves_no_points_again(self, vera, again, merge):
        earn(again, 300)
        merge()
        answer(again, REFUSED, at=NOW)

        tasks.gather_strays()

        assert (balance(vera), balance(again)) == (300, 0)
        assert not Event.objects.filter(member=again).exists()

    def test_finds_nothing_after_a_merge_or_an_undoing(self, merge, undo):
        row = merge()
        assert merging.gather_strays(now=SOON) == 0

        undo(row)
        assert merging.gather_strays(now=SOON) == 0

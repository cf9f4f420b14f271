"""The merge itself: said, refused, repeated."""

import pytest

from members import selectors, services
from members.merging import MergeForbidden, Refusal, merge_members, undo_merge
from members.models import DuplicatePair, Event, Merge
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue
from tests.factories.stores import ProgrammeFactory
from tests.members.merging.steps import NOW, SOON, balance, earn

pytestmark = pytest.mark.django_db


class TestMerge:
    def test_is_an_event_and_on_the_trail(self, vera, again, merge, mia):
        row = merge(reason="Two cards, one purse")

        event = Event.objects.get(kind="member.merged")
        assert (event.member, event.subject_id) == (vera, row.public_id)
        assert set(event.data.values()) == {str(vera.public_id), str(again.public_id)}
        entry = AuditEntry.objects.get(action="member.merged")
        assert (entry.actor_id, entry.member_id) == (mia.public_id, vera.public_id)
        assert entry.reason == "Two cards, one purse"

    def test_hands_on_the_timeline_and_the_messages(self, vera, again, merge, undo):
        services.update_member(member=again, postcode="75310", now=NOW)
        message = queue(again, now=NOW)

        row = merge()
        message.refresh_from_db()
        assert message.member == vera
        assert not Event.objects.filter(member=again).exists()
        undo(row)

        message.refresh_from_db()
        assert message.member == again
        kinds = Event.objects.filter(member=again).values_list("kind", flat=True)
        assert set(kinds) == {"member.updated", "member.unmerged"}

    def test_again_changes_nothing(self, vera, again, merge):
        earn(again, 300)
        row = merge()
        events, trail = Event.objects.count(), AuditEntry.objects.count()

        assert merge(now=SOON) == row
        assert merge(kept=again, merged=vera, now=SOON) == row

        assert balance(vera) == 300
        assert (Event.objects.count(), AuditEntry.objects.count()) == (events, trail)

    def test_again_after_an_undoing_is_another_one(self, vera, again, merge, undo):
        earn(again, 300)
        first = merge()
        undo(first)

        second = merge(now=SOON)

        assert second != first
        assert balance(vera) == 300

    def test_of_three_leads_to_the_last_in_one_step(
        self, vera, again, merge, programme, mia
    ):
        earn(again, 300)
        merge()
        third = MemberFactory(programme=programme)
        second = merge(kept=third, merged=vera)

        again.refresh_from_db()
        assert again.merged_into == third
        assert selectors.find_by_number(programme=programme, number=again.number) == (
            third
        )
        assert balance(third) == 300

        undo_merge(merge=second, staff=mia, now=SOON)
        again.refresh_from_db()
        assert again.merged_into == vera

    @pytest.mark.parametrize(
        ("traits", "reason"),
        [
            ({"erased": True}, Refusal.ERASED),
            ({"blocked": True}, Refusal.BLOCKED),
            ({"programme": None}, Refusal.OTHER_PROGRAMME),
        ],
    )
    @pytest.mark.parametrize("is_kept", [True, False])
    def test_is_refused_with_a_reason(self, vera, mia, traits, reason, is_kept):
        programme = ProgrammeFactory() if "programme" in traits else vera.programme
        other = MemberFactory(**{**traits, "programme": programme})
        kept, merged = (other, vera) if is_kept else (vera, other)

        with pytest.raises(MergeForbidden) as refused:
            merge_members(kept=kept, merged=merged, staff=mia, now=NOW)

        assert refused.value.reason == reason
        assert not Merge.objects.exists()

    def test_of_a_member_with_themselves_is_refused(self, vera, merge):
        with pytest.raises(MergeForbidden) as refused:
            merge(kept=vera, merged=vera)

        assert refused.value.reason == Refusal.SAME

    def test_of_one_who_was_merged_elsewhere_is_refused(
        self, vera, again, merge, programme
    ):
        merge()
        third = MemberFactory(programme=programme)

        with pytest.raises(MergeForbidden) as refused:
            merge(kept=third, merged=again)

        assert refused.value.reason == Refusal.ALREADY_MERGED

    def test_closes_the_pair_that_was_looked_at(self, vera, again, merge, undo):
        first, second = sorted((vera, again), key=lambda member: member.pk)
        pair = DuplicatePair.objects.create(
            programme=vera.programme,
            first=first,
            second=second,
            score=90,
            found_at=NOW,
        )

        row = merge()
        pair.refresh_from_db()
        assert pair.state == DuplicatePair.State.MERGED
        undo(row)

        pair.refresh_from_db()
        assert pair.state == DuplicatePair.State.DISMISSED

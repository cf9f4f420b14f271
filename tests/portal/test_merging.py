"""What becomes of sessions and changes when two memberships are made one."""

from datetime import UTC, datetime

import pytest

from members.merging import merge_members, undo_merge
from portal.models import ContactChange, Session
from tests.factories.portal import signed_in
from tests.portal.test_contact import change

pytestmark = pytest.mark.django_db


class TestMerge:
    def test_signs_the_merged_member_out_and_leaves_the_other(self, vera, bo):
        now = datetime.now(UTC)
        vera_sees, bo_sees = (signed_in(member, now=now) for member in (vera, bo))

        merge_members(kept=vera, merged=bo, staff=None, now=datetime.now(UTC))

        assert vera_sees.get("/me/").status_code == 200
        assert bo_sees.get("/me/").status_code == 302
        assert Session.objects.filter(member=vera).count() == 2
        assert Session.objects.filter(member=vera, ended_at=None).count() == 1

    def test_hands_changes_on_and_gives_them_back(self, vera, bo, last_code, olga):
        change(signed_in(bo, now=datetime.now(UTC)), last_code)
        merge = merge_members(kept=vera, merged=bo, staff=None, now=datetime.now(UTC))
        assert ContactChange.objects.get().member == vera

        undo_merge(merge=merge, staff=olga, now=datetime.now(UTC))

        assert ContactChange.objects.get().member == bo
        assert Session.objects.get(member=bo).ended_at is not None

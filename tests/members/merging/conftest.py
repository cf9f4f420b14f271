"""Two memberships of one person; the ledger holds after every test."""

import pytest

from members.merging import merge_members, undo_merge
from points import proof
from tests.factories.club import open_club
from tests.factories.members import MemberFactory
from tests.members.merging.steps import NOW, SOON


@pytest.fixture(autouse=True)
def _ledger_is_sound(db):
    yield
    assert proof.check().differences == []


@pytest.fixture
def rule(programme):
    return open_club(programme)


@pytest.fixture
def vera(programme, rule):
    """Who has been a member for long."""
    return MemberFactory(programme=programme, phone_verified_at=NOW)


@pytest.fixture
def again(programme):
    """Vera once more, who registered anew when she changed her number."""
    return MemberFactory(
        programme=programme, phone_verified_at=NOW, email_verified_at=NOW
    )


@pytest.fixture
def merge(vera, again, mia):
    def do(kept=vera, merged=again, *, now=NOW, **changes):
        row = merge_members(kept=kept, merged=merged, staff=mia, now=now, **changes)
        for member in (kept, merged):
            member.refresh_from_db()
        return row

    return do


@pytest.fixture
def undo(vera, again, mia):
    def do(row, *, now=SOON):
        row = undo_merge(merge=row, staff=mia, now=now)
        vera.refresh_from_db()
        again.refresh_from_db()
        return row

    return do

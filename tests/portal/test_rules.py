"""Pure decisions of the portal."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.rules import CodeState, Verdict, is_sprayed, refusal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = {
    "expires_at": NOW + timedelta(seconds=1),
    "tries": 0,
    "is_used": False,
    "is_replaced": False,
}


class TestRefusal:
    @pytest.mark.parametrize(
        ("state", "verdict"),
        [
            ({}, None),
            ({"tries": 4}, None),
            ({"tries": 5}, Verdict.TRIED_OUT),
            ({"expires_at": NOW}, Verdict.EXPIRED),
            ({"is_replaced": True}, Verdict.REPLACED),
            ({"is_used": True}, Verdict.USED),
            ({"is_used": True, "is_replaced": True, "expires_at": NOW}, Verdict.USED),
        ],
    )
    def test_says_why_a_code_is_over(self, state, verdict):
        assert refusal(CodeState(**{**GOOD, **state}), now=NOW) == verdict


class TestIsSprayed:
    @pytest.mark.parametrize(
        ("wrong", "right", "sprayed"),
        [
            (0, 0, False),
            (59, 0, False),
            (60, 0, True),
            (60, 30, False),
            (61, 30, True),
            # A busy hour, in which some give up.
            (199, 2000, False),
            (200, 2000, True),
        ],
    )
    def test_tells_guessing_from_mistyping(self, wrong, right, sprayed):
        assert is_sprayed(wrong=wrong, right=right) is sprayed

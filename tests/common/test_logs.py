"""Logs hold no personal data."""

import pytest

from common.logs import redact

CANARIES = [
    "ida.lind@example.com",
    "+46 70 174 06 05",
    "0046701740605",
    "070-174 06 05",
    "0701740605",
    "sk_live_abcdefghijkl_0123456789012345678901234567890123456789012",
    "/join/AbCdEfGhIjKlMnOpQrStUv/",
]


class TestRedact:
    @pytest.mark.parametrize("canary", CANARIES)
    def test_blanks_what_looks_personal_wherever_it_stands(self, canary: str) -> None:
        logged = redact(
            None,
            "info",
            {"event": f"saw {canary} here", "data": {"deep": [canary]}, "n": 1},
        )

        assert canary not in str(logged)
        assert logged["n"] == 1

    def test_blanks_fields_by_name(self) -> None:
        logged = redact(None, "info", {"event": "x", "first_name": "Ida", "code": "1"})

        assert logged["first_name"] == "[redacted]"
        assert logged["code"] == "[redacted]"

    def test_leaves_ids_and_figures_alone(self) -> None:
        event = {
            "event": "sent",
            "request_id": "019ab3f2-7c4e-7d10-9c1e-2f3a4b5c6d7e",
            "took_ms": 12,
            "at": "2026-11-22T10:00:00Z",
        }

        assert redact(None, "info", dict(event)) == event

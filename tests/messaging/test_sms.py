"""The parts of an SMS that are paid for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import sms


class TestSizeOf:
    @pytest.mark.parametrize(
        ("text", "encoding", "units", "segments"),
        [
            ("", "GSM-7", 0, 1),
            ("a" * 160, "GSM-7", 160, 1),
            ("a" * 161, "GSM-7", 161, 2),
            ("a" * 306, "GSM-7", 306, 2),
            ("a" * 307, "GSM-7", 307, 3),
            # The letters of our own languages cost one place each.
            ("åäöÅÄÖæøÆØéÉ" * 13, "GSM-7", 156, 1),
            # Each of these is escaped and takes two.
            ("€" * 80, "GSM-7", 160, 1),
            ("€" * 81, "GSM-7", 162, 2),
            ("[]{}\\~^|", "GSM-7", 16, 1),
            ("ж" * 70, "UCS-2", 70, 1),
            ("ж" * 71, "UCS-2", 71, 2),
            ("ж" * 134, "UCS-2", 134, 2),
            ("ж" * 135, "UCS-2", 135, 3),
            ("ç", "UCS-2", 1, 1),
            ("😀" * 35, "UCS-2", 70, 1),
            ("😀" * 36, "UCS-2", 72, 2),
        ],
    )
    def test_counts_as_the_operators_do(self, text, encoding, units, segments):
        assert sms.size_of(text) == sms.Size(encoding, units, segments)

    def test_never_cuts_an_escaped_sign_in_two(self):
        # 152 + an escaped sign do not fit into 153, so the sign goes to the next part.
        text = "a" * 152 + "€" + "a" * 152

        assert sms.size_of(text) == sms.Size("GSM-7", 306, 3)

    def test_never_cuts_an_emoji_in_two(self):
        text = "ж" * 66 + "😀" + "ж" * 66

        assert sms.size_of(text) == sms.Size("UCS-2", 134, 3)

    @given(st.text(max_size=400))
    def test_has_room_for_every_sign(self, text):
        size = sms.size_of(text)
        room = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[size.encoding]

        capacity = room[0] if size.segments == 1 else room[1] * size.segments
        assert size.units <= capacity


class TestPlain:
    def test_replaces_what_typography_costs(self):
        text = sms.plain("Du har 1\u00a0240\u202fkr – ”Hej” … it’s")

        assert text == 'Du har 1 240 kr - "Hej" ... it\'s'
        assert sms.size_of(text).encoding == "GSM-7"

    def test_leaves_names_as_they_are_written(self):
        assert sms.plain("Zoë Łukasz Åsa") == "Zoë Łukasz Åsa"

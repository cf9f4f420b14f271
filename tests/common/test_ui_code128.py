import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ui.code128 import _TO_B, _TO_C, code128_svg, symbols

_START_B, _START_C, _STOP = 104, 105, 106


def read(values):
    """Read symbols as a scanner does: check them, then follow the code sets."""
    start, *rest = values
    *body, check, stop = rest
    total = start + sum(place * value for place, value in enumerate(body, 1))
    assert (check, stop) == (total % 103, _STOP)
    is_digits = start == _START_C
    text = ""
    for value in body:
        if value == (_TO_B if is_digits else _TO_C):
            is_digits = not is_digits
        elif is_digits:
            text += f"{value:02d}"
        else:
            text += chr(value + 32)
    return text


class TestSymbols:
    def test_are_those_of_a_known_example(self):
        # "PJJ123C" in code set B, as text books have it.
        assert symbols("PJJ123C") == [104, 48, 42, 42, 17, 18, 19, 35, 55, 106]

    def test_take_one_for_two_digits(self):
        assert len(symbols("881234567895")) == 6 + 3

    @given(data=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
    def test_read_as_what_was_written(self, data):
        assert read(symbols(data)) == data

    @given(
        data=st.from_regex(r"[A-Z]{0,3}[0-9]{0,13}[A-Z]{0,2}[0-9]{1,5}", fullmatch=True)
    )
    def test_read_so_when_the_code_set_changes(self, data):
        assert read(symbols(data)) == data

    @pytest.mark.parametrize("data", ["", "Åsa", "a\nb", "\x7f"])
    def test_are_refused_for_what_has_none(self, data):
        with pytest.raises(ValueError, match="ASCII"):
            symbols(data)


class TestSvg:
    def test_draws_a_bar_for_each_and_leaves_the_zones_quiet(self):
        drawing = code128_svg("881234567895", "A card")

        bars = [
            (int(start), int(width))
            for start, width in re.findall(r"M(\d+) 0h(\d+)v1h", drawing)
        ]
        # Nine symbols of three bars, and the fourth of the stop.
        assert len(bars) == 28
        assert bars[0][0] == 10
        # Eight symbols of 11, the stop of 13, and both zones.
        assert 'viewBox="0 0 121 1"' in drawing
        assert sum(bars[-1]) == 111
        assert 'aria-label="A card"' in drawing

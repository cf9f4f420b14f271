import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.ui import brand

COLORS = st.integers(min_value=0, max_value=0xFFFFFF).map("#{:06x}".format)


def pairs(sheet):
    return {
        name: (light, dark)
        for name, light, dark in re.findall(
            r"(--[\w-]+):light-dark\((\S+?),(\S+?)\)", sheet
        )
    }


class TestStyleSheet:
    @given(COLORS)
    @example("#066931")
    def test_writes_text_that_can_be_read_on_any_colour(self, color):
        found = pairs(brand.style_sheet(color))

        for theme in (0, 1):
            ground = brand.read(found["--brand"][theme])
            text = brand.read(found["--on-brand"][theme])
            tint = brand.read(found["--brand-tint"][theme])
            ink = brand.read(found["--brand-ink"][theme])
            assert brand.contrast(text, ground) >= 4.5
            assert brand.contrast(ink, tint) >= 4.4

    @pytest.mark.parametrize(
        "color", ["", "red", "#12345", "#1d4a44;} body{", "#zzzzzz"]
    )
    def test_takes_nothing_but_a_colour(self, color):
        assert brand.style_sheet(color) == brand.style_sheet(brand.DEFAULT)


class TestContrast:
    def test_agrees_with_the_ends_of_the_scale(self):
        black, white = brand.read("#000000"), brand.read("#ffffff")

        assert brand.contrast(black, white) == pytest.approx(21)
        assert brand.contrast(white, white) == pytest.approx(1)

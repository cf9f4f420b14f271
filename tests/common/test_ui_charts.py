import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from common.ui import charts

NUMBERS = st.lists(
    st.integers(min_value=-(10**9), max_value=10**9), min_size=2, max_size=40
)


def coordinates(path):
    return [tuple(map(float, point.split())) for point in path[1:].split("L")]


class TestLineChart:
    def test_puts_the_first_point_left_and_the_last_one_right(self):
        chart = charts.line_chart(
            labels=["Mon", "Tue", "Wed"], now=[10, 20, 40], now_name="Now"
        )

        assert coordinates(chart.now) == [(0, 75), (500, 50), (1000, 0)]

    def test_draws_round_lines_that_hold_every_value(self):
        chart = charts.line_chart(
            labels=["a", "b"], now=[0, 273_114], then=[0, 191_000], now_name="Now"
        )

        assert [tick.label.replace("\u00a0", "") for tick in chart.ticks] == [
            "300000",
            "225000",
            "150000",
            "75000",
            "0",
        ]

    def test_stands_on_whole_numbers_when_it_counts_things(self):
        chart = charts.line_chart(labels=["a", "b"], now=[0, 3], now_name="Members")

        assert [tick.label for tick in chart.ticks] == ["3", "2", "1", "0"]

    def test_shows_a_zero_line_when_nothing_happened(self):
        chart = charts.line_chart(labels=["a", "b"], now=[0, 0], now_name="Members")

        assert chart.ticks[-1].label == "0"
        assert coordinates(chart.now) == [(0, 100), (1000, 100)]

    def test_reaches_below_zero_for_losses(self):
        chart = charts.line_chart(labels=["a", "b"], now=[-50, 100], now_name="Kronor")

        assert [tick.label for tick in chart.ticks] == [
            "120",
            "80",
            "40",
            "0",
            "-40",
            "-80",
        ]
        assert 0 < coordinates(chart.now)[0][1] < 100
        assert [tick.label for tick in chart.ticks if tick.is_zero] == ["0"]
        # The shade hangs from the zero line, not from the lowest one.
        assert chart.area.endswith("L1000 60L0 60Z")

    def test_is_nothing_for_a_single_day(self):
        assert charts.line_chart(labels=["a"], now=[1], now_name="Now") is None

    def test_writes_numbers_for_svg_with_a_point_whatever_the_language(self):
        with translation.override("sv"):
            chart = charts.line_chart(
                labels=["a", "b", "c", "d"], now=[1.5, 2.25, 3.1, 7], now_name="Nu"
            )
            page = render_to_string("styleguide/_chart.html", {"chart": chart})

        paths = re.findall(r' (?:d|data-x|data-y|x|y|width)="([^"]*)"', page)
        assert len(paths) > 8
        assert not [path for path in paths if "," in path or "\u00a0" in path]

    def test_gives_the_same_figures_in_a_table(self):
        chart = charts.line_chart(
            labels=["1 Nov", "2 Nov"],
            now=[1200, 1300],
            then=[900, 950],
            now_name="Now",
            then_name="Before",
            write=lambda value: f"{value} kr",
        )
        page = render_to_string("styleguide/_chart.html", {"chart": chart})

        for text in ("1 Nov", "1200 kr", "950 kr", "Before"):
            assert f">{text}</" in page

    def test_needs_as_many_labels_as_values(self):
        with pytest.raises(ValueError, match="argument"):
            charts.line_chart(labels=["a"], now=[1, 2], now_name="Now")

    @given(NUMBERS)
    def test_keeps_every_point_inside_the_field(self, values):
        chart = charts.line_chart(
            labels=[str(index) for index in range(len(values))],
            now=values,
            now_name="Now",
        )

        for x, y in coordinates(chart.now):
            assert 0 <= x <= 1000
            assert -0.01 <= y <= 100.01
        assert 2 <= len(chart.ticks) <= 8

    def test_captions_begin_with_the_first_day_and_end_with_the_last(self):
        days = [str(day) for day in range(1, 31)]
        chart = charts.line_chart(labels=days, now=range(30), now_name="Now")

        assert len(chart.captions) == 6
        assert (chart.captions[0], chart.captions[-1]) == ("1", "30")


class TestColumns:
    def test_stand_on_the_zero_line(self):
        chart = charts.columns(labels=["a", "b"], values=[4, 2], name="Members")

        feet = [float(column.y) + float(column.height) for column in chart.columns]
        assert feet == [100, 100]
        assert [column.height for column in chart.columns] == ["100", "50"]


class TestSpark:
    def test_needs_two_values_to_connect(self):
        assert charts.spark([3]) is None
        assert charts.spark([3, 4]).line.startswith("M0 ")

    @given(NUMBERS)
    def test_never_leaves_its_field(self, values):
        for _, y in coordinates(charts.spark(values).line):
            assert 0 <= y <= 100


class TestBars:
    def test_are_as_long_as_their_share(self):
        bars = charts.bars([("Till", 75), ("Web", 25, "/web/")])

        assert [(bar.width, bar.share) for bar in bars] == [
            ("75", "75\u00a0%"),
            ("25", "25\u00a0%"),
        ]
        assert bars[1].url == "/web/"

    def test_measure_against_the_largest_when_parts_make_no_whole(self):
        bars = charts.bars([("A", 10), ("B", 5)], of_largest=True)

        assert [(bar.width, bar.share) for bar in bars] == [("100", ""), ("50", "")]

    def test_have_no_length_when_there_is_nothing(self):
        assert charts.bars([("A", 0)])[0].width == "0"


class TestHeat:
    def test_darkens_from_low_to_high_and_leaves_gaps(self):
        row = charts.heat([0.0, 0.5, 1.0, None], low=0, high=1, write=str)

        assert [cell.step if cell else None for cell in row] == [0, 3, 5, None]


class TestMeterWidth:
    @pytest.mark.parametrize(
        ("done", "total", "width"),
        [(62, 100, "62"), (1, 3, "33.33"), (5, 0, "0"), (9, 3, "100"), (-1, 3, "0")],
    )
    def test_stays_between_nothing_and_all(self, done, total, width):
        assert charts.meter_width(done, total) == width

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from common.templatetags import ui


def render(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


class TestMoney:
    def test_writes_as_swedes_do(self):
        with translation.override("sv"):
            assert ui.money(Decimal("1249.00")) == "1\u00a0249\u00a0kr"
            assert ui.money(Decimal("12.5")) == "12,50\u00a0kr"

    def test_says_nothing_of_what_is_no_amount(self):
        assert ui.money(None) == ""
        assert ui.money("soon") == ""


class TestPoints:
    def test_counts_one_and_many(self):
        with translation.override("en"):
            assert ui.points(1) == "1 point"
            assert ui.points(1240) == "1\u00a0240 points"


class TestSigned:
    @pytest.mark.parametrize(
        ("value", "text"), [(125, "+125"), (-40, "\u221240"), (0, "0")]
    )
    def test_shows_which_way_it_went(self, value, text):
        assert ui.signed(value) == text


class TestDays:
    @time_machine.travel("2026-11-22T12:00:00+00:00", tick=False)
    def test_names_the_year_only_when_it_is_another(self):
        with translation.override("en"):
            assert ui.day(date(2026, 11, 14)) == "14 November"
            assert ui.day(date(2025, 11, 14)) == "14 November 2025"

    @time_machine.travel("2026-11-22T12:00:00+00:00", tick=False)
    def test_are_the_days_of_the_programmes_zone(self):
        late = datetime(2026, 11, 14, 23, 30, tzinfo=UTC)
        with translation.override("en"), timezone.override("Europe/Stockholm"):
            assert ui.moment(late) == "15 November 00:30"

    def test_are_empty_when_unknown(self):
        assert [
            f(None) for f in (ui.day, ui.short_day, ui.clock, ui.moment, ui.iso)
        ] == [""] * 5


class TestInitials:
    @pytest.mark.parametrize(
        ("name", "letters"),
        [("Astrid Öberg", "AÖ"), ("Nils", "N"), ("a von b", "AB"), ("", "?")],
    )
    def test_takes_the_first_and_the_last_name(self, name, letters):
        assert ui.initials(name) == letters


class TestQueryWith:
    def test_changes_one_thing_and_keeps_the_rest(self):
        request = RequestFactory().get("/?q=ek&page=3")
        link = render('{% query_with "sort" "-name" "page" "" %}', request=request)

        assert link == "?q=ek&amp;sort=-name"


class TestQr:
    def test_has_a_quiet_zone_and_a_name(self):
        drawing = render("{% qr 'SK:1' %}")

        assert 'role="img"' in drawing
        assert "style=" not in drawing


class TestIcon:
    def test_takes_a_drawing_from_the_sprite(self):
        drawing = render('{% icon "gift" "i--s" %}')

        assert "icons.svg#gift" in drawing
        assert 'aria-hidden="true"' in drawing

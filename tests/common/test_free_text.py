"""The field that warns of personal identity numbers."""

import pytest
from django import forms
from django.utils import translation

from common.ui.free_text import FreeText, FreeTextArea

NUMBER = "19850101-1236"


class Note(forms.Form):
    note = FreeText(max_length=200)
    more = FreeText(required=False, widget=FreeTextArea)


def box_of(form, name="note"):
    """Return the value that a tick below a field would send."""
    widget = form.fields[name].widget
    return {f"{name}-as-is": widget.asked}


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def warned():
    form = Note({"note": f"Kunden heter Vera, {NUMBER}"})
    assert not form.is_valid()
    return form


class TestFreeText:
    def test_takes_ordinary_words(self):
        form = Note({"note": "Kunden ringde, kort 8812 3456 7895, 070-174 06 05"})

        assert form.is_valid()
        assert "as-is" not in form.as_p()

    def test_warns_and_offers_to_keep_it(self, warned):
        page = warned.as_p()

        assert "19850101-…" in str(warned.errors["note"])
        assert NUMBER not in str(warned.errors["note"])
        assert 'name="note-as-is"' in page
        # What was typed stays, to be changed.
        assert NUMBER in page

    def test_takes_it_from_who_confirms(self, warned):
        form = Note({"note": f"Kunden heter Vera, {NUMBER}", **box_of(warned)})

        assert form.is_valid()
        assert NUMBER in form.cleaned_data["note"]

    def test_takes_a_tick_for_that_number_only(self, warned):
        form = Note({"note": "Nu ett annat: 850161-1233", **box_of(warned)})

        assert not form.is_valid()

    def test_keeps_the_tick_when_another_field_is_wrong(self, warned):
        form = Note(
            {
                "note": f"Kunden heter Vera, {NUMBER}",
                "more": "150385-1004",
                **box_of(warned),
            }
        )

        assert list(form.errors) == ["more"]
        assert form.as_p().count("checked") == 1

    def test_does_not_carry_over_to_the_next_form(self, warned):
        assert 'name="note-as-is"' in warned.as_p()
        assert 'name="note-as-is"' not in Note().as_p()

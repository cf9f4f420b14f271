import re

import pytest
from django import forms

from common.ui.forms import RadioCards, Switch, error_links


class RewardForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As members see it.")
    amount = forms.IntegerField(label="Amount", min_value=1, required=False)
    pace = forms.ChoiceField(
        label="Pace",
        choices=[("few", "Seldom"), ("more", "Often")],
        widget=RadioCards(explanations={"few": "Once a month"}),
    )
    sms = forms.BooleanField(label="SMS", widget=Switch(), required=False)
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        if self.cleaned_data.get("amount") == 13:
            raise forms.ValidationError("Not on a Friday.")


@pytest.fixture
def wrong():
    form = RewardForm({"name": "", "amount": "-5", "hidden": "kept"})
    assert not form.is_valid()
    return form


class TestRendering:
    def test_keeps_what_was_typed(self, wrong):
        page = str(wrong)

        assert 'value="-5"' in page
        assert 'value="kept"' in page

    def test_puts_each_error_beside_its_field(self, wrong):
        page = str(wrong)
        field = page[page.index('for="id_amount"') : page.index("<legend>")]

        assert 'id="id_amount_error"' in field
        assert 'aria-invalid="true"' in field
        assert "id_amount_error" in re.search(r'aria-describedby="([^"]*)"', field)[1]

    def test_begins_with_a_summary_that_leads_to_the_fields(self, wrong):
        page = str(wrong)

        assert page.index('role="alert"') < page.index("<label")
        for anchor in ("#id_name", "#id_amount", "#id_pace_0"):
            assert f'href="{anchor}"' in page
        assert 'id="id_pace_0"' in page

    def test_has_no_summary_without_errors(self):
        assert 'role="alert"' not in str(RewardForm())
        assert 'role="alert"' not in str(
            RewardForm({"name": "Fika", "pace": "few", "amount": "1"})
        )

    def test_shows_what_is_wrong_with_the_whole(self):
        form = RewardForm({"name": "Fika", "pace": "few", "amount": "13"})

        assert str(form).count("Not on a Friday.") == 1
        assert [link.anchor for link in error_links(form)] == [""]

    def test_says_which_fields_may_be_left_out(self):
        page = str(RewardForm())
        name = page[page.index('for="id_name"') : page.index('for="id_amount"')]
        amount = page[page.index('for="id_amount"') : page.index("<legend>")]

        assert 'class="opt"' not in name
        assert 'class="opt"' in amount

    def test_explains_choices_in_their_cards(self):
        page = str(RewardForm())

        assert "<small>Once a month</small>" in page
        assert page.count('class="choice"') == 2

    def test_draws_a_switch_that_is_off_until_someone_turns_it_on(self):
        switch = re.search(r"<input[^>]*role=\"switch\"[^>]*>", str(RewardForm()))[0]

        assert "checked" not in switch

    def test_escapes_what_was_typed(self):
        page = str(RewardForm({"name": '"><script>', "pace": "<b>"}))

        assert "<script>" not in page
        assert "<b>&lt;b&gt;" not in page

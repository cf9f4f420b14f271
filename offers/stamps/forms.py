"""The form of a stamp card's draft."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import DateInput, RadioCards
from offers.models import StampCard
from points.programme.forms.fields import (
    CommasField,
    LaterField,
    PlainDecimalField,
)
from points.terms import LANGUAGES

_TEXTS = {
    "names": {
        "sv": gettext_lazy("Name in Swedish"),
        "da": gettext_lazy("Name in Danish"),
        "en": gettext_lazy("Name in English"),
    },
    "bought": {
        "sv": gettext_lazy("What is bought, in Swedish"),
        "da": gettext_lazy("What is bought, in Danish"),
        "en": gettext_lazy("What is bought, in English"),
    },
    "reward_texts": {
        "sv": gettext_lazy("The reward in Swedish"),
        "da": gettext_lazy("The reward in Danish"),
        "en": gettext_lazy("The reward in English"),
    },
}
_REWARDS = (
    ("ONE_MORE", gettext_lazy("One more of the same")),
    ("GOODS", gettext_lazy("Some goods")),
    ("MONEY", gettext_lazy("Money off")),
)
_GOODS = ("groups", "categories", "brands", "skus")


class CardForm(forms.Form):
    """What a draft says; words may be missing until it is published."""

    counts = forms.ChoiceField(
        label=gettext_lazy("What gives a stamp"),
        choices=StampCard.Counts.choices,
        widget=RadioCards(
            explanations={
                "ITEMS": gettext_lazy("Three coffees give three stamps."),
                "VISITS": gettext_lazy(
                    "A purchase gives one stamp, however much is bought."
                ),
            }
        ),
    )
    needed = forms.IntegerField(
        label=gettext_lazy("Stamps for a reward"), min_value=1, max_value=100
    )
    most_per_purchase = forms.IntegerField(
        label=gettext_lazy("At most, each purchase"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=gettext_lazy("Empty: as many as are bought."),
    )
    valid_days = forms.IntegerField(
        label=gettext_lazy("Days a stamp is valid"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("Empty: stamps do not lapse."),
    )
    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=DateInput)
    ends_on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput,
        required=False,
        help_text=gettext_lazy("Empty: until you end it."),
    )
    groups = CommasField(
        label=gettext_lazy("Article groups"),
        help_text=gettext_lazy(
            "As tills report them, with commas between. Goods that fit any of these"
            " four fields are stamped; without any, all goods are."
        ),
    )
    categories = CommasField(label=gettext_lazy("Categories"))
    brands = CommasField(label=gettext_lazy("Brands"))
    skus = CommasField(label=gettext_lazy("Articles (SKU)"))
    reward = forms.ChoiceField(
        label=gettext_lazy("What a full card gives"),
        choices=_REWARDS,
        widget=RadioCards(
            explanations={
                "ONE_MORE": gettext_lazy("Buy nine, the tenth is free."),
                "GOODS": gettext_lazy("Something else, such as a bun."),
                "MONEY": gettext_lazy("A sum off another purchase."),
            }
        ),
    )
    reward_value = PlainDecimalField(
        label=gettext_lazy("Value"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        help_text=gettext_lazy(
            "Of money off: how much. Of goods: what they cost, for the books."
        ),
    )
    reward_groups = CommasField(
        label=gettext_lazy("Article groups of the reward"),
        help_text=gettext_lazy("Where it is other goods than those that are stamped."),
    )
    reward_skus = CommasField(label=gettext_lazy("Articles of the reward (SKU)"))
    reward_needs_purchase = forms.BooleanField(
        label=gettext_lazy("Only with another purchase"),
        required=False,
        help_text=gettext_lazy(
            "Money off lowers the price of what is bought. Goods for which nothing"
            " need be bought are treated otherwise by VAT."
        ),
    )
    reward_valid_days = forms.IntegerField(
        label=gettext_lazy("Days to use the reward"), min_value=1, max_value=3650
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, label in _TEXTS.items():
            for language in LANGUAGES:
                self.fields[f"{name}_{language}"] = LaterField(
                    label=label[language], max_length=60
                )

    @property
    def names(self) -> list[forms.BoundField]:
        """Return the fields of the card's name, one a language."""
        return [self[f"names_{language}"] for language in LANGUAGES]

    @property
    def bought(self) -> list[forms.BoundField]:
        """Return the fields of what is bought."""
        return [self[f"bought_{language}"] for language in LANGUAGES]

    @property
    def reward_texts(self) -> list[forms.BoundField]:
        """Return the fields of what the reward is called."""
        return [self[f"reward_texts_{language}"] for language in LANGUAGES]

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, and money off of nothing."""
        given = super().clean() or {}
        starts, ends = given.get("starts_on"), given.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day is before the first."))
        if given.get("reward") == "MONEY" and given.get("reward_value") == 0:
            self.add_error("reward_value", _("Say how much."))
        return given

    def values(self) -> dict[str, Any]:
        """Return what a draft keeps."""
        given = self.cleaned_data
        plain = (
            "counts needed most_per_purchase valid_days starts_on ends_on reward_value"
            " reward_needs_purchase reward_valid_days"
        ).split()
        is_money = given["reward"] == "MONEY"
        return {
            **{name: given[name] for name in plain},
            **{
                name: {each: given[f"{name}_{each}"].strip() for each in LANGUAGES}
                for name in _TEXTS
            },
            "goods": {name: given[name] for name in _GOODS},
            "reward_goods": {
                "groups": given["reward_groups"],
                "skus": given["reward_skus"],
                "categories": [],
                "brands": [],
            },
            "reward_kind": StampCard.Reward.MONEY
            if is_money
            else StampCard.Reward.GOODS,
            "reward_is_one_more": given["reward"] == "ONE_MORE",
        }


def first_of(card: StampCard) -> Mapping[str, Any]:
    """Return what the form shows of a draft."""
    kinds = {name: card.goods.get(name, []) for name in _GOODS}
    texts = {
        f"{name}_{language}": getattr(card, name).get(language, "")
        for name in _TEXTS
        for language in LANGUAGES
    }
    plain = (
        "counts needed most_per_purchase valid_days starts_on ends_on reward_value"
        " reward_needs_purchase reward_valid_days"
    ).split()
    return {
        **{name: getattr(card, name) for name in plain},
        **kinds,
        **texts,
        "reward": "ONE_MORE" if card.reward_is_one_more else card.reward_kind,
        "reward_groups": card.reward_goods.get("groups", []),
        "reward_skus": card.reward_goods.get("skus", []),
    }

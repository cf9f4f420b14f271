"""What a version may say several times: actions, voucher steps, tiers, currencies."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from common.money import OERE
from common.ui.forms import Switch
from points.programme.checking import CURRENCIES
from points.programme.forms.fields import (
    LaterField,
    LinesField,
    PlainDecimalField,
    WholeField,
)
from points.programme.sentences import names
from points.terms import (
    LANGUAGES,
    Action,
    Money,
    Per,
    Terms,
    Tier,
    VoucherStep,
)

PERIODS = [
    (Per.ONCE.value, _("once")),
    (Per.EACH.value, _("every time")),
    (Per.DAY.value, _("a day")),
    (Per.WEEK.value, _("a week")),
    (Per.MONTH.value, _("a month")),
    (Per.YEAR.value, _("a year")),
]
LANGUAGE_NAMES = {"sv": _("Swedish"), "da": _("Danish"), "en": _("English")}


class ActionForm(forms.Form):
    """Points for something that a member does."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    event = forms.ChoiceField(
        label=_("When"), required=False, initial="member.activated"
    )
    custom = forms.CharField(
        label=_("Name of the event"),
        required=False,
        max_length=40,
        help_text=_("As the other system sends it, for an event by API."),
    )
    points = WholeField(label=_("Points"))
    per = forms.ChoiceField(
        label=_("How often"), choices=PERIODS, initial=Per.ONCE.value
    )
    times = WholeField(label=_("Times"), min_value=1, initial=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        event = self.fields["event"]
        if isinstance(event, forms.ChoiceField):
            event.choices = [
                *names.events().items(),
                ("", _("another system tells us of it")),
            ]

    def value(self) -> Action:
        """Return the action."""
        given = self.cleaned_data
        event = given["event"] or f"{names.CUSTOM}{given['custom'].strip()}"
        per = Per(given["per"])
        return Action(
            key=given["key"] or slugify(event.replace(".", "-"))[:40],
            event=event,
            points=given["points"],
            per=per,
            times=1 if per in {Per.ONCE, Per.EACH} else given["times"],
        )


class StepForm(forms.Form):
    """So many points become a voucher."""

    points = WholeField(label=_("Points"), min_value=1)
    value = PlainDecimalField(
        label=_("Worth of the voucher"),
        max_digits=9,
        decimal_places=2,
        min_value=OERE,
        error_messages={"min_value": _("A voucher must be worth something.")},
    )
    needs_purchase = forms.BooleanField(
        label=_("Only with a purchase"), required=False, initial=True, widget=Switch
    )

    def step(self) -> VoucherStep:
        """Return the step."""
        return VoucherStep(
            points=self.cleaned_data["points"],
            value=self.cleaned_data["value"],
            needs_purchase=self.cleaned_data["needs_purchase"],
        )


class TierForm(forms.Form):
    """A level of the ladder."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    name_sv = LaterField(label=_("Name in Swedish"))
    name_da = LaterField(label=_("Name in Danish"))
    name_en = LaterField(label=_("Name in English"))
    needs = PlainDecimalField(
        label=_("Needs"), max_digits=10, decimal_places=2, initial=0
    )
    keeps = PlainDecimalField(
        label=_("To stay"),
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("Empty: as much as it needs."),
    )
    benefits_sv = LinesField(label=_("Benefits in Swedish, a line each"))
    benefits_da = LinesField(label=_("Benefits in Danish, a line each"))
    benefits_en = LinesField(label=_("Benefits in English, a line each"))

    def value(self) -> Tier:
        """Return the tier."""
        given = self.cleaned_data
        spoken = {each: given[f"name_{each}"].strip() for each in LANGUAGES}
        lines = {each: given[f"benefits_{each}"] for each in LANGUAGES}
        most = max(len(each) for each in lines.values())
        named = next((spoken[each] for each in ("en", "sv", "da") if spoken[each]), "")
        return Tier(
            key=given["key"] or slugify(named)[:40],
            names=spoken,
            needs=given["needs"],
            keeps=given["keeps"],
            benefits=tuple(
                {
                    each: texts[place] if place < len(texts) else ""
                    for each, texts in lines.items()
                }
                for place in range(most)
            ),
        )

    @property
    def named(self) -> list[forms.BoundField]:
        """Return the fields of its names."""
        return [self[f"name_{each}"] for each in LANGUAGES]

    @property
    def benefits(self) -> list[forms.BoundField]:
        """Return the fields of its benefits."""
        return [self[f"benefits_{each}"] for each in LANGUAGES]


class CurrencyForm(forms.Form):
    """What another currency earns."""

    code = forms.ChoiceField(
        label=_("Currency"),
        choices=[(code, code) for code in CURRENCIES],
        initial="EUR",
    )
    points_per_unit = PlainDecimalField(
        label=_("Points for each whole unit"), max_digits=8, decimal_places=4
    )
    point_value = PlainDecimalField(
        label=_("What a point is worth in it"), max_digits=8, decimal_places=4
    )

    def money(self) -> Money:
        """Return what it earns and gives."""
        given = self.cleaned_data
        return Money(given["points_per_unit"], given["point_value"])


class Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    """Some rows of a kind; a row that is ticked for removal is left out."""

    def kept(self) -> list[Any]:
        """Return the rows that say something and stay."""
        return [
            form
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]


ROWS: Mapping[str, type[Any]] = {
    name: forms.formset_factory(
        form,
        formset=Rows,
        extra=0,
        can_delete=True,
        max_num=50,
        absolute_max=60,
        # Without a single step a point would be worth nothing.
        min_num=1 if name == "steps" else 0,
        validate_min=True,
    )
    for name, form in (
        ("actions", ActionForm),
        ("steps", StepForm),
        ("tiers", TierForm),
        ("currencies", CurrencyForm),
    )
}


def initial_rows(terms: Terms) -> dict[str, Sequence[dict[str, Any]]]:
    """Return what the rows show of a version."""
    known = names.events()
    return {
        "actions": [
            {
                "key": each.key,
                "event": each.event if each.event in known else "",
                "custom": ""
                if each.event in known
                else each.event.removeprefix(names.CUSTOM),
                "points": each.points,
                "per": each.per.value,
                "times": each.times,
            }
            for each in terms.actions
        ],
        "steps": [
            {
                "points": each.points,
                "value": each.value,
                "needs_purchase": each.needs_purchase,
            }
            for each in terms.vouchers.steps
        ],
        "tiers": [_tier(each) for each in (terms.ladder.tiers if terms.ladder else ())],
        "currencies": [
            {
                "code": code,
                "points_per_unit": money.points_per_unit,
                "point_value": money.point_value,
            }
            for code, money in terms.currencies.items()
        ],
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "key": tier.key,
        "needs": tier.needs,
        "keeps": tier.keeps,
        **{f"name_{each}": tier.names.get(each, "") for each in LANGUAGES},
        **{
            f"benefits_{each}": [benefit.get(each, "") for benefit in tier.benefits]
            for each in LANGUAGES
        },
    }

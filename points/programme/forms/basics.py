"""What every version says once: earning, waiting, expiry, returns, vouchers, ladder."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.ui.forms import Switch
from points.programme.drafts import Content
from points.programme.forms.fields import (
    MONTHS,
    CommasField,
    PlainDecimalField,
    WholeField,
)
from points.programme.goods import read
from points.terms import (
    Discounts,
    ExpiryKind,
    Goods,
    Measure,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    VoucherMode,
    Window,
)

# What the columns of a version can hold.
LEAST = Decimal("0.0001")
LONGEST_GROUP = 60
MOST_MONTHS = 1200

TAXES = [(Tax.WITH.value, _("with VAT")), (Tax.WITHOUT.value, _("without VAT"))]
DISCOUNTS = [
    (Discounts.AFTER.value, _("what was paid, after discounts")),
    (Discounts.BEFORE.value, _("the price before discounts")),
]
ROUNDINGS = [
    (Rounding.DOWN.value, _("down, to whole points")),
    (Rounding.NEAREST.value, _("to the nearest, halves up")),
    (Rounding.UP.value, _("up, to whole points")),
]
STACKINGS = [
    (Stacking.BEST.value, _("the best one counts")),
    (Stacking.ADD.value, _("they are added: 2 and 3 make 4 times")),
    (Stacking.MULTIPLY.value, _("they are multiplied: 2 and 3 make 6 times")),
]
EXPIRIES = [
    (ExpiryKind.ROLLING.value, _("some months after each purchase")),
    (ExpiryKind.FIXED.value, _("on one day of the year")),
    (ExpiryKind.INACTIVITY.value, _("after some months without a purchase")),
]
RETURNS = [
    (ReturnPolicy.NEGATIVE.value, _("all of them, also below zero")),
    (ReturnPolicy.BALANCE.value, _("as many as there are left")),
    (ReturnPolicy.PENDING.value, _("only while they wait")),
]
MODES = [
    (VoucherMode.CHOICE.value, _("when the member asks for it")),
    (VoucherMode.AUTOMATIC.value, _("by itself, as soon as there are enough")),
]
MEASURES = [
    (Measure.SPEND.value, _("what was bought for")),
    (Measure.POINTS.value, _("points earned")),
    (Measure.VISITS.value, _("visits")),
    (Measure.ACTIONS.value, _("actions")),
]
WINDOWS = [
    (Window.ROLLING.value, _("the last 12 months")),
    (Window.CALENDAR.value, _("a calendar year")),
    (Window.MEMBERSHIP.value, _("a membership year")),
]


class BasicsForm(forms.Form):
    """The parts of a version that are there once."""

    title = forms.CharField(
        label=_("Working title"),
        max_length=120,
        required=False,
        help_text=_("For the desk alone; members never see it."),
    )
    # EARNING
    points_per_unit = PlainDecimalField(
        label=_("Points for each whole unit of currency"),
        max_digits=8,
        decimal_places=4,
        min_value=LEAST,
        error_messages={"min_value": _("A purchase must give more than 0 points.")},
    )
    tax = forms.ChoiceField(label=_("Counted on the price"), choices=TAXES)
    discounts = forms.ChoiceField(label=_("Counted on"), choices=DISCOUNTS)
    rounding = forms.ChoiceField(
        label=_("The points of a receipt are rounded"), choices=ROUNDINGS
    )
    excluded_groups = CommasField(
        label=_("Article groups that earn nothing"),
        max_length=LONGEST_GROUP,
        help_text=_(
            "As the till names them, with commas between. Gift cards never earn."
        ),
    )
    stacking = forms.ChoiceField(
        label=_("Where several fit the same goods"), choices=STACKINGS
    )
    # WAITING AND EXPIRY
    pending_days = WholeField(
        label=_("Days until points can be used"),
        help_text=_("0: at once. As long as goods may come back is wise."),
    )
    expiry = forms.ChoiceField(label=_("Points expire"), choices=EXPIRIES)
    expires_after_months = WholeField(
        label=_("Months"),
        max_value=MOST_MONTHS,
        required=False,
        help_text=_("They expire when that month ends. Empty: never."),
    )
    expiry_month = forms.TypedChoiceField(
        label=_("Month"), choices=list(MONTHS.items()), coerce=int
    )
    expiry_day = WholeField(label=_("Day"), min_value=1, max_value=31)
    expiry_years = WholeField(
        label=_("Years at the least"), help_text=_("So that late points last too.")
    )
    returns = forms.ChoiceField(
        label=_("When goods come back, their points are taken"),
        choices=RETURNS,
        help_text=_("What happens when they were used already."),
    )
    # WORTH AND VOUCHERS
    point_value = PlainDecimalField(
        label=_("What a point is worth"),
        max_digits=8,
        decimal_places=4,
        min_value=LEAST,
        required=False,
        error_messages={"min_value": _("A point must be worth more than nothing.")},
        help_text=_("In money. Empty: what the first voucher gives."),
    )
    mode = forms.ChoiceField(
        label=_("A voucher is made"),
        choices=MODES,
        help_text=_("From enough points for a step."),
    )
    valid_days = WholeField(
        label=_("Valid for days"), help_text=_("From the day it is made.")
    )
    grace_days = WholeField(
        label=_("Days of grace"), help_text=_("Accepted so much longer, unsaid.")
    )
    reactivations = WholeField(
        label=_("Times made valid again"),
        help_text=_("By customer service, at most."),
    )
    # THE LADDER
    has_ladder = forms.BooleanField(
        label=_("Members have tiers"), required=False, widget=Switch
    )
    measure = forms.ChoiceField(label=_("Reached by"), choices=MEASURES)
    window = forms.ChoiceField(label=_("Counted in"), choices=WINDOWS)
    ladder_grace_days = WholeField(label=_("Days before a tier is lost"))
    soft_landing = forms.BooleanField(
        label=_("Lose one step at a time"), required=False, widget=Switch
    )

    def excluded(self) -> Goods:
        """Return the goods that are ticked to earn nothing."""
        if self.is_bound and hasattr(self.data, "getlist"):
            return read(self.data.getlist("excluded"))
        found: Goods = self.initial.get("excluded") or Goods()
        return found


def initial_of(content: Content) -> dict[str, Any]:
    """Return what the form shows of a version."""
    terms = content.terms
    ladder = terms.ladder
    return {
        "title": content.title,
        "points_per_unit": content.points_per_unit,
        "tax": terms.tax.value,
        "discounts": terms.discounts.value,
        "rounding": terms.rounding.value,
        "excluded_groups": list(content.excluded_groups),
        "excluded": terms.excluded,
        "stacking": terms.stacking.value,
        "pending_days": terms.pending_days,
        "expiry": terms.expiry.value,
        "expires_after_months": content.expires_after_months,
        "expiry_month": terms.expiry_day[0],
        "expiry_day": terms.expiry_day[1],
        "expiry_years": terms.expiry_years,
        "returns": terms.returns.value,
        "point_value": content.point_value,
        "mode": terms.vouchers.mode.value,
        "valid_days": terms.vouchers.valid_days,
        "grace_days": terms.vouchers.grace_days,
        "reactivations": terms.vouchers.reactivations,
        "has_ladder": ladder is not None,
        "measure": (ladder.measure if ladder else Measure.SPEND).value,
        "window": (ladder.window if ladder else Window.ROLLING).value,
        "ladder_grace_days": ladder.grace_days if ladder else 30,
        "soft_landing": ladder.soft_landing if ladder else True,
    }

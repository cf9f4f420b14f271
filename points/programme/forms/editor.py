"""The editor of a draft: all its forms at once, to and from what the draft says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from common.money import OERE
from points import worth
from points.models import EarningRule
from points.programme.drafts import Content, content_of
from points.programme.faults import Fault
from points.programme.forms.basics import LEAST, BasicsForm, initial_of
from points.programme.forms.fields import blame, count_in
from points.programme.forms.rows import ROWS, Rows, initial_rows
from points.terms import (
    Discounts,
    ExpiryKind,
    Ladder,
    Measure,
    Multiplier,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    Terms,
    VoucherMode,
    Vouchers,
    VoucherStep,
    Window,
)

_ROW = re.compile(r"/(vouchers/steps|ladder/tiers|actions|multipliers)/(\d+)(?:/(.+))?")
_PARTS = {"vouchers/steps": "steps", "ladder/tiers": "tiers", "actions": "actions"}
# Where the form calls a thing otherwise than the version.
_FIELDS = {
    "excluded": "excluded_groups",
    "vouchers/mode": "mode",
    "vouchers/valid_days": "valid_days",
    "vouchers/grace_days": "grace_days",
    "vouchers/reactivations": "reactivations",
    "ladder/grace_days": "ladder_grace_days",
    "ladder/tiers": "has_ladder",
}
# What a column of a version can hold.
_MOST_WORTH = Decimal("9999.9999")
_ACTION_FIELDS = {"key": "event", "": "event"}
_TIER_FIELDS = {"key": "name_en", "": "name_en"}
_STEP_FIELDS = {"": "points"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault as the page lists it: the words, and where to put it right."""

    message: str
    href: str
    is_warning: bool


class Editor:
    """What is typed into the editor, or what the draft says while nothing is."""

    def __init__(self, draft: EarningRule, data: QueryDict | None = None) -> None:
        self.draft = draft
        self.stored = content_of(draft)
        self.basics = BasicsForm(data, initial=initial_of(self.stored))
        rows = initial_rows(self.stored.terms) | {"steps": _steps(draft, self.stored)}
        self.rows: Mapping[str, Rows] = {
            name: kind(data, initial=rows[name], prefix=name)
            for name, kind in ROWS.items()
        }
        self.multipliers = list(self.stored.terms.multipliers)

    def is_valid(self) -> bool:
        """Tell whether everything typed is of the right form."""
        # Every part is asked, so that every mistake is shown at once.
        valid = [rows.is_valid() for rows in self.rows.values()]
        return self.basics.is_valid() and all(valid) and self._is_worth_a_sum()

    def without_multiplier(self, key: str) -> None:
        """Leave out a multiplier when the draft is saved."""
        self.multipliers = [each for each in self.multipliers if each.key != key]

    def content(self) -> Content:
        """Return what was typed; only of forms that are valid."""
        given = self.basics.cleaned_data
        steps = [form.step() for form in self.rows["steps"].kept()]
        value = given["point_value"] or _worth_of(steps[0])
        own = VoucherStep(steps[0].points, _reward(steps[0].points, value))
        terms = Terms(
            tax=Tax(given["tax"]),
            discounts=Discounts(given["discounts"]),
            excluded=self.basics.excluded(),
            rounding=Rounding(given["rounding"]),
            stacking=Stacking(given["stacking"]),
            multipliers=tuple(self.multipliers),
            actions=tuple(form.value() for form in self.rows["actions"].kept()),
            pending_days=given["pending_days"],
            expiry=ExpiryKind(given["expiry"]),
            expiry_day=(given["expiry_month"], given["expiry_day"]),
            expiry_years=given["expiry_years"],
            returns=ReturnPolicy(given["returns"]),
            vouchers=Vouchers(
                mode=VoucherMode(given["mode"]),
                # A single step that says no more than the columns is the columns'.
                steps=() if steps == [own] else tuple(steps),
                valid_days=given["valid_days"],
                grace_days=given["grace_days"],
                reactivations=given["reactivations"],
            ),
            ladder=self._ladder(),
            currencies={
                form.cleaned_data["code"]: form.money()
                for form in self.rows["currencies"].kept()
            },
        )
        return Content(
            points_per_unit=given["points_per_unit"],
            excluded_groups=tuple(given["excluded_groups"]),
            expires_after_months=given["expires_after_months"],
            point_value=value,
            reward_points=steps[0].points,
            terms=terms,
            title=given["title"],
        )

    def blame(self, faults: Iterable[Fault]) -> list[Shown]:
        """Put faults at their fields; return them all for the page's list."""
        return [self._blame(fault) for fault in faults]

    def complaints(self) -> list[Shown]:
        """Return what could not be read, with where it is."""
        found = []
        for form in self._forms():
            for name, messages in form.errors.items():
                field = form[name] if name in form.fields else None
                href = f"#{field.id_for_label}" if field else ""
                label = f"{field.label}: " if field else ""
                found += [Shown(f"{label}{text}", href, False) for text in messages]
        for rows in self.rows.values():
            found += [
                Shown(str(text), f"#{rows.prefix}", False)
                for text in rows.non_form_errors()
            ]
        return found

    def _is_worth_a_sum(self) -> bool:
        """Refuse a first step of which a point's worth cannot be written down."""
        if self.basics.cleaned_data["point_value"] is not None:
            return True
        first = self.rows["steps"].kept()[0]
        found = _worth_of(first.step())
        if found < LEAST:
            first.add_error("value", _("A point must be worth more than nothing."))
        elif found > _MOST_WORTH:
            first.add_error("value", _("A point cannot be worth so much."))
        else:
            return True
        return False

    def _ladder(self) -> Ladder | None:
        given = self.basics.cleaned_data
        if not given["has_ladder"]:
            return None
        return Ladder(
            measure=Measure(given["measure"]),
            window=Window(given["window"]),
            tiers=tuple(form.value() for form in self.rows["tiers"].kept()),
            grace_days=given["ladder_grace_days"],
            soft_landing=given["soft_landing"],
        )

    def _forms(self) -> list[forms.Form]:
        return [self.basics, *(form for rows in self.rows.values() for form in rows)]

    def _blame(self, fault: Fault) -> Shown:
        row = _ROW.fullmatch(fault.pointer)
        if row and row[1] == "multipliers":
            return self._of_multiplier(fault, int(row[2]))
        if row:
            return self._of_row(fault, _PARTS[row[1]], int(row[2]), row[3] or "")
        if fault.pointer.startswith("/currencies/"):
            return self._of_currency(fault)
        name = fault.pointer.lstrip("/")
        name = _FIELDS.get(name, name)
        if name == "vouchers/steps":
            return Shown(fault.message, "#steps", fault.is_warning)
        if name not in self.basics.fields:
            return Shown(fault.message, "", fault.is_warning)
        return self._at(self.basics, name, fault)

    def _of_multiplier(self, fault: Fault, place: int) -> Shown:
        each: Multiplier = self.multipliers[place]
        href = reverse("points:multiplier-edit", args=[self.draft.public_id, each.key])
        return Shown(fault.message, href, fault.is_warning)

    def _of_row(self, fault: Fault, part: str, place: int, name: str) -> Shown:
        forms_ = self._kept(part)
        if place >= len(forms_):
            return Shown(fault.message, f"#{part}", fault.is_warning)
        kind, _slash, language = name.partition("/")
        if language:
            name = f"{'name' if kind == 'names' else kind}_{language}"
        renamed = {
            "actions": _ACTION_FIELDS,
            "tiers": _TIER_FIELDS,
            "steps": _STEP_FIELDS,
        }[part]
        return self._at(forms_[place], renamed.get(name, name), fault)

    def _of_currency(self, fault: Fault) -> Shown:
        _empty, _part, code, *rest = fault.pointer.split("/")
        for form in self._kept("currencies"):
            if form["code"].value() == code:
                return self._at(form, rest[0] if rest else "code", fault)
        return Shown(fault.message, "#currencies", fault.is_warning)

    def _kept(self, part: str) -> list[forms.Form]:
        rows = self.rows[part]
        return rows.kept() if rows.is_bound else list(rows)

    def _at(self, form: forms.Form, name: str, fault: Fault) -> Shown:
        if not fault.is_warning:
            blame(form, name, fault.message)
        field = form[name] if name in form.fields else None
        label = f"{field.label}: " if field else ""
        href = f"#{field.id_for_label}" if field else ""
        return Shown(f"{label}{fault.message}", href, fault.is_warning)


def with_another(data: QueryDict, part: str) -> QueryDict:
    """Return what was typed with one more row of a kind."""
    more = data.copy()
    total = count_in(data, part)
    more[f"{part}-TOTAL_FORMS"] = str(total + 1)
    # What stands beside a row that was not there: its switches as a new row has them.
    row = ROWS[part].form()
    for field in row:
        if field.field.initial is True:
            more[f"{part}-{total}-{field.name}"] = "on"
        elif field.field.initial is not None:
            more[f"{part}-{total}-{field.name}"] = str(field.field.initial)
    return more


def _steps(draft: EarningRule, content: Content) -> list[dict[str, Any]]:
    """Return the steps of a version; without any the one that its columns say."""
    steps = content.terms.vouchers.steps or (
        VoucherStep(
            draft.reward_points, _reward(draft.reward_points, draft.point_value)
        ),
    )
    return [
        {
            "points": each.points,
            "value": each.value,
            "needs_purchase": each.needs_purchase,
        }
        for each in steps
    ]


def _reward(points: int, value: Decimal) -> Decimal:
    return (points * value).quantize(OERE, rounding=ROUND_DOWN)


def _worth_of(step: VoucherStep) -> Decimal:
    """Return what a point is worth by one step, as the version keeps it."""
    return (step.value / step.points).quantize(worth.NEAREST, rounding=ROUND_HALF_UP)

"""Take what a member changed on the page of choices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from common.periods import add_months, start_of_day
from common.ui.forms import DateInput
from consent.models import Text, TopicWish
from portal.preferences.centre import Asked, Centre, TopicChoice
from portal.preferences.saving import Unchanged, Wanted

LIMITS = (1, 2, 3)
LONGEST_PAUSE = timedelta(days=366)
# Value → days, or else months.
_PAUSES: dict[str, tuple[int, int]] = {"2w": (14, 0), "1m": (0, 1), "3m": (0, 3)}
_END, _DAY = "end", "day"

Option = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Switch:
    """A thing that is asked, with its field."""

    asked: Asked
    field: BoundField


@dataclass(frozen=True, slots=True)
class TopicField:
    """A subject with its field."""

    choice: TopicChoice
    field: BoundField


class PreferenceForm(forms.Form):
    """Yes and no, how often, subjects, and a pause: all of it in one go."""

    seal = forms.CharField(max_length=40, required=False)
    pause_until = forms.DateField(
        required=False,
        widget=DateInput(),
        error_messages={"invalid": ""},
    )

    def __init__(
        self, *args: Any, centre: Centre, with_diets: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.centre = centre
        self.topics = [each for each in centre.topics if with_diets or not each.is_diet]
        for asked in centre.asked:
            self.fields[f"yes_{asked.name}"] = forms.BooleanField(
                required=False, initial=asked.is_given
            )
            self.fields[f"text_{asked.name}"] = forms.CharField(
                required=False, max_length=40
            )
        for topic in self.topics:
            self.fields[topic.name] = forms.ChoiceField(
                required=False,
                initial=topic.wish or "",
                choices=_wishes(topic),
            )
        self.fields["per_week"] = forms.ChoiceField(
            required=False,
            initial=self._limit,
            choices=[(value, title) for value, title, _more in self.limits],
        )
        self.fields["pause"] = forms.ChoiceField(
            required=False,
            initial="",
            choices=[(value, title) for value, title, _more in self.pauses],
        )
        day = self.fields["pause_until"]
        day.error_messages["invalid"] = gettext("Choose a day.")
        day.widget.attrs |= {
            "min": (centre.today + timedelta(days=1)).isoformat(),
            "max": (centre.today + LONGEST_PAUSE).isoformat(),
        }

    @property
    def groups(self) -> Iterator[tuple[str, str, list[Switch]]]:
        """Give each heading with its switches."""
        for group in self.centre.groups:
            yield (
                group.key,
                group.title,
                [Switch(each, self[f"yes_{each.name}"]) for each in group.asked],
            )

    @property
    def interests(self) -> list[TopicField]:
        """Return the subjects that can be wanted, with their fields."""
        return [
            TopicField(each, self[each.name])
            for each in self.topics
            if not each.is_diet
        ]

    @property
    def diets(self) -> list[TopicField]:
        """Return what can only be left out, with its fields."""
        return [
            TopicField(each, self[each.name]) for each in self.topics if each.is_diet
        ]

    @property
    def limits(self) -> list[Option]:
        """Return how often can be wished for: value, title, explanation."""
        held = self.centre.preference.per_week
        found: list[Option] = [("", gettext("As often as the club finds right"), "")]
        numbers = sorted({*LIMITS, *([held] if held is not None else [])})
        return found + [(str(number), _at_most(number), "") for number in numbers]

    @property
    def pauses(self) -> list[Option]:
        """Return how long one can be left alone: value, title, until when."""
        if self.centre.paused_until is None:
            found = [("", gettext("No pause"), "")]
        else:
            found = [
                ("", gettext("Keep the pause as it is"), ""),
                (_END, gettext("End the pause now"), ""),
            ]
        titles = {
            "2w": gettext("2 weeks"),
            "1m": gettext("1 month"),
            "3m": gettext("3 months"),
        }
        for value, title in titles.items():
            until = date_format(self._day_of(value), "DATE_FORMAT")
            found.append((value, title, gettext("Until %(day)s") % {"day": until}))
        return [*found, (_DAY, gettext("Until a day that I choose"), "")]

    def clean_pause_until(self) -> date | None:
        """Refuse a day that has been, or is too far away to be meant."""
        day: date | None = self.cleaned_data["pause_until"]
        if self.data.get("pause") != _DAY:
            return None
        if day is None:
            raise forms.ValidationError(gettext("Choose the day that the pause ends."))
        if day <= self.centre.today:
            raise forms.ValidationError(gettext("Choose a day that is still to come."))
        if day > self.centre.today + LONGEST_PAUSE:
            raise forms.ValidationError(
                gettext("A pause lasts a year at most. Stop everything instead.")
            )
        return day

    def wanted(self) -> Wanted:
        """Return what the form says, for `saving.save`."""
        chosen = self.cleaned_data
        limit = chosen.get("per_week", "")
        return Wanted(
            seal=chosen["seal"],
            answers={
                (each.purpose, each.channel): self._answer(each)
                for each in self.centre.asked
            },
            per_week=(
                (int(limit) if limit else None)
                if "per_week" in self.data
                else Unchanged.YES
            ),
            topics={
                each.topic.pk: chosen[each.name] or None
                for each in self.topics
                # Nothing is sent for a switch that is off.
                if each.name in self.data or each.is_diet
            },
            paused_until=self._paused_until(),
        )

    @property
    def _limit(self) -> str:
        held = self.centre.preference.per_week
        return "" if held is None else str(held)

    def _answer(self, asked: Asked) -> Text | Unchanged | None:
        """Return the words a yes was given to, None for a no."""
        if not self.cleaned_data[f"yes_{asked.name}"]:
            return None
        if asked.is_given:
            return Unchanged.YES
        shown = asked.text if asked.is_open else None
        if shown is None or _id_of(self.cleaned_data[f"text_{asked.name}"]) != (
            shown.public_id
        ):
            raise TextsChanged
        return shown

    def _paused_until(self) -> datetime | Unchanged | None:
        chosen = self.cleaned_data.get("pause", "")
        if chosen == _END:
            return None
        if chosen in _PAUSES:
            day = self._day_of(chosen)
        elif chosen == _DAY:
            day = self.cleaned_data["pause_until"]
        else:
            return Unchanged.YES
        return start_of_day(day, self.centre.member.programme.zone)

    def _day_of(self, pause: str) -> date:
        days, months = _PAUSES[pause]
        return add_months(self.centre.today, months) + timedelta(days=days)


class TextsChanged(Exception):
    """Raised for a yes to other words than those that hold now."""


def _wishes(topic: TopicChoice) -> list[tuple[str, str]]:
    unwanted = TopicWish.Wish.UNWANTED.value
    if topic.is_diet:
        return [("", ""), (unwanted, "")]
    return [
        (TopicWish.Wish.WANTED.value, gettext("Gladly")),
        ("", gettext("No opinion")),
        (unwanted, gettext("Not for me")),
    ]


def _at_most(number: int) -> str:
    if not number:
        return gettext("Never")
    return ngettext(
        "At most %(number)s a week", "At most %(number)s a week", number
    ) % {"number": number}


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""What people fill in to write an edition of a text, and to send one back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from common.ui.forms import DateInput, Switch
from common.ui.free_text import FreeText, FreeTextArea
from consent.models import Edition
from consent.texts.editing import LANGUAGES, Content
from consent.texts.wording import Wording, tidy
from consent.texts.words import language_name

_LONGEST_TITLE = 120
_LONGEST_BODY = 30000
_LONGEST_NEWS = 2000


@dataclass(frozen=True, slots=True)
class LanguageFields:
    """The fields of one language, as the page lays them out in a tab."""

    language: str
    name: str
    title: forms.BoundField
    body: forms.BoundField
    news: forms.BoundField


class DraftText(forms.CharField):
    """Needed in the end, but a draft may do without."""

    def validate(self, value: Any) -> None:
        """Accept it empty: `consent.texts.rules` say what is missing."""


class DraftDay(forms.DateField):
    """Needed in the end, but a draft may do without."""

    def validate(self, value: Any) -> None:
        """Accept it empty: `consent.texts.rules` say what is missing."""


class EditionForm(forms.Form):
    """An edition in every language; anything may be missing as long as it is a draft.

    `suggested` is the day that stands in the field before anybody has chosen one.
    """

    use_required_attribute = False

    is_material = forms.BooleanField(
        label=_("Changes what members agreed to"),
        required=False,
        widget=Switch,
    )
    holds_from = DraftDay(
        label=_("The new terms hold from"),
        widget=DateInput,
        help_text=_("For those who are members already; at least 30 days ahead."),
    )
    answer_by = DraftDay(
        label=_("Members answer by"),
        widget=DateInput,
        help_text=_(
            "At least 14 days ahead. A yes that is not renewed by then is no longer "
            "used."
        ),
    )
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, edition: Edition, suggested: date | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.edition = edition
        self.is_terms = edition.kind == Edition.Kind.TERMS
        del self.fields["answer_by" if self.is_terms else "holds_from"]
        day = self.fields["holds_from" if self.is_terms else "answer_by"]
        day.initial = edition.holds_from or edition.answer_by or suggested
        self.fields["is_material"].help_text = (
            _(
                "Everybody who accepted earlier terms is told what is new, and can "
                "leave. Off only for a slip of the pen."
            )
            if self.is_terms
            else _(
                "Everybody who said yes to an earlier edition is asked again. Off "
                "only when the yes means the same as before."
            )
        )
        self.fields["is_material"].initial = edition.is_material
        self.fields["opened"].initial = edition.written_at.isoformat()
        words = {text.language: text for text in edition.texts.all()}
        for language in LANGUAGES:
            self._add_language(language, words.get(language))

    @property
    def languages(self) -> Iterator[LanguageFields]:
        """Return the fields by language."""
        for language in LANGUAGES:
            yield LanguageFields(
                language,
                language_name(language),
                self[f"title_{language}"],
                self[f"body_{language}"],
                self[f"news_{language}"],
            )

    @property
    def day(self) -> forms.BoundField:
        """Return the field of the day that matters for this kind of text."""
        return self["holds_from" if self.is_terms else "answer_by"]

    @property
    def opened_at(self) -> datetime | None:
        """Return when the draft that stands in the form had been saved."""
        try:
            return parse_datetime(self.cleaned_data.get("opened", ""))
        except ValueError:
            return None

    def content(self) -> Content:
        """Return what was typed, as far as it can be read."""
        typed = self.cleaned_data
        is_material = bool(typed.get("is_material"))
        return Content(
            wordings={each: self._wording(each) for each in LANGUAGES},
            is_material=is_material,
            news={each: str(typed.get(f"news_{each}", "")) for each in LANGUAGES},
            holds_from=typed.get("holds_from"),
            # Nobody is asked to answer what means the same as before.
            answer_by=typed.get("answer_by") if is_material else None,
        )

    def _wording(self, language: str) -> Wording:
        typed = self.cleaned_data
        return tidy(
            str(typed.get(f"title_{language}", "")),
            str(typed.get(f"body_{language}", "")),
        )

    def _add_language(self, language: str, text: Any) -> None:
        self.fields[f"title_{language}"] = DraftText(
            label=_("Title"),
            max_length=_LONGEST_TITLE,
            initial=text.title if text else "",
            widget=forms.TextInput(attrs={"lang": language}),
        )
        self.fields[f"body_{language}"] = DraftText(
            label=_("Text"),
            max_length=_LONGEST_BODY,
            initial=text.body if text else "",
            help_text=_(
                "An empty line makes a paragraph. A line that begins with ## is a "
                "heading."
            ),
            widget=forms.Textarea(
                attrs={"lang": language, "rows": 16, "class": "draft__body"}
            ),
        )
        self.fields[f"news_{language}"] = DraftText(
            label=_("What is new, in plain words"),
            max_length=_LONGEST_NEWS,
            initial=self.edition.changes.get(language, ""),
            help_text=_("Shown to the members who are asked again, and sent to them."),
            widget=forms.Textarea(attrs={"lang": language, "rows": 3}),
        )


class ReturnForm(forms.Form):
    """Why an edition is sent back."""

    because = FreeText(
        label=_("What should be changed?"),
        max_length=2000,
        widget=FreeTextArea(attrs={"rows": 3}),
        error_messages={"required": _("Say what should be changed.")},
    )

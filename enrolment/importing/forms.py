"""Forms of the import: the file, how it is read, and what its columns hold."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import RadioCards, Switch
from common.ui.free_text import FreeText, FreeTextInput
from enrolment.importing import sizes
from enrolment.importing.columns import Column
from enrolment.importing.dates import EXAMPLES
from enrolment.importing.mapping import Answers, Mode
from enrolment.importing.reading import CSV, Layout

_ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-8-sig", gettext_lazy("UTF-8 with a mark")),
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"),
    ("cp1252", "Windows-1252"),
    ("latin-1", "ISO 8859-1 (Latin 1)"),
    ("iso8859-15", "ISO 8859-15 (Latin 9)"),
    ("cp850", "DOS 850"),
    ("cp865", "DOS 865"),
    ("mac-roman", "Mac Roman"),
]
_DELIMITERS = [
    (";", gettext_lazy("Semicolon ( ; )")),
    (",", gettext_lazy("Comma ( , )")),
    ("tab", gettext_lazy("Tab")),
    ("|", gettext_lazy("Bar ( | )")),
]
_FORMATS = [(code, f"{code} ({example})") for code, example in EXAMPLES.items()]
# Twice would be a guess which one counts.
_ONCE = [column for column in Column if column is not Column.IGNORE]


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, text or Excel (XLSX), with one member a row. The first row may hold "
            "headings."
        ),
        error_messages={"required": gettext_lazy("Choose a file.")},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )


class LayoutForm(forms.Form):
    """How the file is read."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        choices=_ENCODINGS,
        help_text=gettext_lazy("Another one, if å, ä, ø or é look wrong below."),
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Cells are parted by"), choices=_DELIMITERS
    )
    has_quotes = forms.BooleanField(
        label=gettext_lazy("Quotation marks hold cells together"),
        required=False,
        widget=Switch(),
    )
    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"))
    has_headings = forms.BooleanField(
        label=gettext_lazy("The first row holds the headings"),
        required=False,
        widget=Switch(),
    )

    def __init__(
        self, *args: Any, layout: Layout, sheets: Sequence[str] = (), **options: Any
    ) -> None:
        values = layout.as_json()
        values["delimiter"] = _spelled(layout.delimiter)
        options["initial"] = values
        super().__init__(*args, **options)
        self._format = layout.format
        if layout.format == CSV:
            del self.fields["sheet"]
        else:
            for name in ("encoding", "delimiter", "has_quotes"):
                del self.fields[name]
            field = self.fields["sheet"]
            field.choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]

    def layout(self) -> Layout:
        """Return what was chosen."""
        values = self.cleaned_data
        if self._format != CSV:
            return Layout(
                format=self._format,
                sheet=values["sheet"],
                has_headings=values["has_headings"],
            )
        delimiter = "\t" if values["delimiter"] == "tab" else values["delimiter"]
        return Layout(**{**values, "delimiter": delimiter})


class ColumnsForm(forms.Form):
    """What each column holds, and what else there is to know."""

    birthdays = forms.ChoiceField(
        label=gettext_lazy("Birthdays are written"), choices=_FORMATS
    )
    dates = forms.ChoiceField(
        label=gettext_lazy("Other dates are written"), choices=_FORMATS
    )
    system = forms.CharField(
        label=gettext_lazy("The old system's name"),
        help_text=gettext_lazy(
            "Short, such as oldclub. Its ids are kept under this name, so that another "
            "import or system finds the same members by them."
        ),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    source = FreeText(
        label=gettext_lazy("Where permissions were given"),
        help_text=gettext_lazy(
            "If it is the same for all and no column says it, such as: form at the "
            "till, version 2021."
        ),
        max_length=120,
        required=False,
        widget=FreeTextInput(attrs={"autocomplete": "off"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Those who are members already"),
        choices=[
            (Mode.FILL, gettext_lazy("Fill in what is missing")),
            (Mode.UPDATE, gettext_lazy("Let the file win")),
        ],
        widget=RadioCards(
            explanations={
                Mode.FILL: gettext_lazy("What the club knows stays as it is."),
                Mode.UPDATE: gettext_lazy(
                    "Name, birthday, postcode, language and home store are replaced. "
                    "Mobile number and e-mail never are."
                ),
            }
        ),
    )
    is_proven = forms.BooleanField(
        label=gettext_lazy("The old club made sure of numbers and addresses"),
        help_text=gettext_lazy(
            "Only if each had answered a code or link there. It stands as their proof."
        ),
        required=False,
        widget=Switch(),
    )

    def __init__(
        self,
        *args: Any,
        answers: Answers,
        headings: Sequence[str],
        has_version: bool,
        **options: Any,
    ) -> None:
        options["initial"] = answers.as_json()
        super().__init__(*args, **options)
        self.headings = headings
        self.has_version = has_version
        for place, heading in enumerate(headings):
            guessed = answers.columns[place] if place < len(answers.columns) else ""
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading, choices=Column.choices, required=False, initial=guessed
            )

    def column_fields(self) -> list[forms.BoundField]:
        """Return the fields of the columns, in their order."""
        return [self[f"column_{place}"] for place in range(len(self.headings))]

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be imported: nobody to reach, or twice the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = self._columns(cleaned)
        if not {Column.PHONE, Column.EMAIL} & set(chosen):
            self.add_error(
                None, _("Say which column holds the mobile number or the e-mail.")
            )
        for column in _ONCE:
            places = [place for place, each in enumerate(chosen) if each is column]
            for place in places[1:]:
                self.add_error(
                    f"column_{place}",
                    _("%(column)s is chosen for another column already.")
                    % {"column": column.label},
                )
        if Column.EXTERNAL in chosen and not cleaned.get("system"):
            self.add_error("system", _("Name the system whose ids the file holds."))
        self._check_points(chosen)
        return cleaned

    def _check_points(self, chosen: Sequence[Column]) -> None:
        """Refuse points that nothing says the worth of, and a day without points."""
        if Column.POINTS in chosen:
            if not self.has_version:
                self.add_error(
                    f"column_{chosen.index(Column.POINTS)}",
                    _(
                        "The club has published no version of its programme: nothing "
                        "says what a point is worth or how long it lasts. Publish one "
                        "first, or leave the column out."
                    ),
                )
        elif Column.POINTS_UNTIL in chosen:
            self.add_error(
                f"column_{chosen.index(Column.POINTS_UNTIL)}",
                _("Say, too, which column holds the points balance."),
            )

    def answers(self) -> Answers:
        """Return what was said."""
        values = self.cleaned_data
        return Answers(
            columns=tuple(self._columns(values)),
            birthdays=values["birthdays"],
            dates=values["dates"],
            system=values["system"].strip(),
            is_proven=values["is_proven"],
            mode=Mode(values["mode"]),
            source=" ".join(values["source"].split()),
        )

    def _columns(self, values: dict[str, Any]) -> list[Column]:
        return [
            Column(values.get(f"column_{place}") or "")
            for place in range(len(self.headings))
        ]


def most_bytes() -> int:
    """Return how large an upload may be."""
    return int(settings.IMPORT_MAX_MB) * sizes.MB


def _spelled(delimiter: str) -> str:
    # A tab by itself would be lost between the form and the browser.
    return "tab" if delimiter == "\t" else delimiter

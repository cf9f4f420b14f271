"""What marketers fill in about a subject."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from common.ui.forms import RadioCards
from consent.models import Topic

LONGEST_NAME = 40


class TopicNamesForm(forms.Form):
    """What a subject is called, in every language of the members."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for language, _label in settings.LANGUAGES:
            own = get_language_info(language)["name_local"].capitalize()
            self.fields[f"name_{language}"] = forms.CharField(
                label=gettext("Name in %(language)s") % {"language": own},
                max_length=LONGEST_NAME,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                error_messages={
                    "required": gettext("Members who read it need a name too.")
                },
            )

    @property
    def names(self) -> dict[str, str]:
        """Return the names by language, spaces tidied."""
        return {
            language: " ".join(self.cleaned_data[f"name_{language}"].split())
            for language, _label in settings.LANGUAGES
        }

    def refuse_name(self, language: str) -> None:
        """Say that another subject has the name."""
        self.add_error(
            f"name_{language}", gettext("Another subject has this name. Use that one.")
        )

    @staticmethod
    def initial_for(names: Mapping[str, str]) -> dict[str, str]:
        """Return what the form shows of a subject."""
        return {f"name_{language}": name for language, name in names.items()}


class TopicForm(TopicNamesForm):
    """A new subject."""

    kind = forms.ChoiceField(
        label=_("What members can say"),
        choices=Topic.Kind.choices,
        initial=Topic.Kind.INTEREST,
        widget=RadioCards(
            explanations={
                Topic.Kind.INTEREST.value: _(
                    "That they want it, or do not. Messages may be chosen by it."
                ),
                Topic.Kind.DIET.value: _(
                    "Only that it is left out. No message is ever chosen by it, as it "
                    "tells something of health or belief."
                ),
            }
        ),
        help_text=_("Cannot be changed later."),
    )

"""What staff choose for a poster."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, pgettext_lazy
from django.utils.translation import gettext_lazy as _

MOST_PLACEMENT = 40


class PosterForm(forms.Form):
    """In which language, and where it will hang."""

    language = forms.ChoiceField(label=_("Language"))
    placement = forms.CharField(
        label=_("Where it hangs"),
        required=False,
        max_length=MOST_PLACEMENT,
        help_text=_(
            "Such as entrance or checkout 3. It stands small on the poster, and the "
            "figures tell which place brings members."
        ),
        widget=forms.TextInput(
            attrs={"placeholder": pgettext_lazy("place in a store", "entrance")}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            (code, get_language_info(code)["name_local"].capitalize())
            for code, _name in settings.LANGUAGES
        ]

    def clean_placement(self) -> str:
        """Return it in one line."""
        return " ".join(str(self.cleaned_data["placement"]).split())

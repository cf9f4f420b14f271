"""When a version starts, and what members who lose by it are promised."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.periods import local_day
from common.ui.forms import DateInput
from points.programme.comparing import Worsening
from points.programme.drafts import NOTICE, RUN_DOWN, Start
from points.programme.forms.fields import in_our_time
from points.programme.forms.multiplier import TimeInput
from stores.models import Programme

_PROMISES = ("told_on", "runs_down_until")


class Unseen(TextChoices):
    """What may be done about worse terms that were not tried on past purchases."""

    # Nothing: they were tried, or nobody loses.
    NO = "NO"
    # Publish them all the same: the owner's to say.
    SKIP = "SKIP"
    TRY_FIRST = "TRY_FIRST"


class StartForm(forms.Form):
    """The moment from which a version holds."""

    starts_on = forms.DateField(
        label=gettext_lazy("Starts on"), widget=DateInput, validators=[in_our_time]
    )
    starts_at_hour = forms.TimeField(
        label=gettext_lazy("At"), widget=TimeInput, initial=time()
    )

    def __init__(self, *args: Any, programme: Programme, **options: Any) -> None:
        super().__init__(*args, **options)
        self.programme = programme

    def starts_at(self) -> datetime:
        """Return the moment at which it starts, in the programme's zone."""
        given = self.cleaned_data
        return datetime.combine(
            given["starts_on"], given["starts_at_hour"], tzinfo=self.programme.zone
        )


class PublishForm(StartForm):
    """The start, and for worse terms the notice, the transition and a look first."""

    told_on = forms.DateField(
        label=gettext_lazy("Members are told on"),
        widget=DateInput,
        validators=[in_our_time],
    )
    runs_down_until = forms.DateField(
        label=gettext_lazy("Points keep their old worth until"),
        widget=DateInput,
        validators=[in_our_time],
        help_text=gettext_lazy(
            "To the end of that day points become vouchers and are worth as by the"
            " better of this version and the one before it."
        ),
    )

    without_looking = forms.BooleanField(
        label=gettext_lazy("Publish it without trying it on past purchases"),
        error_messages={
            "required": gettext_lazy(
                "Members lose by it, and nobody has seen how many. Try it first, or say"
                " that you publish it without."
            )
        },
    )

    def __init__(
        self,
        *args: Any,
        programme: Programme,
        worse: Sequence[Worsening],
        now: datetime,
        unseen: Unseen = Unseen.NO,
        **options: Any,
    ) -> None:
        super().__init__(*args, programme=programme, **options)
        self.worse, self.now = worse, now
        self.unseen = unseen
        if unseen is not Unseen.SKIP:
            del self.fields["without_looking"]
        self.touches_earned = any(each.touches_earned for each in worse)
        if not worse:
            del self.fields["told_on"]
        if not self.touches_earned:
            del self.fields["runs_down_until"]

    def clean(self) -> dict[str, Any]:
        """Refuse a start that has passed, and notice that comes too late."""
        given: dict[str, Any] = super().clean() or {}
        if self.unseen is Unseen.TRY_FIRST:
            self.add_error(
                None,
                _(
                    "Members lose by it, and nobody has seen how many. Have it tried on"
                    " past purchases first; only the owner can publish it without."
                ),
            )
        day: date | None = given.get("starts_on")
        if day is None or given.get("starts_at_hour") is None:
            return given
        if self.worse:
            self._check_notice(given, day)
        if self.touches_earned:
            self._check_run_down(given, day)
        return given

    def suggest(self, typed: QueryDict) -> None:
        """Fill in days that are needed and were not asked for before; refuse them once.

        They are a promise to members, which nobody makes by leaving a page as it is.
        """
        missing = [
            name for name in _PROMISES if name in self.fields and name not in typed
        ]
        for name in missing:
            typed[name] = self.initial[name].isoformat()
        for name in missing:
            if name not in self.errors:
                self.add_error(name, _("This start needs it. Say whether it is right."))

    def start(self) -> Start:
        """Return all that was said about the start."""
        given = self.cleaned_data
        return Start(
            starts_at=self.starts_at(),
            told_on=given.get("told_on"),
            runs_down_until=given.get("runs_down_until"),
        )

    def _check_notice(self, given: dict[str, Any], day: date) -> None:
        told = given.get("told_on")
        if told is None:
            return
        if told > day - NOTICE:
            self.add_error(
                "told_on",
                _("Members must be told %(n)s days before it starts, at the least.")
                % {"n": NOTICE.days},
            )
        elif told < local_day(self.now, self.programme.zone):
            self.add_error("told_on", _("The day has passed."))

    def _check_run_down(self, given: dict[str, Any], day: date) -> None:
        until = given.get("runs_down_until")
        if until is not None and until < day + RUN_DOWN:
            self.add_error(
                "runs_down_until",
                _("Points keep their worth for %(n)s days after the start or longer.")
                % {"n": RUN_DOWN.days},
            )

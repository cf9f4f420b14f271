"""The programme for other systems: what holds now, in words and in figures."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer
from common.codes import fault_words
from common.problems import Fault, Problem, invalid
from points import documents, words, worth
from points.programme import running_down, versions
from points.programme.comparing import steps_of
from points.rules import EarningRule
from points.selectors import runs_down_until, value_at
from points.terms import LANGUAGES
from stores.authentication import Caller
from stores.models import Programme


class ProgrammeDetail(ApiView):
    """The version in force."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_PROGRAMME)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the version in force, said in the language asked for."""
        caller: Caller = request.user  # type: ignore[assignment]
        programme = Programme.objects.get(pk=caller.programme_id)
        language = request.GET.get("language") or programme.language
        if language not in LANGUAGES:
            text = fault_words("language_unknown")
            raise invalid([Fault("/language", "language_unknown", text)])
        now = timezone.now()
        row = versions.find_in_force(programme, now)
        if row is None:
            raise Problem(
                status=404,
                code="no_programme",
                title=_("No version of the programme is in force."),
            )
        with translation.override(language):
            return answer(
                {
                    "version": row.version,
                    "startsAt": row.starts_at.isoformat(),
                    "language": language,
                    "currency": programme.currency,
                    **_said(programme, value_at(row, now), now, language),
                }
            )


def _said(
    programme: Programme, rule: EarningRule, now: datetime, language: str
) -> dict[str, Any]:
    value = worth.of(rule)
    until = runs_down_until(programme, now)
    ladder = rule.terms.ladder
    return {
        "sentences": [each.text for each in running_down.said_at(programme, now=now)],
        "betterTermsUntil": until.isoformat() if until else None,
        "worthOfAPoint": {
            "least": str(value.least),
            "most": str(value.most),
            "text": words.worth_of_a_point(rule, programme.currency),
        },
        "tiers": [
            {
                "key": tier.key,
                "name": tier.names.get(language, tier.key),
                "needs": str(tier.needs),
                "benefits": [benefit.get(language, "") for benefit in tier.benefits],
            }
            for tier in (ladder.tiers if ladder else ())
        ],
        "tiersReachedBy": ladder.measure.value if ladder else None,
        "voucherSteps": [
            {
                "points": step.points,
                "value": str(step.value),
                "needsPurchase": step.needs_purchase,
            }
            for step in steps_of(rule)
        ],
    }

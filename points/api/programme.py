"""The programme for other systems: what holds now, in words and in figures."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer
from common.codes import fault_words
from common.problems import Fault, Problem, invalid
from points import documents, words, worth
from points.programme import telling, versions
from points.programme.comparing import steps_of
from points.rules import EarningRule
from points.selectors import value_of
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
        row = versions.list_versions(programme, timezone.now()).in_force
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
                    **_said(programme, value_of(row), language),
                }
            )


def _said(programme: Programme, rule: EarningRule, language: str) -> dict[str, Any]:
    value = worth.of(rule)
    ladder = rule.terms.ladder
    return {
        "sentences": [each.text for each in telling.in_words(programme, rule)],
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

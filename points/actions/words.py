"""What an invitation gives, in words made from the version in force."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from common.money import display
from points import rules, words
from points.actions import kinds
from points.actions.referrals import KEPT_DAYS
from points.rules import EarningRule
from points.terms import Action


def invitation(
    actions: Mapping[str, Action], rule: EarningRule, currency: str
) -> list[str]:
    """Say what who invites and who is invited get, and when; nothing for nothing."""
    said = []
    given = {
        "days": words.number(KEPT_DAYS),
        "points": "",
        "money": "",
    }
    for kind, text in (
        (
            kinds.REFERRAL_KEPT,
            _(
                "You get %(points)s, worth %(money)s, when somebody you invited has "
                "bought something and kept it for %(days)s days."
            ),
        ),
        (
            kinds.REFERRAL_WELCOMED,
            _("Your friend gets %(points)s, worth %(money)s, at the same time."),
        ),
    ):
        action = actions.get(kind)
        if action is not None:
            worth = rules.worth(action.points, rule)
            said.append(
                text
                % {
                    **given,
                    "points": words.points(action.points),
                    "money": display(worth, currency),
                }
            )
    return said

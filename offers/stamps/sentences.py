"""The terms of a stamp card in plain words, made from the terms themselves."""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from offers.models import StampCard
from offers.texts import in_language
from points.programme.telling import languages


def sentence(card: StampCard) -> str:
    """Say what to do and what it gives, in the active language.

    `Buy 9 coffees, number 10 is on us.`
    """
    values = {
        "needed": card.needed,
        "next": card.needed + 1,
        "goods": in_language(card.bought),
        "reward": reward(card),
    }
    if card.counts == StampCard.Counts.VISITS:
        if not values["goods"]:
            return (
                ngettext(
                    "Shop %(needed)s time and get %(reward)s.",
                    "Shop %(needed)s times and get %(reward)s.",
                    card.needed,
                )
                % values
            )
        return (
            ngettext(
                "Buy %(goods)s %(needed)s time and get %(reward)s.",
                "Buy %(goods)s %(needed)s times and get %(reward)s.",
                card.needed,
            )
            % values
        )
    if card.reward_is_one_more:
        return _("Buy %(needed)s %(goods)s, number %(next)s is on us.") % values
    return _("Buy %(needed)s %(goods)s and get %(reward)s.") % values


def conditions(card: StampCard) -> list[str]:
    """Say the rest of the terms, a sentence each; nothing that does not apply."""
    said = []
    if card.counts == StampCard.Counts.VISITS:
        said.append(_("You get one stamp each time you shop."))
    elif card.most_per_purchase is not None:
        said.append(
            ngettext(
                "You get at most %(n)s stamp each time you shop.",
                "You get at most %(n)s stamps each time you shop.",
                card.most_per_purchase,
            )
            % {"n": card.most_per_purchase}
        )
    if card.valid_days is not None:
        said.append(
            ngettext(
                "A stamp is valid for %(n)s day.",
                "A stamp is valid for %(n)s days.",
                card.valid_days,
            )
            % {"n": card.valid_days}
        )
    said.append(
        ngettext(
            "You have %(n)s day to use what you get.",
            "You have %(n)s days to use what you get.",
            card.reward_valid_days,
        )
        % {"n": card.reward_valid_days}
    )
    said.append(_("If you return something, its stamp goes too."))
    return said


def reward(card: StampCard) -> str:
    """Name the reward: what goods, or how much off."""
    if card.reward_kind == StampCard.Reward.MONEY:
        return _("%(money)s off") % {
            "money": display(card.reward_value, card.programme.currency)
        }
    return in_language(card.reward_texts)


def in_three_languages(card: StampCard) -> list[tuple[str, str, list[str]]]:
    """Return language, sentence and conditions of each, the active language first."""
    said = []
    for language in languages():
        with translation.override(language):
            said.append(
                (
                    language,
                    sentence(card),
                    conditions(card),
                )
            )
    return said

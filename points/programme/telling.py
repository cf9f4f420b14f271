"""How the desk shows a version in words: in three languages, and what changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from points.programme.naming import names_for
from points.programme.readability import lix
from points.programme.sentences import (
    Kind,
    Names,
    Sentence,
    Unsayable,
    of_action,
    of_multiplier,
)
from points.programme.sentences.earning import excluded_by
from points.programme.sentences.version import what_can_be_said
from points.rules import EarningRule
from points.terms import LANGUAGES, Action, Multiplier
from stores.models import Programme

# What Swedish texts for everybody stay below.
EASY_LIX = 40


@dataclass(frozen=True, slots=True)
class Said:
    """A version in one language, and how hard it is to read."""

    language: str
    name: str
    sentences: list[str]
    lix: int

    @property
    def is_easy(self) -> bool:
        """Tell whether everybody can read it."""
        return self.lix <= EASY_LIX


class Sort(StrEnum):
    """What happened to a sentence between two versions."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence of two versions: as it was, and as it is."""

    sort: Sort
    old: str = ""
    new: str = ""


def languages() -> list[str]:
    """Return the languages of members, the one that is active first."""
    own = (get_language() or "")[:2]
    return sorted(LANGUAGES, key=lambda each: each != own)


def in_words(programme: Programme, rule: EarningRule) -> list[Sentence]:
    """Return the sentences of a version in the active language."""
    return what_can_be_said(
        rule,
        currency=programme.currency,
        names=names_for(rule, programme_id=programme.pk),
    )


def in_languages(programme: Programme, rule: EarningRule) -> list[Said]:
    """Return a version in every language of members, the active one first."""
    known = names_for(rule, programme_id=programme.pk)
    return [
        _said(
            language,
            lambda: [
                each.text
                for each in what_can_be_said(
                    rule, currency=programme.currency, names=known
                )
            ],
        )
        for language in languages()
    ]


def multiplier_in_languages(
    programme: Programme, rule: EarningRule, multiplier: Multiplier, names: Names
) -> list[Said]:
    """Return one multiplier in every language.

    Raises:
        Unsayable: no words fit; in the active language where it is so there too.
    """
    # First as whoever writes it reads it: what cannot be said is said to them.
    of_one(programme, rule, multiplier, names)
    return [
        _said(language, lambda: [of_one(programme, rule, multiplier, names)])
        for language in languages()
    ]


def of_one(
    programme: Programme, rule: EarningRule, multiplier: Multiplier, names: Names
) -> str:
    """Return the sentence of one multiplier in the active language.

    Raises:
        Unsayable: no words fit.
    """
    return of_multiplier(
        multiplier,
        currency=programme.currency,
        names=names,
        excluded=excluded_by(rule),
        stacking=rule.terms.stacking,
        has_currencies=bool(rule.terms.currencies),
    ).text


def of_the_action(action: Action) -> str:
    """Return the sentence of an action, or its key when nobody has named it."""
    try:
        return of_action(action).text
    except Unsayable:
        return action.key


def changes_between(
    programme: Programme, old: EarningRule | None, new: EarningRule
) -> list[Change]:
    """Return the sentences of two versions, those that differ beside each other."""
    before = in_words(programme, old) if old else []
    after = in_words(programme, new)
    return [
        change
        for kind in Kind
        for change in _changes(
            [each.text for each in before if each.kind is kind],
            [each.text for each in after if each.kind is kind],
        )
    ]


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """Compare the sentences about one thing, so that what belongs together meets."""
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            for text in old[old_from:old_to]:
                yield Change(Sort.SAME, text, text)
            continue
        for was, now in zip_longest(old[old_from:old_to], new[new_from:new_to]):
            if was and now:
                yield Change(Sort.CHANGED, was, now)
            elif was:
                yield Change(Sort.REMOVED, old=was)
            else:
                yield Change(Sort.ADDED, new=now)


def language_name(language: str) -> str:
    """Return what a language is called in the active one."""
    return {"sv": _("Swedish"), "da": _("Danish"), "en": _("English")}[language]


def _said(language: str, say: Callable[[], list[str]]) -> Said:
    with translation.override(language):
        sentences = say()
    name = language_name(language)
    return Said(language, name, sentences, round(lix(" ".join(sentences))))

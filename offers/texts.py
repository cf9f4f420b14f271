"""Texts that marketers write in several languages: the reader's, else one there is."""

from collections.abc import Mapping

from django.utils.translation import get_language

from points.terms import LANGUAGES


def in_language(texts: Mapping[str, str], language: str | None = None) -> str:
    """Return a text in the active language, or in the first that has it."""
    wanted = (language or get_language() or "")[:2]
    return next(
        (texts[each] for each in (wanted, *LANGUAGES) if texts.get(each)),
        "",
    )

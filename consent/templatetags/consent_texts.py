"""Texts that members agree to, as they stand in pages."""

from django import template

from consent import texts
from consent.texts import Section

register = template.Library()


@register.filter
def sections(body: str) -> list[Section]:
    """Cut a text into headings and their paragraphs."""
    return texts.sections(body)

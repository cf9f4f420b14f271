"""Subjects by their name in the reader's language."""

from django import template
from django.utils.translation import get_language

from consent.models import Topic
from consent.topics.selectors import name_of

register = template.Library()


@register.filter
def in_language(topic: Topic) -> str:
    """Return what a subject is called in the language of the page."""
    return name_of(topic, get_language() or "")

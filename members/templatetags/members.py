"""Filters for members: `{% load members %}`."""

from django import template

from members.cards import display_number

register = template.Library()


@register.filter
def card_number(number: str) -> str:
    """Group a membership number as it is read out."""
    return display_number(number)

"""Sentences that several of the till's pages say."""

from django.utils.translation import ngettext


def wait(seconds: int) -> str:
    """Say for how long to wait."""
    if seconds < 90:
        return ngettext(
            "Wait %(seconds)s second and try again.",
            "Wait %(seconds)s seconds and try again.",
            seconds,
        ) % {"seconds": seconds}
    minutes = -(-seconds // 60)
    return ngettext(
        "Wait %(minutes)s minute and try again.",
        "Wait %(minutes)s minutes and try again.",
        minutes,
    ) % {"minutes": minutes}

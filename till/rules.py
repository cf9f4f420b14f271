"""When a person at the till must identify again, and what they may type."""

from datetime import datetime, timedelta

# A shared tablet: short while nobody touches it, never longer than a working day.
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
# How often use is noted: a write for every tap would be waste.
NOTED_EVERY = timedelta(seconds=30)


def is_locked(*, since: datetime, seen: datetime, now: datetime) -> bool:
    """Tell whether a person who identified must do so again."""
    return now >= since + LONGEST or now >= seen + IDLE


def looks_like_card(typed: str) -> bool:
    """Tell a card's code, which has letters, from a number that was typed."""
    return any(sign.isalpha() for sign in typed)


def looks_international(typed: str) -> bool:
    """Tell whether a number starts with a country's code."""
    return typed.lstrip().startswith(("+", "00"))

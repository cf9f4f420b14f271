"""Decided without asking anybody: which PINs are too easy, how long keys live."""

from datetime import timedelta

PIN_LENGTHS = range(4, 7)
LONGEST_KEY_LIFE = timedelta(days=400)
CODE_LIFE = timedelta(minutes=15)

# The ones that people choose before all others and that are no plain pattern.
_FAVORITES = frozenset({"2580", "0852", "5683", "1998", "147258", "159753", "112233"})
_ROWS = ("0123456789" * 2, "9876543210" * 2)


def is_pin(text: str) -> bool:
    """Tell whether a text has the form of a PIN: four to six digits."""
    return text.isascii() and text.isdigit() and len(text) in PIN_LENGTHS


def is_trivial(pin: str) -> bool:
    """Tell whether a PIN is among the first that anybody would try.

    One digit over and over, a pair repeated (1212), counting up or down, a year of
    somebody's birth, or a favorite of many.
    """
    halves = {pin[: len(pin) // 2], pin[len(pin) // 2 :]}
    pairs = {pin[place : place + 2] for place in range(0, len(pin), 2)}
    is_repeated = len(pin) % 2 == 0 and (len(halves) == 1 or len(pairs) == 1)
    is_counted = any(pin in row for row in _ROWS)
    is_year = len(pin) == 4 and 1930 <= int(pin) <= 2035
    is_one_digit = len(set(pin)) == 1
    return is_one_digit or is_repeated or is_counted or is_year or pin in _FAVORITES

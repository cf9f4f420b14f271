"""Ids that may leave the house: UUID version 7 (RFC 9562 §5.7), and check digits."""

import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a new time-ordered id.

    48 bits of Unix milliseconds first, so that rows made together lie together in
    an index; 74 random bits, so that nobody can guess a neighbour's.
    """
    milliseconds = time.time_ns() // 1_000_000
    random_bits = secrets.randbits(74)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (random_bits >> 62) << 64
    value |= 0b10 << 62
    value |= random_bits & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def luhn_digit(digits: str) -> str:
    """Return the check digit of a row of digits (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2 == 0:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return str(-total % 10)


def has_valid_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the check digit of those before it."""
    return (
        digits.isascii()
        and digits.isdigit()
        and len(digits) > 1
        and luhn_digit(digits[:-1]) == digits[-1]
    )

"""How long bookkeeping law wants vouchers kept, by country."""

from datetime import date

# How long the books are kept after the end of the financial year.
_BOOK_YEARS = {"SE": 7, "DK": 5, "NO": 5}
_LONGEST_BOOK_YEARS = 7


def book_years(country: str) -> int:
    """Return for how many years bookkeeping law wants vouchers kept.

    SE: bokföringslagen 7:2; DK: bogføringsloven § 12; NO: bokføringsloven § 13.
    """
    return _BOOK_YEARS.get(country, _LONGEST_BOOK_YEARS)


def books_kept_until(year: int, country: str) -> date:
    """Return the last day on which a voucher of a year is kept."""
    return date(year + book_years(country), 12, 31)

"""Mobile numbers on which no member of the demo club can be reached."""

# The Swedish regulator PTS keeps 070-174 06 05 to 070-174 06 99 free of subscribers,
# for books and films.
RESERVED = range(46_70_174_06_05, 46_70_174_06_99 + 1)
# There are 95 of those. The rest are plainly made up (070-000 00 00 and on): they have
# the form of a mobile number, but no register that we know of sets them aside.
MADE_UP = 46_70_000_00_00
MOST = 100_000


def fictional_number(place: int) -> str:
    """Return the number of the person at a place in the club, in E.164.

    Raises:
        ValueError: the club would be larger than the made-up numbers.
    """
    if place < len(RESERVED):
        return f"+{RESERVED[place]}"
    if place >= MOST:
        message = f"There are made-up numbers for {MOST} people only."
        raise ValueError(message)
    return f"+{MADE_UP + place}"

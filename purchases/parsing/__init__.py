"""Read a receipt's JSON, and say everything that is wrong with it at once.

Written by hand and not with serializers, because the till waits: a receipt is read in
a tenth of the time. `purchases.documents` describes the same fields for people; a test
holds the two together.
"""

from purchases.parsing.contact import KEY_TYPES, LONGEST_SYSTEM
from purchases.parsing.lines import MOST_LINES
from purchases.parsing.reader import fault
from purchases.parsing.receipts import MOST_VOUCHERS, parse

__all__ = [
    "KEY_TYPES",
    "LONGEST_SYSTEM",
    "MOST_LINES",
    "MOST_VOUCHERS",
    "fault",
    "parse",
]

"""What members ask for of their rights (GDPR art. 15-21), from receipt to answer.

Public verbs: `receive`, `prove`, `extend`, `note`, `answer`, `refuse`, `close`,
    `cancel`; for erasure `begin_erasure`, `take_back`, `erase_due`.
Invariants: one open request of a kind; nothing is given out or erased before it is
    known who asks; every step is written down and never changed.
"""

from consent.rights.erasing import (
    begin_erasure,
    erase_due,
    find_cooling,
    take_back,
)
from consent.rights.services import (
    RequestClosed,
    TooLate,
    Unproven,
    answer,
    cancel,
    close,
    extend,
    note,
    note_download,
    prove,
    receive,
    refuse,
)

__all__ = [
    "RequestClosed",
    "TooLate",
    "Unproven",
    "answer",
    "begin_erasure",
    "cancel",
    "close",
    "erase_due",
    "extend",
    "find_cooling",
    "note",
    "note_download",
    "prove",
    "receive",
    "refuse",
    "take_back",
]

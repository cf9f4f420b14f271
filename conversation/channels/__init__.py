"""How messages come in and answers go out; decision 0012 has the contract.

A channel has two halves. A *line* knows its addresses and answers on them. A *provider*
is a webhook: it tells a true message from a forged one, and reads it. Several providers
may serve one line.
"""

from conversation.channels.contract import (
    AddressInvalid,
    Asked,
    Inbound,
    Line,
    NotAllowed,
    Provider,
    Question,
    Unreadable,
)
from conversation.channels.registry import (
    find_provider,
    line_of,
    register_line,
    register_provider,
)

__all__ = [
    "AddressInvalid",
    "Asked",
    "Inbound",
    "Line",
    "NotAllowed",
    "Provider",
    "Question",
    "Unreadable",
    "find_provider",
    "line_of",
    "register_line",
    "register_provider",
]

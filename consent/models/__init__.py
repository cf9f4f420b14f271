"""The tables of this room."""

from consent.models.contact import (
    Contact,
    ContactPolicy,
    ContactPreference,
    Suppression,
)
from consent.models.ledger import (
    Channel,
    ConsentEntry,
    Permission,
    Purpose,
    TermsAcceptance,
    Text,
)

__all__ = [
    "Channel",
    "ConsentEntry",
    "Contact",
    "ContactPolicy",
    "ContactPreference",
    "Permission",
    "Purpose",
    "Suppression",
    "TermsAcceptance",
    "Text",
]

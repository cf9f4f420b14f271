"""The record of processing (GDPR art. 30) and the privacy notice, from one registry.

What the rooms registered about their fields is all that either says, so neither can
fall behind the tables.
"""

from consent.record.authorities import authority_of
from consent.record.entries import Activity, Holding, People, activities
from consent.record.receivers import Receiver, receivers, register_receivers
from consent.record.words import kept_words, measures

__all__ = [
    "Activity",
    "Holding",
    "People",
    "Receiver",
    "activities",
    "authority_of",
    "kept_words",
    "measures",
    "receivers",
    "register_receivers",
]

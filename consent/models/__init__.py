"""The tables of this room."""

from consent.models.breaches import Breach, BreachEntry
from consent.models.contact import (
    Contact,
    ContactPolicy,
    ContactPolicyChange,
    ContactPreference,
    ContactPreferenceChange,
    Suppression,
    Topic,
    TopicWish,
)
from consent.models.ledger import (
    MESSAGE_CHANNELS,
    Channel,
    ConsentEntry,
    Permission,
    Purpose,
    TermsAcceptance,
)
from consent.models.retention import (
    InactivityNotice,
    RetentionCount,
    RetentionPeriod,
    RetentionRun,
)
from consent.models.rights import AnswerTemplate, Erasure, RightsRequest, RightsStep
from consent.models.texts import Edition, Renewal, Text

__all__ = [
    "MESSAGE_CHANNELS",
    "AnswerTemplate",
    "Breach",
    "BreachEntry",
    "Channel",
    "ConsentEntry",
    "Contact",
    "ContactPolicy",
    "ContactPolicyChange",
    "ContactPreference",
    "ContactPreferenceChange",
    "Edition",
    "Erasure",
    "InactivityNotice",
    "Permission",
    "Purpose",
    "Renewal",
    "RetentionCount",
    "RetentionPeriod",
    "RetentionRun",
    "RightsRequest",
    "RightsStep",
    "Suppression",
    "TermsAcceptance",
    "Text",
    "Topic",
    "TopicWish",
]

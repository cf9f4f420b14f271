"""Write down what a member allowed, refused, took back or objected to."""

from consent.services.choices import choose, report, withdraw_all, withdraw_for_member
from consent.services.entries import (
    MEMBER,
    YES,
    TextMismatch,
    accept_terms,
    record_entry,
    repeat_entry,
)
from consent.services.objections import (
    ObjectionStands,
    lift_objection,
    object_to_marketing,
)
from consent.services.soft_opt_in import (
    NoCustomerRelation,
    record_soft_opt_in,
    register_receipts,
    when_bought,
)

__all__ = [
    "MEMBER",
    "YES",
    "NoCustomerRelation",
    "ObjectionStands",
    "TextMismatch",
    "accept_terms",
    "choose",
    "lift_objection",
    "object_to_marketing",
    "record_entry",
    "record_soft_opt_in",
    "register_receipts",
    "repeat_entry",
    "report",
    "when_bought",
    "withdraw_all",
    "withdraw_for_member",
]

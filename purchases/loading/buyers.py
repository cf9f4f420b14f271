"""Find whose the receipts of a load are, in sets, as `purchases_context` does for one.

A contact finds who is written to there, else who has proven it; somebody whose
membership was made one with another is that other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from purchases.loading.prepared import Prepared
from purchases.rules import Buyer, Club, ContactKind

Buyers = dict[tuple[str, str], Buyer]

# The conditions of `purchases_context`, which are those of the partial indexes. Whom
# the new rows name is locked against removal, as PostgreSQL does for each foreign key.
_MEMBERS = {
    ContactKind.PHONE: """
        SELECT phone, id, status FROM members_member WHERE programme_id = %s
            AND phone = ANY(%s) AND phone <> '' AND status <> 'ERASED'
        ORDER BY id FOR KEY SHARE""",
    ContactKind.EMAIL: """
        SELECT lower(email), id, status FROM members_member WHERE programme_id = %s
            AND lower(email) = ANY(%s) AND email <> '' AND status <> 'ERASED'
        ORDER BY id FOR KEY SHARE""",
    ContactKind.NUMBER: """
        SELECT number, id, status FROM members_member WHERE programme_id = %s
            AND number = ANY(%s) AND status <> 'ERASED'
        ORDER BY id FOR KEY SHARE""",
    ContactKind.ID: """
        SELECT public_id::text, id, status FROM members_member WHERE programme_id = %s
            AND public_id = ANY(%s::uuid[]) AND status <> 'ERASED'
        ORDER BY id FOR KEY SHARE""",
}
# A further one counts when it is proven.
_FURTHER = """
SELECT %s || i.value, m.id, m.status
FROM members_identifier i JOIN members_member m ON m.id = i.member_id
WHERE i.programme_id = %s AND i.kind = %s AND i.system = %s AND i.value = ANY(%s)
    AND i.ended_at IS NULL AND i.proven_at IS NOT NULL AND m.status <> 'ERASED'
ORDER BY m.id FOR KEY SHARE OF m
"""
_KNOWN_AS = {
    ContactKind.PHONE: "PHONE",
    ContactKind.EMAIL: "EMAIL",
    ContactKind.NUMBER: "CARD",
    ContactKind.CARD: "CARD",
    ContactKind.EXTERNAL: "EXTERNAL",
}
# Whose memberships were made one with another's. Locked like the others: an undoing
# waits.
_KEPT = """
SELECT m.id, k.id, k.status
FROM members_member m JOIN members_member k ON k.id = m.merged_into_id
WHERE m.programme_id = %s AND m.id = ANY(%s) AND k.status <> 'ERASED'
ORDER BY k.id FOR KEY SHARE OF k
"""


def find_buyers(club: Club, batch: Iterable[Prepared]) -> Buyers:
    """Find the members that receipts name, by the kind and the value of the contact."""
    named: dict[ContactKind, set[str]] = {}
    for prepared in batch:
        contact = prepared.receipt.contact
        if contact is not None:
            named.setdefault(contact.kind, set()).add(contact.value)
    found = {
        (kind.value, value): Buyer(id_, status)
        for kind, values in named.items()
        if kind in _MEMBERS
        for value, id_, status in _rows(
            _MEMBERS[kind], [club.programme_id, list(values)]
        )
    }
    unknown = {
        kind: {value for value in values if (kind.value, value) not in found}
        for kind, values in named.items()
    }
    return _kept(club, found | _further(club, unknown))


def buyer_of(prepared: Prepared, buyers: Buyers) -> Buyer | None:
    """Return whose a receipt is, among those found."""
    contact = prepared.receipt.contact
    return None if contact is None else buyers.get((contact.kind, contact.value))


def _further(club: Club, named: Mapping[ContactKind, set[str]]) -> Buyers:
    """Find members by what they are known by beside what we write to."""
    # Another system's id is looked up among that system's.
    groups: dict[tuple[ContactKind, str], list[str]] = {}
    for kind, values in named.items():
        for value in values if kind in _KNOWN_AS else ():
            system, tab, plain = value.rpartition("\t")
            groups.setdefault((kind, system + tab), []).append(plain)
    return {
        (kind.value, value): Buyer(id_, status)
        for (kind, start), values in groups.items()
        for value, id_, status in _rows(
            _FURTHER,
            [
                start,
                club.programme_id,
                _KNOWN_AS[kind],
                start.removesuffix("\t"),
                values,
            ],
        )
    }


def _kept(club: Club, found: Buyers) -> Buyers:
    """Put who was kept in the place of who was merged."""
    merged = [buyer.id for buyer in found.values() if buyer.status == "MERGED"]
    if not merged:
        return found
    kept = {
        id_: Buyer(kept_id, status)
        for id_, kept_id, status in _rows(_KEPT, [club.programme_id, merged])
    }
    return {contact: kept.get(buyer.id, buyer) for contact, buyer in found.items()}


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())

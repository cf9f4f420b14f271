"""Personal data of the rooms below this one, which cannot know the registry."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session

from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
    register,
)
from members.models import DuplicatePair, Event, Identifier, Member, Merge
from stores.models import ApiKey, AuditEntry, RoleGrant, Staff, TillDevice

_KEY = Field(
    DataClass.KEY,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.KEEP,
)
_IDENTITY = Field(
    DataClass.IDENTITY,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)
_CONTACT = Field(
    DataClass.CONTACT,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)
_CHOICE = Field(
    DataClass.CHOICE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.KEEP,
)
_HISTORY = Field(
    DataClass.USE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_IDENTIFIER = Field(
    DataClass.CONTACT,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_IDENTIFIER_KEY = Field(
    DataClass.KEY,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_WHY = Field(
    DataClass.USE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)
# That two members look alike is our guess, not what the member told or did.
_LIKENESS = Field(
    DataClass.KEY,
    Use.MEMBERSHIP,
    Basis.INTEREST,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_STAFF = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.YES,
    Erase.BLANK,
)
_STAFF_LINK = Field(
    DataClass.KEY,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)
_STAFF_SIGN_IN = Field(
    DataClass.SECRET,
    Use.SECURITY,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.DELETE,
)
_TRAIL = Field(
    DataClass.WORK,
    Use.SECURITY,
    Basis.INTEREST,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the rooms are ready."""
    _register_members()
    _register_stores()
    _register_sign_in()


def _register_members() -> None:
    register(
        Member,
        {
            **each(_KEY, "id", "public_id", "programme"),
            # `words` is computed from the names and is empty when they are.
            **each(
                _IDENTITY, "number", "first_name", "last_name", "birthday_on", "words"
            ),
            **each(_IDENTITY, "postcode"),
            **each(
                _CONTACT, "phone", "email", "phone_verified_at", "email_verified_at"
            ),
            **each(_CHOICE, "status", "language", "home_store", "source"),
            **each(_CHOICE, "registered_store", "registered_at"),
            **each(_CHOICE, "activated_at", "left_at"),
            **each(_KEY, "held_until", "merged_into"),
        },
    )
    register(
        Identifier,
        {
            **each(_IDENTIFIER_KEY, "id", "public_id", "programme", "member"),
            **each(_IDENTIFIER, "kind", "system", "value", "added_at", "proven_at"),
            **each(_IDENTIFIER, "last_proven_at", "proof", "ended_at", "end"),
        },
    )
    register(
        Merge,
        {
            **each(_KEY, "id", "public_id", "programme", "kept", "merged"),
            **each(_KEY, "moved", "notes", "undone_at", "undone_by", "sealed_at"),
            **each(_KEY, "at", "staff"),
            # In staff's own words, which may name somebody.
            **each(_WHY, "reason"),
            **each(_CONTACT, "before", "after"),
        },
    )
    register(
        DuplicatePair,
        each(
            _LIKENESS,
            "id",
            "public_id",
            "programme",
            "first",
            "second",
            "reasons",
            "score",
            "state",
            "found_at",
            "decided_at",
            "decided_by",
        ),
    )
    register(
        Event,
        {
            **each(_KEY, "id", "public_id", "member", "xact"),
            **each(_HISTORY, "kind", "at", "recorded_at", "data"),
            **each(_HISTORY, "subject_type", "subject_id"),
        },
    )


def _register_stores() -> None:
    register(
        Staff,
        {
            **each(_STAFF_LINK, "id", "public_id", "programme", "is_demo"),
            **each(_STAFF, "email", "name", "is_active", "created_at", "last_login"),
            **each(_STAFF_SIGN_IN, "password", "pin_hash"),
        },
    )
    register(
        RoleGrant,
        {
            **each(_STAFF_LINK, "id", "staff", "granted_by"),
            **each(_STAFF, "role", "store", "granted_at"),
        },
    )
    # Things, with the name of who set them up.
    register(
        TillDevice,
        {
            **each(_STAFF_LINK, "id", "public_id", "store", "till", "name"),
            **each(_STAFF_LINK, "code_hash", "code_expires_at", "key_hash"),
            **each(_STAFF_LINK, "enrolled_at", "last_seen_at", "revoked_at"),
            **each(_STAFF, "enrolled_by"),
        },
    )
    register(
        ApiKey,
        {
            **each(_STAFF_LINK, "id", "public_id", "programme", "name", "prefix"),
            **each(_STAFF_LINK, "secret_hash", "scopes", "stores", "created_at"),
            **each(_STAFF_LINK, "expires_at", "last_used_on", "revoked_at", "replaces"),
            **each(_STAFF, "created_by"),
        },
    )
    register(
        AuditEntry,
        each(
            _TRAIL,
            "id",
            "programme",
            "at",
            "actor_kind",
            "actor_id",
            "action",
            "member_id",
            "subject",
            "reason",
            "data",
            "lane",
            "number",
            "previous_hash",
            "hash",
        ),
    )


def _register_sign_in() -> None:
    register(EmailAddress, each(_STAFF, "id", "user", "email", "verified", "primary"))
    register(
        EmailConfirmation,
        each(_STAFF_SIGN_IN, "id", "email_address", "created", "sent", "key"),
    )
    register(
        Authenticator,
        each(
            _STAFF_SIGN_IN, "id", "user", "type", "data", "created_at", "last_used_at"
        ),
    )
    register(
        Session, each(_STAFF_SIGN_IN, "session_key", "session_data", "expire_date")
    )

"""Personal data in this room: the proof of what members agreed to."""

from consent import privacy_below
from consent.models import (
    AnswerTemplate,
    Breach,
    BreachEntry,
    ConsentEntry,
    Contact,
    ContactPolicy,
    ContactPreference,
    ContactPreferenceChange,
    Edition,
    Erasure,
    InactivityNotice,
    Permission,
    Renewal,
    RetentionCount,
    RetentionPeriod,
    RetentionRun,
    RightsRequest,
    RightsStep,
    Suppression,
    TermsAcceptance,
    Text,
    TopicWish,
)
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

# Kept also after withdrawal and erasure: who asks later must get an answer (art. 7(1)).
_PROOF = Field(
    DataClass.PERMISSION,
    Use.PROOF,
    Basis.LAW,
    Retention.PROOF,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.PROOF,
    Basis.LAW,
    Retention.PROOF,
    Export.NO,
    Erase.KEEP,
)


_NOW = Field(
    DataClass.PERMISSION,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_NOW_KEY = Field(
    DataClass.KEY,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_BLOCKED = Field(
    DataClass.SECRET,
    Use.PROOF,
    Basis.INTEREST,
    Retention.WISH,
    Export.NO,
    Erase.KEEP,
)
# As long as the address is blocked; the note of an erasure as long as the books.
_NOTED = Field(
    DataClass.SECRET,
    Use.PROOF,
    Basis.INTEREST,
    Retention.BOOKS,
    Export.NO,
    Erase.KEEP,
)
_ASKED = Field(
    DataClass.PERMISSION,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.KEEP,
)
_ASKED_KEY = Field(
    DataClass.KEY,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.NO,
    Erase.KEEP,
)
_CONTACTED = Field(
    DataClass.PERMISSION,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.THIRTEEN_MONTHS,
    Export.YES,
    Erase.DELETE,
)
_CONTACTED_KEY = Field(
    DataClass.KEY,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.THIRTEEN_MONTHS,
    Export.NO,
    Erase.DELETE,
)
_WORDS = Field(
    DataClass.PERMISSION,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.BLANK,
)
_STAFF = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    privacy_below.register_all()
    register(
        ConsentEntry,
        {
            **each(_KEY, "id", "public_id", "member"),
            **each(_PROOF, "purpose", "channel", "action", "at", "source", "actor"),
            **each(_PROOF, "text", "evidence", "basis", "receipt_id", "recorded_at"),
        },
    )
    register(
        Permission,
        {
            **each(_NOW_KEY, "id", "member", "entry"),
            **each(_NOW, "purpose", "channel", "action", "basis", "at"),
        },
    )
    register(
        ContactPreference,
        {
            **each(_NOW_KEY, "member"),
            **each(_NOW, "per_week", "snoozed_until", "restricted_at", "changed_at"),
        },
    )
    register(
        Contact,
        {
            **each(_CONTACTED_KEY, "id", "member", "message_id"),
            **each(_CONTACTED, "kind", "channel", "at"),
        },
    )
    # Tied to no member; kept after erasure on purpose, so that nobody who asked for
    # silence is written to again from another list.
    register(
        Suppression,
        each(
            _BLOCKED,
            "id",
            "public_id",
            "programme",
            "channel",
            "contact_index",
            "mark",
            "reach",
            "reason",
            "at",
            "lifted_at",
        ),
    )
    register(
        ContactPolicy,
        {
            **each(_STAFF, "changed_by", "changed_at"),
            **each(_STAFF, "programme", "quiet_from", "quiet_until", "per_week"),
            **each(_STAFF, "per_month", "gap_hours", "surveys_per_year"),
            **each(_STAFF, "youngest_years", "profiling_from_years"),
        },
    )
    register(
        TermsAcceptance,
        {
            **each(_KEY, "id", "member"),
            **each(_PROOF, "text", "at", "source"),
        },
    )
    _register_editions()
    _register_rights()
    _register_retention()


def _register_editions() -> None:
    register(
        Edition,
        {
            **each(
                _STAFF, "id", "public_id", "programme", "kind", "purpose", "channel"
            ),
            **each(_STAFF, "number", "state", "is_material", "changes", "holds_from"),
            **each(_STAFF, "answer_by", "written_by", "written_at"),
            **each(_STAFF, "sent_for_review_at", "returned_because"),
            **each(_STAFF, "published_by", "published_at"),
        },
    )
    register(
        Text,
        {
            **each(
                _STAFF, "id", "public_id", "programme", "kind", "purpose", "channel"
            ),
            **each(_STAFF, "edition", "version", "language", "title", "body"),
            **each(_STAFF, "text_hash", "published_at"),
        },
    )
    register(
        Renewal,
        {
            **each(_NOW_KEY, "id", "public_id", "member", "edition"),
            **each(_NOW, "outcome", "told_at", "answered_at"),
        },
    )
    register(
        TopicWish,
        {
            **each(_NOW_KEY, "id", "member"),
            **each(_NOW, "topic", "kind", "wish", "at"),
        },
    )
    register(
        ContactPreferenceChange,
        {
            **each(_NOW_KEY, "id", "member"),
            **each(_NOW, "valid_from", "wishes"),
        },
    )


def _register_rights() -> None:
    register(
        RightsRequest,
        {
            **each(_ASKED_KEY, "id", "public_id", "programme", "member"),
            **each(_ASKED, "kind", "state", "source", "received_at", "due_at"),
            **each(_ASKED, "proof", "proven_at"),
            **each(_ASKED, "erase_at", "closed_at"),
            # What was written may name people: the fact of the request stays.
            # Why it took longer goes with when: neither may stand alone.
            **each(_WORDS, "words", "answer", "extended_at", "extended_because"),
            **each(_STAFF, "handled_by"),
        },
    )
    register(
        RightsStep,
        {
            **each(_ASKED_KEY, "id", "request"),
            **each(_ASKED, "kind", "at"),
            **each(_WORDS, "note"),
            **each(_STAFF, "staff"),
        },
    )
    register(
        AnswerTemplate,
        {
            **each(_STAFF, "id", "public_id", "programme", "kind", "language", "title"),
            **each(_STAFF, "body", "changed_by", "changed_at"),
        },
    )
    register(
        Erasure,
        each(_NOTED, "id", "programme", "member_id", "at", "reason")
        | each(_NOTED, "journaled_at"),
    )


def _register_retention() -> None:
    register(
        RetentionPeriod,
        each(_STAFF, "id", "programme", "kind", "days", "changed_by", "changed_at"),
    )
    register(
        RetentionRun,
        {
            **each(_STAFF, "id", "public_id", "programme", "is_dry", "state"),
            **each(_STAFF, "started_at", "ended_at", "started_by", "error"),
            **each(_STAFF, "forecast"),
        },
    )
    register(
        RetentionCount,
        each(_STAFF, "id", "run", "kind", "days", "before", "found", "done")
        | each(_STAFF, "ended_at", "is_held", "confirmed_at", "confirmed_by"),
    )
    register(
        InactivityNotice,
        {
            **each(_NOW_KEY, "id", "member", "event_id"),
            **each(_NOW, "step", "last_active_at", "asked_at", "told_at"),
        },
    )
    register(
        Breach,
        {
            **each(_STAFF, "id", "public_id", "programme", "title", "description"),
            **each(_STAFF, "happened_at", "aware_at", "due_at", "members_touched"),
            **each(_STAFF, "data_touched", "consequences", "measures", "risk"),
            **each(_STAFF, "grounds", "authority_told_at", "authority_reference"),
            **each(_STAFF, "members_told_at", "written_by", "closed_at"),
        },
    )
    register(
        BreachEntry,
        each(_STAFF, "id", "breach", "at", "staff", "note", "changes"),
    )

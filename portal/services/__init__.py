"""What members do on their pages: sign in, prove who they are, change, and leave."""

from portal.services.cards import report_lost
from portal.services.contact import change_contact, send_contact_code, undo_change
from portal.services.leaving import leave_club
from portal.services.one_time import CodeRefused, use_code, write_code
from portal.services.second_proof import (
    ProofRefused,
    SecondProofNeeded,
    prove_by_email,
    prove_by_number,
    send_second_code,
    take_number_over,
)
from portal.services.sessions import (
    OpenedSession,
    end_session,
    end_sessions,
    note_session,
    open_session,
)
from portal.services.sign_in import (
    prove_email,
    send_code,
    send_email_proof,
    verify_code,
)
from portal.services.step_up import send_step_up_code, step_up

__all__ = [
    "CodeRefused",
    "OpenedSession",
    "ProofRefused",
    "SecondProofNeeded",
    "change_contact",
    "end_session",
    "end_sessions",
    "leave_club",
    "note_session",
    "open_session",
    "prove_by_email",
    "prove_by_number",
    "prove_email",
    "report_lost",
    "send_code",
    "send_contact_code",
    "send_email_proof",
    "send_second_code",
    "send_step_up_code",
    "step_up",
    "take_number_over",
    "undo_change",
    "use_code",
    "verify_code",
    "write_code",
]

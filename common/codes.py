"""Every code that the API's errors carry, in words.

Integrators program against the codes, so each is written down here or by the room
that raises it, and shown at /api/docs/problems. A test compares the list with what
the code raises.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """A problem as a whole: its status and what to do about it."""

    code: str
    status: int
    words: Words


@dataclass(frozen=True, slots=True)
class FaultCode:
    """One thing wrong in the content, listed under `errors`."""

    code: str
    words: Words


_problems: dict[str, ProblemCode] = {}
_faults: dict[str, FaultCode] = {}


def register_problem(code: str, status: int, words: Words) -> None:
    """Write down a problem's code; call it at the top of the module that raises it."""
    _problems[code] = ProblemCode(code, status, words)


def register_fault(code: str, words: Words) -> None:
    """Write down a fault's code; call it at the top of the module that raises it."""
    _faults[code] = FaultCode(code, words)


def fault_words(code: str) -> str:
    """Return what a fault's code says to people."""
    return str(_faults[code].words)


def problem_codes() -> list[ProblemCode]:
    """Return every problem, by status and code."""
    return sorted(_problems.values(), key=lambda known: (known.status, known.code))


def fault_codes() -> list[FaultCode]:
    """Return every fault, by code."""
    return sorted(_faults.values(), key=lambda known: known.code)


register_problem("bad_request", 400, _("The request is not readable as HTTP."))
register_problem("malformed", 400, _("The body is not readable JSON."))
register_problem(
    "idempotency_key_missing",
    400,
    _("Every change needs an Idempotency-Key header of 8 to 128 visible characters."),
)
register_problem("key_missing", 401, _("No API key was sent. Send it as Bearer."))
register_problem(
    "key_refused", 401, _("The API key is unknown, has expired or was revoked.")
)
register_problem("scope_missing", 403, _("The API key may not make this call."))
register_problem("forbidden", 403, _("The request is not allowed."))
register_problem("not_found", 404, _("There is nothing with this address or id."))
register_problem("method_not_allowed", 405, _("This address takes another method."))
register_problem("not_acceptable", 406, _("Only JSON is served."))
register_problem("body_too_large", 413, _("A body may have 1 MB at most."))
register_problem("not_json", 415, _("Send the body as application/json."))
register_problem(
    "invalid",
    422,
    _("The body was read, but its content has errors, each listed under `errors`."),
)
register_problem(
    "idempotency_key_reused",
    422,
    _("The Idempotency-Key was used before with another body. Use a new one."),
)
register_problem("too_many_requests", 429, _("Slow down; see Retry-After."))
register_problem(
    "server_error",
    500,
    _("Our fault. Nothing was changed; send the same request with the same key again."),
)
register_problem(
    "busy", 503, _("Too many changes to the same thing at once; send it again.")
)
register_problem("error", 400, _("The request failed; the title says why."))

# Faults that more than one room finds.
register_fault("not_an_object", _("Must be a JSON object."))
register_fault("required", _("Is missing or empty."))
register_fault("not_text", _("Must be text."))
register_fault("too_long", _("The text is too long."))
register_fault("phone_malformed", _("Is no mobile number."))
register_fault("email_malformed", _("Is no e-mail address."))
register_fault("number_malformed", _("Is no membership number."))

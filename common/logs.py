"""Structured logs without personal data.

The rule is that code logs ids only. This net catches what slips through: values that
look like an e-mail address, a phone number, a token or an API key are blanked before a
line is written (ASVS 5.0 16.2.5).
"""

import re
from typing import Any

import structlog

_SHAPES = [
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?<![\w-])(?:\+|00)\d[\d\s()-]{6,16}\d(?![\w-])"), "[phone]"),
    (
        re.compile(
            r"(?<![\w:.-])0\d{1,3}[\s-]?\d{2,3}[\s-]?\d{2}[\s-]?\d{2,3}(?![\w:-])"
        ),
        "[phone]",
    ),
    (re.compile(r"sk_(live|test)_\w+"), "[api key]"),
    (re.compile(r"(/(?:join|till/enrol|me/link)/)[\w-]{16,}"), r"\1[token]"),
]
_SECRET_KEYS = {
    "password",
    "code",
    "token",
    "secret",
    "authorization",
    "cookie",
    "phone",
    "email",
    "name",
    "first_name",
    "last_name",
    "address",
    "pin",
    "body",
}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        for shape, instead in _SHAPES:
            value = shape.sub(instead, value)
        return value
    if isinstance(value, dict):
        return {key: _field(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def _field(key: object, value: Any) -> Any:
    return "[redacted]" if str(key).lower() in _SECRET_KEYS else _clean(value)


def redact(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Blank personal data and secrets in a log event."""
    return {
        key: value if key.startswith("_") else _field(key, value)
        for key, value in event.items()
    }


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    redact,
]
PROCESSORS: list[Any] = [
    *SHARED_PROCESSORS,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]

"""Every address of the house, with arguments that fit its pattern."""

from dataclasses import dataclass
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import (
    IntConverter,
    PathConverter,
    SlugConverter,
    StringConverter,
    UUIDConverter,
)

# By the converter of a parameter: something of the right form that is no row.
ARGUMENTS = {
    UUIDConverter: lambda: str(uuid4()),
    IntConverter: lambda: "1",
    SlugConverter: lambda: "none",
    PathConverter: lambda: "none",
    StringConverter: lambda: "none",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One URL pattern: its name in the access table, and a path that matches it."""

    name: str
    path: str


def every_address(patterns=None, namespace="", prefix="/"):
    """Walk through all patterns; one without a name gets its route instead."""
    if patterns is None:
        patterns = get_resolver().url_patterns
    found = []
    for pattern in patterns:
        path = prefix + _fill(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(filter(None, [namespace, pattern.namespace]))
            found += every_address(pattern.url_patterns, inner, path)
        elif isinstance(pattern, URLPattern):
            name = pattern.name or f"without a name: {pattern.pattern}"
            found.append(Address(":".join(filter(None, [namespace, name])), path))
    return found


def _fill(pattern):
    route = str(pattern)
    for name, converter in pattern.converters.items():
        kind = next(k for k in type(converter).__mro__ if k in ARGUMENTS)
        for written in (f"<{_word(kind)}:{name}>", f"<{name}>"):
            route = route.replace(written, ARGUMENTS[kind]())
    return route


def _word(kind):
    return {
        UUIDConverter: "uuid",
        IntConverter: "int",
        SlugConverter: "slug",
        PathConverter: "path",
        StringConverter: "str",
    }[kind]

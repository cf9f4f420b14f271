"""The API for its readers: the OpenAPI document, a page to try it, and its codes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

from common.codes import fault_codes, problem_codes
from stores.roles import Scope

_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"
_PLACE = re.compile(r"{\w+}")
# Fits every place in an address: an id, or any text.
_SOMETHING = str(UUID(int=0))


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes our keys."""

    target_class = "stores.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme: a bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made under Settings, API keys: sk_live_…",
        }


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, at its place in the nesting."""

    name: str
    kind: str
    is_required: bool
    words: str
    depth: int


@dataclass(frozen=True, slots=True)
class Example:
    """A body to start from."""

    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what it means."""

    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    # What a key must be allowed to do.
    scope: Scope
    needs_key: bool
    has_body: bool
    fields: list[Field]
    result: list[Field]
    answers: list[Answer]
    examples: list[Example]

    @property
    def is_addressed(self) -> bool:
        """Tell whether the address says what is asked for."""
        return not self.has_body or _PLACE.search(self.path) is not None


schema = SpectacularAPIView.as_view()


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every call of the API, with a form to try it."""
    return render(request, "api/docs.html", {"operations": operations()})


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Explain every code that an error carries."""
    return render(
        request,
        "api/problems.html",
        {"problems": problem_codes(), "faults": fault_codes()},
    )


def operations() -> list[Operation]:
    """Return every call, as the OpenAPI document has it."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    document: dict[str, Any] = generator.get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    parts = document.get("components", {}).get("schemas", {})
    return [
        _operation(method, path, described, parts)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in _METHODS
    ]


def _operation(
    method: str, path: str, described: dict[str, Any], parts: dict[str, Any]
) -> Operation:
    body = described.get("requestBody", {}).get("content", {}).get(_JSON, {})
    answers = described.get("responses", {})
    result: dict[str, Any] = next(
        (
            answer["content"][_JSON]["schema"]
            for answer in answers.values()
            if _JSON in answer.get("content", {})
        ),
        {},
    )
    parameters = described.get("parameters", [])
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        description=described.get("description", ""),
        scope=_scope(method, path),
        needs_key=any(part["name"] == "Idempotency-Key" for part in parameters),
        has_body=bool(body),
        fields=[*_in_address(parameters), *_fields(body.get("schema", {}), parts, 0)],
        result=list(_fields(result, parts, 0)),
        answers=[
            Answer(status, answer.get("description") or _("Done"))
            for status, answer in sorted(answers.items())
        ],
        examples=[
            Example(
                example.get("summary") or name,
                json.dumps(example["value"], indent=2, ensure_ascii=False),
            )
            for name, example in body.get("examples", {}).items()
        ],
    )


def _scope(method: str, path: str) -> Scope:
    """Return the scope that the view asks for, from the view itself."""
    view = resolve(_PLACE.sub(_SOMETHING, path)).func.cls  # type: ignore[attr-defined]
    return Scope(view.scopes[method.upper()])


def _in_address(parameters: list[dict[str, Any]]) -> Iterator[Field]:
    for part in parameters:
        if part["in"] in {"path", "query"}:
            yield Field(
                name=part["name"],
                kind=_kind(part["schema"], part["schema"]),
                is_required=part.get("required", False),
                words=part.get("description", ""),
                depth=0,
            )


def _fields(part: dict[str, Any], parts: dict[str, Any], depth: int) -> list[Field]:
    whole = _resolved(part, parts)
    found = []
    for name, field in whole.get("properties", {}).items():
        inner = _resolved(field.get("items", field), parts)
        found.append(
            Field(
                name=name,
                kind=_kind(field, inner),
                is_required=name in whole.get("required", []),
                words=field.get("description") or inner.get("description", ""),
                depth=depth,
            )
        )
        if inner.get("properties"):
            found += _fields(inner, parts, depth + 1)
    return found


def _resolved(part: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """Follow the references to a part of the document."""
    while True:
        # "All of one thing" is how a description is put beside a reference.
        options = part.get("allOf") or part.get("oneOf") or []
        inner = part.get("$ref") or next(
            (option["$ref"] for option in options if "$ref" in option), None
        )
        if inner is None:
            return part
        part = parts[inner.rsplit("/", 1)[1]]


def _kind(field: dict[str, Any], inner: dict[str, Any]) -> str:
    """Say what a value is, in the words of an integrator."""
    if field.get("type") == "array":
        return _("list")
    if inner.get("enum"):
        return " | ".join(str(value) for value in inner["enum"] if value is not None)
    if inner.get("format") in {"decimal", "date", "date-time", "uuid"}:
        return {
            "decimal": _("decimal number, as text or number"),
            "date": _("date"),
            "date-time": _("date and time"),
            "uuid": _("UUID"),
        }[inner["format"]]
    longest = inner.get("maxLength")
    kind = {
        "object": _("object"),
        "string": _("text"),
        "integer": _("whole number"),
        "boolean": _("true or false"),
    }.get(inner.get("type", ""), "")
    return (
        _("%(kind)s, at most %(n)s") % {"kind": kind, "n": longest} if longest else kind
    )

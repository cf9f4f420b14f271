"""Every framework error becomes a problem document (RFC 9457)."""

import json
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from common.problems import Fault, Problem, from_exception, invalid, render


def document(problem: Problem | None) -> dict[str, Any]:
    assert problem is not None
    request = RequestFactory().get("/api/v1/x")
    request.request_id = "request-1"  # type: ignore[attr-defined]
    response = render(problem, request)
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    return body


class TestFromException:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (exceptions.ParseError(), 400, "malformed"),
            (exceptions.NotAuthenticated(), 401, "key_missing"),
            (exceptions.AuthenticationFailed(), 401, "key_refused"),
            (exceptions.PermissionDenied(), 403, "scope_missing"),
            (Http404(), 404, "not_found"),
            (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
            (exceptions.UnsupportedMediaType("x"), 415, "not_json"),
            (exceptions.Throttled(wait=7), 429, "too_many_requests"),
        ],
    )
    def test_gives_a_stable_code(
        self, error: Exception, status: int, code: str
    ) -> None:
        body = document(from_exception(error))

        assert (body["status"], body["code"]) == (status, code)
        assert body["type"].endswith(f"#{code}")
        assert body["request_id"] == "request-1"

    def test_points_at_each_field_of_a_validation_error(self) -> None:
        error = exceptions.ValidationError(
            {"items": [{}, {"sku": ["Missing."]}], "total": ["Too large."]}
        )

        body = document(from_exception(error))

        pointers = {fault["pointer"] for fault in body["errors"]}
        assert pointers == {"/items/1/sku", "/total"}

    def test_leaves_our_own_mistakes_to_crash(self) -> None:
        assert from_exception(KeyError("x")) is None


class TestInvalid:
    def test_lists_every_fault(self) -> None:
        body = document(invalid([Fault("/total", "not_money", "Not an amount.")]))

        assert body["code"] == "invalid"
        assert body["errors"] == [
            {"pointer": "/total", "code": "not_money", "detail": "Not an amount."}
        ]

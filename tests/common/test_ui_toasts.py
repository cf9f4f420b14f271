import json

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpResponse
from django.test import RequestFactory

from common.ui.toasts import ToastMiddleware, toast

PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def answer():
    def run(*, headers=None, response=None):
        request = RequestFactory().post("/", headers=headers or {})
        request.session = {}
        request._messages = FallbackStorage(request)

        def view(request):
            toast(request, "Sparat – å", tone="success")
            return response or HttpResponse()

        return ToastMiddleware(view)(request), request

    return run


class TestToastMiddleware:
    def test_sends_a_notice_with_a_partial_answer(self, answer):
        response, request = answer(headers=PARTIAL)
        header = response["HX-Trigger"]

        assert header.isascii()
        assert json.loads(header) == {
            "toast": [{"tone": "success", "text": "Sparat – å"}]
        }
        assert request._messages.used

    def test_leaves_it_to_a_whole_page_to_show_its_own(self, answer):
        response, request = answer()

        assert "HX-Trigger" not in response
        assert not request._messages.used

    @pytest.mark.parametrize("header", ["HX-Redirect", "HX-Location", "HX-Refresh"])
    def test_keeps_it_for_the_page_that_follows(self, answer, header):
        response, request = answer(
            headers=PARTIAL, response=HttpResponse(headers={header: "/"})
        )

        assert "HX-Trigger" not in response
        assert not request._messages.used

    @pytest.mark.parametrize("given", ["saved, counted", '{"saved": {"id": 1}}'])
    def test_adds_to_the_events_of_the_view(self, answer, given):
        response, _ = answer(
            headers=PARTIAL, response=HttpResponse(headers={"HX-Trigger": given})
        )
        events = json.loads(response["HX-Trigger"])

        assert {"saved", "toast"} <= events.keys()

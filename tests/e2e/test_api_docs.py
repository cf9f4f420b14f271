"""The API's page, tried in a browser under the policy."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Watch
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import receipt
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory, StoreFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_receipt_is_sent_from_the_page_and_again(page, live_server):
    programme = ProgrammeFactory()
    EarningRuleFactory(programme=programme, published=True)
    StoreFactory(programme=programme, code="101")
    key = ApiKeyFactory(programme=programme)
    watch = Watch(page)
    page.goto(f"{live_server.url}/api/docs/")
    watch.look()

    page.locator("#api-key").fill(key.plain)
    call = page.locator("#recordReceipt")
    call.locator("[data-api-body]").fill(json.dumps(receipt()))
    send = call.locator("[type=submit]")
    send.click()
    expect(call.locator("[data-api-status]")).to_contain_text("201")
    send.click()
    expect(call.locator("[data-api-status]")).to_contain_text("Idempotency-Replayed")
    call.locator("[data-api-examples]").select_option(index=1)
    expect(call.locator("[data-api-body]")).to_have_value(re.compile("RETURN"))
    call.locator("summary").click()
    watch.look()

    page.goto(f"{live_server.url}/api/docs/problems#receipt_differs")
    watch.look()
    assert watch.complaints == []

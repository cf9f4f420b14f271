"""Who has a version tried, and who only looks at what came of it."""

import pytest

from purchases.replay.models import Replay
from stores.roles import Role
from tests.factories.stores import StaffFactory
from tests.purchases.replaying import ask, draft_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(programme, desk_client):
    client = desk_client(StaffFactory(programme=programme, role=Role.ANALYST))
    client.cookies["language"] = "en"
    return client


def panel_of(draft):
    return f"/points/replays/version/{draft.public_id}/"


def test_an_analyst_sees_a_panel_without_buttons(analyst, rule):
    draft = draft_of(rule)

    page = analyst.get(panel_of(draft)).content.decode()

    assert "Impact on past purchases" in page
    assert "replay-start" not in page


def test_an_analyst_starts_none(analyst, rule):
    draft = draft_of(rule)

    answer = analyst.post(f"{panel_of(draft)}start/", {"months": "6"})

    assert answer.status_code == 403
    assert not Replay.objects.exists()


def test_an_analyst_does_not_call_the_marketers_off(analyst, rule, monkeypatch):
    monkeypatch.setattr("purchases.replay.services.wake", lambda: None)
    replay = ask(draft_of(rule))

    page = analyst.get(panel_of(replay.rule)).content.decode()
    answer = analyst.post(f"/points/replays/{replay.public_id}/cancel/")

    assert "replay-cancel" not in page
    assert answer.status_code == 403
    replay.refresh_from_db()
    assert replay.state == Replay.State.WAITING

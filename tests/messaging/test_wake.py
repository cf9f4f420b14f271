"""A queue that is away must not undo or hide what was committed."""

import pytest
from django.db import transaction

from consent import renewals
from enrolment.importing import services as importing
from messaging import wake


@pytest.mark.django_db(transaction=True)
class TestAskOnCommit:
    @pytest.mark.parametrize(
        ("room", "ask"),
        [
            (wake, wake.ask_on_commit),
            (renewals, renewals.ask_on_commit),
            (importing, importing.wake_on_commit),
        ],
    )
    def test_goes_on_when_the_queue_cannot_be_reached(self, monkeypatch, room, ask):
        def unreachable(*_task):
            raise ConnectionError

        monkeypatch.setattr(room, "async_task", unreachable)
        monkeypatch.setattr(wake.cache, "add", lambda *_a, **_k: True)

        with transaction.atomic():
            ask()

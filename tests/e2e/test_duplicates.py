"""Two memberships that look like one person: seen, made one, and parted again."""

import re
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import expect

from members import duplicates
from members.models import DuplicatePair, Member
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

BORN = date(1984, 3, 9)
DESK = {"width": 1280, "height": 800}
# What 200 % leaves of it.
ZOOMED = {"width": 640, "height": 400}


@pytest.fixture
def pair(club, store):
    now = datetime.now(UTC)
    vera, again = (
        MemberFactory(
            programme=club,
            first_name=name,
            last_name="Ljung",
            birthday_on=BORN,
            postcode="753 10",
            home_store=store,
        )
        for name in ("Vera", "VERA")
    )
    buy(vera, store, line("100.00"), now=now)
    buy(again, store, line("300.00"), now=now)
    duplicates.look_at([vera.pk], now=now)
    return DuplicatePair.objects.get()


def fits(page, size=ZOOMED):
    """Look whether a page scrolls sideways when it is enlarged."""
    page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth")
    beyond = page.evaluate(
        """wide => [...document.querySelectorAll('main *')]
            .filter(each => each.getBoundingClientRect().right > wide)
            .map(each => `${each.tagName}.${each.className}`).slice(0, 9)""",
        size["width"],
    )
    assert wide <= size["width"], (page.url, wide, beyond)
    page.set_viewport_size(DESK)


def go_to(page, wanted, most=60):
    """Press Tab until something is reached, as who has no mouse does."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            outline = wanted.evaluate("e => getComputedStyle(e).outlineStyle")
            assert outline != "none"
            return
    pytest.fail(f"{wanted} cannot be reached")


class TestDuplicates:
    def test_are_merged_and_parted_by_keyboard(
        self, page, watch, live_server, club, olga, pair, desk, speak
    ):
        speak(language="en")
        desk(olga)
        page.set_viewport_size(DESK)
        kept, merged = pair.first, pair.second

        page.goto(f"{live_server.url}/members/duplicates/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Duplicates")
        watch.look()
        fits(page)
        table = page.get_by_role("main").get_by_role("table")
        row = table.get_by_role("link", name=re.compile("ljung", re.IGNORECASE)).first
        go_to(page, row)
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_have_text("One person or two?")
        watch.look()
        fits(page)
        # The other is kept: what merging does is said anew.
        go_to(page, page.locator("#kept-first"))
        with page.expect_response(lambda answer: "kept=second" in answer.url):
            page.keyboard.press("ArrowDown")
        expect(page.locator("#kept-second")).to_be_checked()
        with page.expect_response(lambda answer: "kept=first" in answer.url):
            page.keyboard.press("ArrowUp")
        go_to(page, page.get_by_label("Why"))
        page.keyboard.type("The same person, she says")
        go_to(page, page.get_by_role("button", name="Merge", exact=True))
        page.keyboard.press("Enter")

        page.wait_for_url(f"**/members/{kept.public_id}/")
        expect(page.get_by_role("main")).to_contain_text("400")
        page.goto(f"{live_server.url}/members/{merged.public_id}/")
        expect(page.get_by_role("main")).to_contain_text("merged this membership")
        watch.look()
        fits(page)
        go_to(page, page.get_by_role("link", name="Undo the merge"))
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_have_text("Undo the merge")
        watch.look()
        fits(page)
        go_to(page, page.get_by_role("button", name="Undo the merge"))
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/members/{kept.public_id}/")
        watch.look()

        merged.refresh_from_db()
        assert merged.status == Member.Status.ACTIVE
        page.goto(f"{live_server.url}/members/merges/")
        expect(page.get_by_role("main")).to_contain_text("Undone")
        watch.look()
        fits(page)

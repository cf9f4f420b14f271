"""The pages a person walks through, and what can be done on each."""

import re

from playwright.sync_api import Locator, Page, expect


class TillPage:
    """The store's screen."""

    def __init__(self, page: Page, url: str, say) -> None:
        self.page, self.url, self.say = page, url, say

    @property
    def answer(self) -> Locator:
        return self.page.locator("#answer")

    def enrol(self, code: str) -> None:
        self.page.goto(f"{self.url}/till/")
        self.page.get_by_label(self.say("Code")).fill(code)
        self.page.get_by_role("button", name=self.say("Connect")).click()
        self.page.wait_for_url("**/till/staff/**")

    def choose(self, name: str) -> None:
        self.page.get_by_role("link", name=name).click()

    def type_keys(self, digits: str) -> None:
        pad = self.page.get_by_role("group", name=self.say("Keypad"))
        for digit in digits:
            pad.get_by_role("button", name=digit, exact=True).click()

    def sign_in(self) -> None:
        self.page.get_by_role("button", name=self.say("Sign in")).click()
        expect(self.page.locator("#find-h")).to_be_visible()

    def find(self) -> None:
        self.page.get_by_role("button", name=self.say("Find"), exact=True).click()

    def register(self) -> None:
        name = self.say("Register and send the SMS")
        self.page.get_by_role("button", name=name).click()

    def next_customer(self) -> None:
        self.page.get_by_role("link", name=self.say("Next customer")).click()
        ready = self.say("Ready for the next customer")
        expect(self.answer).to_contain_text(ready)

    def scan(self, code: str) -> None:
        """Type as a scanner does: all at once, then Enter."""
        # Nothing listens before the page's scripts have run.
        self.page.wait_for_load_state("load")
        self.page.evaluate(
            """(code) => {
                for (const key of [...code, 'Enter']) {
                    document.dispatchEvent(
                        new KeyboardEvent('keydown', { key, bubbles: true }));
                }
            }""",
            code,
        )


class PhonePage:
    """The member's phone in the simulator."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self) -> None:
        self.page.goto(f"{self.url}/dev/outbox/")

    def follow_link(self) -> None:
        self.open()
        self.page.locator(".bubble a[href*='/join/']").last.click()

    def code(self) -> str:
        self.open()
        bubbles = self.page.locator(".bubble").all_inner_texts()
        codes = [re.match(r"\d{6}\b", text) for text in bubbles]
        return next(code[0] for code in codes if code)


class JoinPage:
    """Behind the link."""

    def __init__(self, page: Page, say) -> None:
        self.page, self.say = page, say

    def finish(self, *, first_name: str, last_name: str, email: str) -> None:
        page, say = self.page, self.say
        page.get_by_label(say("First name")).fill(first_name)
        page.get_by_label(say("Last name")).fill(last_name)
        page.get_by_label(say("E-mail"), exact=False).first.fill(email)
        page.locator("input[name='SMS'][value='yes']").check(force=True)
        page.locator("input[name='EMAIL'][value='no']").check(force=True)
        page.get_by_label(say("I accept the membership terms")).check()
        page.get_by_role("button", name=say("Become a member")).click()
        page.wait_for_url("**/join/welcome/**")


class PortalPage:
    """The member's own pages."""

    def __init__(self, page: Page, url: str, say) -> None:
        self.page, self.url, self.say = page, url, say

    def ask_for_code(self, identifier: str) -> None:
        self.page.goto(f"{self.url}/me/")
        self.page.get_by_label(self.say("Mobile number or e-mail")).fill(identifier)
        self.page.get_by_role("button", name=self.say("Send a code")).click()
        self.page.wait_for_url("**/me/sign-in/code/")

    def enter(self, code: str) -> None:
        self.page.goto(f"{self.url}/me/sign-in/code/")
        self.page.get_by_label(self.say("Code"), exact=True).fill(code)
        self.page.get_by_role("button", name=self.say("Sign in")).click()

    def open(self, name: str) -> None:
        bar = self.page.get_by_role("navigation", name=self.say("Main menu"))
        bar.get_by_role("link", name=self.say(name), exact=True).click()

    @property
    def points(self) -> Locator:
        return self.page.locator(".pass__p")

    @property
    def worth(self) -> Locator:
        return self.page.locator(".pass__w")

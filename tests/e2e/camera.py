"""Takes the pictures of `make screens`, and holds what it sees against axe."""

from itertools import product
from pathlib import Path

from django.conf import settings

from tests.e2e.conftest import Watch

FOLDER = Path(settings.VAR_DIR) / "screens"
SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
LOOKS = list(product(("light", "dark"), ("sv", "en")))
# Each size, theme and language once and not in every mixture; which are held against
# axe too.
FEW = {
    ("desktop", "light", "sv"): True,
    ("desktop", "dark", "en"): False,
    ("tablet", "light", "da"): False,
    ("phone", "light", "en"): False,
    ("phone", "dark", "sv"): True,
}


class Camera:
    """Takes pictures in every size, theme and language."""

    def __init__(self, page, url, sizes):
        self.page, self.url, self.sizes = page, url, sizes
        self.watch = Watch(page)
        self.theme, self.language = LOOKS[0]

    def looks(self):
        for look in LOOKS:
            self.choose(*look)
            yield

    def choose(self, theme, language):
        """Choose a theme and a language, as the switches do."""
        self.theme, self.language = theme, language
        self.page.context.add_cookies(
            [
                {"name": "theme", "value": theme, "url": self.url},
                {"name": "language", "value": language, "url": self.url},
            ]
        )

    def take(self, name, address=None, *, check=True):
        """Take one page, or the page as it stands, in every size."""
        if address is not None:
            self.open(address)
        for size in self.sizes:
            self.shoot(name, size)
        if check:
            self.watch.look()

    def take_few(self, pages):
        """Take pages, by name and address, in the few looks; nothing may stick out."""
        for (size, theme, language), is_checked in FEW.items():
            self.choose(theme, language)
            width, height = self.sizes[size]
            self.page.set_viewport_size({"width": width, "height": height})
            for name, address in pages:
                assert self.open(address).ok, address
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (address, size, language)
                self.shoot(name, size)
                if is_checked:
                    self.watch.look()

    def open(self, address):
        return self.page.goto(f"{self.url}{address}", wait_until="networkidle")

    def shoot(self, name, size):
        width, height = self.sizes[size]
        self.page.set_viewport_size({"width": width, "height": height})
        # As tall as the page, so that a bar at the foot stands at its foot.
        whole = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": width, "height": max(height, whole)})
        path = FOLDER / f"{name}.{size}.{self.theme}.{self.language}.png"
        self.page.screenshot(path=path, animations="disabled")

"""Skip the browser tests, and say how to get a browser, where there is none."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_IT = (
    "no Chromium found: install it (Debian: apt-get install chromium) or name it in "
    "CHROMIUM"
)


def chromium() -> str | None:
    """Return the path of the browser that the tests drive."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium():
        return
    for item in items:
        if item.get_closest_marker("e2e") or item.get_closest_marker("screens"):
            item.add_marker(pytest.mark.skip(reason=HOW_TO_GET_IT))

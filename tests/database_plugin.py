"""Give the tests a database: the embedded server unless DATABASE_URL names another.

A plugin and not a conftest, because Django's settings are read before any conftest.
"""

import atexit
import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from common.embedded import borrowed, is_needed

ROOT = Path(__file__).resolve().parent.parent


# A wrapper runs before every plain hook, so also before pytest-django's, which reads
# the settings.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    # WhiteNoise warns, and warnings fail, when nothing was ever collected.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    stack = ExitStack()
    atexit.register(stack.close)
    # What tests erase is nothing to erase again in a database of ours.
    folder = stack.enter_context(TemporaryDirectory(prefix="stamkund-tests-"))
    os.environ["STAMKUND_ERASURE_JOURNAL"] = str(Path(folder) / "erasures.jsonl")
    if is_needed():
        # In the environment, so that the worker processes of xdist find it too.
        os.environ["DATABASE_URL"] = stack.enter_context(borrowed(ROOT))
    return (yield)

"""docs/limits.md says what the code does."""

import importlib
import pkgutil
import re
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from common.limits import Limit

PERIODS = {
    "minute": timedelta(minutes=1),
    "10 minutes": timedelta(minutes=10),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
SPANS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
EXACT = re.compile(r"^\| `([\w.]+)\.([A-Z_]+)` \| (\d+)(?: (\w+))? \|", re.MULTILINE)
ROW = re.compile(r"^\| `([\w.-]+)` \| (\d+) \| ([\w ]+) \|", re.MULTILINE)


def documented():
    text = (Path(settings.BASE_DIR) / "docs" / "limits.md").read_text()
    return {
        name: (int(amount), PERIODS[period])
        for name, amount, period in ROW.findall(text)
        # The other table's rows look alike, and say what instead of per when.
        if period in PERIODS
    }


def declared():
    found = {}
    for room in settings.ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if ".migrations" in module.name or ".management" in module.name:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Limit):
                    found[value.name] = (value.amount, value.per)
    return found


class TestLimitsDocument:
    def test_names_every_limit_with_its_amount_and_period(self):
        assert documented() == declared()

    def test_says_what_is_counted_exactly(self):
        text = (Path(settings.BASE_DIR) / "docs" / "limits.md").read_text()
        rows = EXACT.findall(text)

        assert len(rows) >= 36
        for module, constant, amount, span in rows:
            value = getattr(importlib.import_module(module), constant)
            expected = int(amount)
            if span:
                expected = timedelta(seconds=expected * SPANS[span])
            assert value == expected, constant

"""Migrations say what they change."""

import re
from pathlib import Path

import pytest

from tests.architecture.ladder import ROOT, ranks

NAMED = re.compile(r"[0-9]{4}_(?!.*auto_)[a-z][a-z0-9_]*[a-z0-9]\Z")


def faults_of_names(folder):
    """Name migrations that say nothing, and numbers that are given twice."""
    names = sorted(
        path.stem for path in Path(folder).glob("*.py") if path.stem != "__init__"
    )
    faults = [f"{name} says nothing" for name in names if not NAMED.match(name)]
    numbers = [name[:4] for name in names]
    faults += [
        f"{number} is given twice"
        for number in sorted(set(numbers))
        if numbers.count(number) > 1
    ]
    return faults


class TestMigrations:
    @pytest.mark.parametrize("room", sorted(ranks()))
    def test_have_names(self, room):
        assert faults_of_names(ROOT / room / "migrations") == []

    def test_are_seen_when_nameless_ones_are_planted(self, tmp_path):
        for name in (
            "0001_first_tables",
            "0002_auto_20261122_1030",
            "0003_member_auto_20261122",
            "0003_second",
            "fix",
        ):
            (tmp_path / f"{name}.py").write_text("")

        assert faults_of_names(tmp_path) == [
            "0002_auto_20261122_1030 says nothing",
            "0003_member_auto_20261122 says nothing",
            "fix says nothing",
            "0003 is given twice",
        ]

"""The house stands on its ladder: what the import checker sees, and what it cannot."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test.utils import isolate_apps

from members.models import Member
from stores.models import Staff
from tests.architecture.ladder import ROOT, configuration, layers, may_know, ranks

LINTER = Path(sys.executable).parent / "lint-imports"
TASK = re.compile(r"(\w+)\.(?:\w+\.)*tasks\.\w+\Z")


# INSTALLED APPS


def faults_of_apps(installed, own):
    """Name installed rooms that are not on the ladder, or not in its order."""
    known = ranks()
    faults = [f"{name} is not on the ladder" for name in own if name not in known]
    faults += [f"{name} is not installed" for name in known if name not in installed]
    rooms = [name for name in installed if name in known]
    faults += [
        f"{later} stands below {earlier}"
        for earlier, later in pairwise(rooms)
        if known[later] > known[earlier]
    ]
    return faults


def own_apps():
    """Return the installed apps whose code is in this repository."""
    return [
        config.name
        for config in apps.get_app_configs()
        if Path(config.path).parent == ROOT
    ]


class TestInstalledApps:
    def test_stand_in_the_order_of_the_ladder(self):
        assert faults_of_apps(settings.INSTALLED_APPS, own_apps()) == []
        assert own_apps()

    def test_are_the_packages_that_the_import_checker_reads(self):
        assert set(configuration()["root_packages"]) == set(ranks())

    def test_are_missed_by_nobody_when_one_is_planted(self):
        own = own_apps()
        turned = [*own[1:], own[0]]

        assert faults_of_apps([*own, "feedback"], [*own, "feedback"]) == [
            "feedback is not on the ladder"
        ]
        assert faults_of_apps(own[:-1], own[:-1]) == [f"{own[-1]} is not installed"]
        assert faults_of_apps(turned, turned) == [f"{own[0]} stands below {own[-1]}"]


# FOREIGN KEYS


def faults_of_relations(candidates):
    """Name relations of our models that point up the ladder, or sideways."""
    known = ranks()
    return [
        f"{model._meta.label}.{field.name} points at {field.related_model._meta.label}"
        for model in candidates
        if model._meta.app_label in known
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.is_relation and field.related_model._meta.app_label in known
        if not may_know(model._meta.app_label, field.related_model._meta.app_label)
    ]


class TestForeignKeys:
    def test_point_down(self):
        assert faults_of_relations(apps.get_models(include_auto_created=True)) == []

    @isolate_apps()
    def test_are_seen_when_one_that_points_up_is_planted(self):
        class Up(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")

            class Meta:
                app_label = "stores"

        class Many(models.Model):
            members = models.ManyToManyField(Member, related_name="+")

            class Meta:
                app_label = "common"

        class Down(models.Model):
            staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")

            class Meta:
                app_label = "points"

        assert faults_of_relations([Up, Many, Down]) == [
            "stores.Up.member points at members.Member",
            "common.Many.members points at members.Member",
        ]


# TASKS


def faults_of_task_names(room, source):
    """Name tasks in a source file that its room may not know, or that do not exist."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        match = TASK.match(node.value)
        if match is None or match[1] not in ranks():
            continue
        if not may_know(room, match[1]):
            faults.append(f"{room} names {node.value}")
        elif not is_there(node.value):
            faults.append(f"{node.value} does not exist")
    return faults


def is_there(dotted):
    module, _dot, name = dotted.rpartition(".")
    try:
        return callable(getattr(import_module(module), name, None))
    except ModuleNotFoundError:
        return False


class TestTaskNames:
    def test_point_down_and_at_something(self):
        sources = [
            (room, path)
            for room in ranks()
            for path in (ROOT / room).rglob("*.py")
            if "migrations" not in path.parts
        ]

        faults = [
            fault
            for room, path in sources
            for fault in faults_of_task_names(room, path.read_text(encoding="utf-8"))
        ]

        assert faults == []
        assert len(sources) > len(ranks())

    def test_are_seen_when_wrong_ones_are_planted(self):
        source = (
            'wake("messaging.tasks.send_messages")\n'
            'wake("members.tasks.no_such_thing")\n'
            'text = "see points.tasks for more"\n'
        )

        assert faults_of_task_names("stores", source)[0] == (
            "stores names messaging.tasks.send_messages"
        )
        assert "members.tasks.no_such_thing does not exist" in (
            faults_of_task_names("loyalty", source)
        )
        assert faults_of_task_names("loyalty", "'points.tasks'") == []


# IMPORTS


def lint(folder):
    """Run the import checker on the packages in a folder."""
    return subprocess.run(
        [LINTER, "--no-cache"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def skeleton(tmp_path):
    """An empty house with our contracts, in which a wrong import can be planted."""
    for room in configuration()["root_packages"]:
        package = tmp_path / room
        package.mkdir()
        for name in ("__init__", "models", "rules", "services", "views"):
            (package / f"{name}.py").write_text("")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text)
    return tmp_path


class TestImports:
    def test_keep_every_contract(self):
        done = lint(ROOT)

        assert done.returncode == 0, done.stdout

    def test_keep_them_in_an_empty_house(self, skeleton):
        done = lint(skeleton)

        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize(
        ("path", "line", "contract"),
        [
            ("members/services.py", "import points.services", "only from rooms below"),
            (
                "points/services.py",
                "import messaging.services",
                "only from rooms below",
            ),
            ("points/rules.py", "import django.db", "Rules decide without"),
            ("points/services.py", "import points.views", "does not know the web"),
            ("points/models.py", "import points.services", "No circles"),
        ],
    )
    def test_break_one_when_a_wrong_import_is_planted(
        self, skeleton, path, line, contract
    ):
        if contract == "No circles":
            (skeleton / "points/services.py").write_text("import points.models\n")
        (skeleton / path).write_text(f"{line}\n")

        done = lint(skeleton)

        assert done.returncode == 1
        broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
        assert [contract in row for row in broken] == [True]


# WHAT WE SAY OF IT


def steps_in(text):
    """Read the steps of the ladder from the block that a document shows."""
    block = text.split("```")[1]
    # Names stand before the first wide gap; siblings have a bar between them.
    names = [re.split(r"(?<![|])\s{2,}(?![|])", line)[0] for line in block.split("\n")]
    return [re.findall(r"\w+", each) for each in names if each.strip()]


class TestDocuments:
    def test_show_the_ladder_that_is_held(self):
        text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

        assert steps_in(text) == layers()

    def test_are_seen_when_they_show_another(self):
        text = "x\n```\nroof    all of it\na  |  b   two of them | here\n```\n"

        assert steps_in(text) == [["roof"], ["a", "b"]]

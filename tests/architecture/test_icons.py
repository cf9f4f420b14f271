"""Every icon that a template or the code names is drawn in the sprite.

A name that is not leaves an empty square, and nothing complains.
"""

import ast
import re
from pathlib import Path

from django.conf import settings
from django.template import engines

from common.ui.icons import SPRITE, icon
from members import events

ROOT = Path(settings.BASE_DIR)
DRAWN = frozenset(
    re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / SPRITE).read_text())
)
# `icon="gift"`, and what an `{% if %}` inside it chooses between.
IN_TEMPLATE = re.compile(
    r"""(?:{%\s*icon\s+|<c-icon\s+name=|\s(?:icon|end)=)"((?:{%.*?%}|[^"{])*)\""""
)
NAME = re.compile(r"[a-z][a-z0-9-]*")


def named_in_template(source):
    """Yield the icons that a template names in so many words."""
    for found in IN_TEMPLATE.finditer(source):
        for name in re.split(r"{%.*?%}", found[1]):
            if NAME.fullmatch(name.strip()):
                yield name.strip()


def named_in_code(source):
    """Yield the icons given as `icon=`, kept as one, or drawn by `icon()`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.keyword(arg="icon" | "empty_icon", value=value):
                pass
            case ast.Assign(targets=[ast.Name(id="icon" | "empty_icon")], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id="icon"), value=value):
                pass
            case ast.Call(func=ast.Name(id="icon"), args=[value, *_]):
                pass
            case _:
                continue
        # A choice between two is a node with two texts in it.
        for each in ast.walk(value) if value else ():
            if isinstance(each, ast.Constant) and NAME.fullmatch(str(each.value)):
                yield str(each.value)


def rooms():
    return [
        path
        for folder in ROOT.iterdir()
        if (folder / "__init__.py").exists() and folder.name != "tests"
        for path in folder.rglob("*.py")
    ]


class TestIcons:
    def test_of_templates_are_drawn(self):
        missing = {
            f"{path.relative_to(ROOT)}: {name}"
            for path in (ROOT / "templates").rglob("*.html")
            for name in named_in_template(path.read_text())
            if name not in DRAWN
        }

        assert missing == set()

    def test_of_the_code_are_drawn(self):
        missing = {
            f"{path.relative_to(ROOT)}: {name}"
            for path in rooms()
            for name in named_in_code(path.read_text())
            if name not in DRAWN
        }

        assert missing == set()

    def test_of_every_event_are_drawn(self):
        kinds = events._kinds.values()

        assert {kind.name: kind.icon for kind in kinds if kind.icon not in DRAWN} == {}
        assert len(kinds) > 20

    def test_are_seen_wherever_they_are_named(self):
        assert list(
            named_in_template(
                '<c-btn icon="one" end="two">{% icon "three" "i--s" %}'
                '<c-icon name="four" /><c-tile '
                'icon="{% if a == "b" %}five{% else %}six{% endif %}" />'
            )
        ) == ["one", "two", "three", "four", "five", "six"]
        assert sorted(
            named_in_code(
                'icon = "one"\n'
                'class Table:\n    empty_icon = "two"\n'
                'show(icon="three" if bad else "four")\nicon("five", "i--s")\n'
            )
        ) == ["five", "four", "one", "three", "two"]

    def test_are_drawn_from_that_sprite(self):
        template = engines["django"].from_string('{% load ui %}{% icon "gift" %}')

        assert template.render() == icon("gift")
        assert "gift" in DRAWN

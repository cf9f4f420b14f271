"""What the strict policy and the tokens ask of every template and style sheet."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "ui" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "ui" / "js").glob("*.js"))
# Mails are read outside the browser's policy and may style inline.
PAGES = [path for path in TEMPLATES if "mail" not in path.parts]

FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*="),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)"),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']"),
    "a colour of its own": re.compile(
        r"(?<![&\w{/])#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\b(?=[;\"' ])"
    ),
}


def name(path):
    return str(path.relative_to(ROOT))


class TestTemplates:
    @pytest.mark.parametrize("path", PAGES, ids=name)
    def test_keep_to_the_policy(self, path):
        source = path.read_text()

        found = [what for what, pattern in FORBIDDEN.items() if pattern.search(source)]
        assert found == []

    @pytest.mark.parametrize("path", TEMPLATES, ids=name)
    def test_can_be_read(self, path):
        get_template(str(path.relative_to(ROOT / "templates")))

    def test_use_icons_that_the_sprite_holds(self):
        sprite = (ROOT / "static" / "vendor" / "icons.svg").read_text()
        held = set(re.findall(r'<symbol id="([^"]+)"', sprite))
        asked = {
            icon
            for path in TEMPLATES
            for icon in re.findall(
                r'(?:{% icon |<c-icon name=|\bicon=|\bend=)"([a-z0-9-]+)"',
                path.read_text(),
            )
        }

        assert asked - held == set()


class TestStyleSheets:
    @pytest.mark.parametrize("path", STYLES, ids=name)
    def test_take_colours_from_the_tokens(self, path):
        if path.name == "tokens.css":
            return
        assert (
            re.findall(r"(?<!url\()#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])", path.read_text())
            == []
        )

    def test_use_tokens_that_exist(self):
        defined, used = set(), set()
        for path in STYLES:
            source = path.read_text()
            defined |= set(re.findall(r"(--[\w-]+):", source))
            used |= set(re.findall(r"var\((--[\w-]+)", source))

        assert used - defined == set()


class TestScripts:
    @pytest.mark.parametrize("path", SCRIPTS, ids=name)
    def test_need_no_eval(self, path):
        assert not re.search(r"\beval\(|new Function|innerHTML", path.read_text())


class TestVendoredFiles:
    def test_are_what_was_fetched(self):
        check = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "vendor.py"), "--check"],
            capture_output=True,
            text=True,
            check=False,
        )

        assert check.returncode == 0, check.stderr

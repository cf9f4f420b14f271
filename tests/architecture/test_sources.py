"""Files have names that say something, and templates keep to the strict policy."""

import re
import subprocess

import pytest

from scripts import check_sources, check_templates


class TestSources:
    def test_keep_the_rules(self):
        assert list(check_sources.problems()) == []

    def test_say_once_who_sees_members(self):
        """Two lists of roles drift apart, and one of them then shows too much."""
        rooms = [path for path in check_sources.ROOT.iterdir() if path.is_dir()]
        found = [
            str(path.relative_to(check_sources.ROOT))
            for room in rooms
            if (room / "__init__.py").exists()
            for path in room.rglob("*.py")
            if re.search(r"^_?SEE_MEMBERS\b.*=", path.read_text(), re.M)
        ]

        assert found == ["members/roles.py"]

    @pytest.mark.parametrize(
        ("path", "line", "said"),
        [
            ("points/utils.py", "", "a name that says nothing"),
            ("points/base.py", "", "a name that says nothing"),
            ("points/tasks.py", "from django.core.mail import send_mail", "sends"),
            ("points/rules.py", "# TO" + "DO round", "without its issue's number"),
        ],
    )
    def test_are_seen_when_a_breach_is_planted(
        self, tmp_path, monkeypatch, path, line, said
    ):
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        planted = tmp_path / path
        planted.parent.mkdir(parents=True)
        planted.write_text(f"{line}\n")
        monkeypatch.setattr(check_sources, "ROOT", tmp_path)

        (fault,) = check_sources.problems()

        assert fault.startswith(path)
        assert said in fault


class TestTemplates:
    def test_keep_the_policy(self):
        assert list(check_templates.problems()) == []

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('<p style="color: red">', "inline style"),
            ("<style>p { color: red }</style>", "style element"),
            ("<script>alert(1)</script>", "inline script"),
            ('<button type="button" onclick="go()">', "event handler"),
            ('<a href="javascript:go()">', "javascript: address"),
            ('<p hx-on:click="go()">', "hx-on"),
            ('<img src="https://example.com/a.png" alt="">', "address outside"),
        ],
    )
    def test_are_seen_when_a_breach_is_planted(self, tmp_path, monkeypatch, line, said):
        (tmp_path / "templates/points").mkdir(parents=True)
        (tmp_path / "templates/points/page.html").write_text(
            f"<h1>Points</h1>\n{line}\n"
        )
        monkeypatch.setattr(check_templates, "ROOT", tmp_path)

        assert list(check_templates.problems()) == [
            f"templates/points/page.html:2: {said}"
        ]

    def test_may_hold_data_and_scripts_of_ours(self, tmp_path, monkeypatch):
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates/page.html").write_text(
            '<script id="rows" type="application/json">[]</script>\n'
            '<script src="/static/ui/js/app.js"></script>\n'
            '{# <p style="color: red"> #}\n'
        )
        monkeypatch.setattr(check_templates, "ROOT", tmp_path)

        assert list(check_templates.problems()) == []

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import messages

CODE = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext

HELLO = _("Hello %(name)s")
POINTS = ngettext("%(count)d point", "%(count)d points", 2)
MAY = pgettext("month", "May")
# Translators: shown at the till
LONG = _("Long "
    "text")
"""
TEMPLATE = """{% load i18n %}
<p>{% translate "Save 10%" %} {% translate 'Open' context "verb" %}</p>
<p>{{ _("In a variable") }} {{ name|default:_("Nobody") }}</p>
{% blocktranslate trimmed count left=points %}
  You have {{ left }} point
{% plural %}
  You have {{ left }} points
{% endblocktranslate %}
<c-btn :label="_('In a component')" title="{% translate 'In an attribute' %}" />
{# {% translate "Commented out" %} #}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "points").mkdir()
    (tmp_path / "points" / "rules.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "templates" / "points").mkdir(parents=True)
    page = tmp_path / "templates" / "points" / "page.html"
    page.write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(messages, "LANGUAGES", ("sv",))
    return tmp_path


@pytest.fixture
def translate(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Callable[[dict[str, object]], object]], int]:
    """Fill in what --missing printed, and hand it to --apply."""

    def fill_in(text_for: Callable[[dict[str, object]], object]) -> int:
        capsys.readouterr()
        messages.missing("sv")
        entries = json.loads(capsys.readouterr().out)
        for entry in entries:
            entry["text"] = text_for(entry)
        file = project / "sv.json"
        file.write_text(json.dumps(entries), encoding="utf-8")
        return messages.apply("sv", file)

    return fill_in


def in_swedish(entry: dict[str, object]) -> object:
    if entry["plural"]:
        return [f"sv {entry['id']}", f"sv {entry['plural']}"]
    return f"sv {entry['id']}"


class TestCollected:
    def test_finds_the_texts_of_code_and_templates(self, project: Path) -> None:
        found = {(text.context, text.id, text.plural) for text in messages.texts()}

        assert found == {
            (None, "Hello %(name)s", None),
            (None, "%(count)d point", "%(count)d points"),
            ("month", "May", None),
            (None, "Long text", None),
            (None, "Save 10%%", None),
            ("verb", "Open", None),
            (None, "In a variable", None),
            (None, "Nobody", None),
            (None, "You have %(left)s point", "You have %(left)s points"),
            (None, "In a component", None),
            (None, "In an attribute", None),
        }

    def test_keeps_the_note_to_translators(self, project: Path) -> None:
        notes = {text.id: text.comments for text in messages.texts()}

        assert notes["Long text"] == ("Translators: shown at the till",)


class TestCheck:
    def test_names_what_lacks_a_translation(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        messages.update()

        assert messages.check() == 1
        assert "missing: 'In a component'" in capsys.readouterr().out

    def test_holds_when_everything_is_translated(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        assert translate(in_swedish) == 0

        assert list(messages.problems("sv")) == []

    def test_notices_a_text_that_is_no_longer_there(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        translate(in_swedish)
        (project / "points" / "rules.py").write_text("", encoding="utf-8")

        assert "unused: 'Long text'" in list(messages.problems("sv"))

    def test_notices_a_compiled_file_that_was_left_behind(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        translate(in_swedish)
        po = messages.files_of("sv") / "django.po"
        text = po.read_text(encoding="utf-8").replace("sv Long text", "sv other")
        po.write_text(text, encoding="utf-8")

        assert list(messages.problems("sv")) == ["django.mo is older than django.po"]

    def test_notices_a_fuzzy_translation(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        translate(in_swedish)
        po = messages.files_of("sv") / "django.po"
        text = po.read_text(encoding="utf-8")
        before = 'msgid "Long text"'
        po.write_text(text.replace(before, f"#, fuzzy\n{before}"), encoding="utf-8")

        assert any("marked fuzzy: 'Long text'" in p for p in messages.problems("sv"))


class TestApply:
    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ("Hej", "placeholders [] instead of ['%(name)s']"),
            ("Hej %(namn)s", "placeholders ['%(namn)s']"),
            ("Hej %(name)s ", "other white space"),
        ],
    )
    def test_refuses_a_translation_that_would_break_the_page(
        self,
        project: Path,
        translate: Callable[..., int],
        capsys: pytest.CaptureFixture[str],
        broken: str,
        reason: str,
    ) -> None:
        def text_for(entry: dict[str, object]) -> object:
            hello = entry["id"] == "Hello %(name)s"
            return broken if hello else in_swedish(entry)

        assert translate(text_for) == 1
        assert reason in capsys.readouterr().out
        assert any("missing: 'Hello" in text for text in messages.problems("sv"))

    def test_lets_the_singular_do_without_the_number(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        def text_for(entry: dict[str, object]) -> object:
            if entry["id"] == "%(count)d point":
                return ["en poäng", "%(count)d poäng"]
            return in_swedish(entry)

        assert translate(text_for) == 0

    def test_compiles_what_it_took_in_and_nothing_else(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        translate(lambda entry: in_swedish(entry) if entry["context"] else "")

        assert messages.compiled_strings("sv") == {
            ("month", "May"): ["sv May"],
            ("verb", "Open"): ["sv Open"],
        }


class TestUpdate:
    def test_keeps_translations_and_writes_the_same_bytes_again(
        self, project: Path, translate: Callable[..., int]
    ) -> None:
        translate(in_swedish)
        files = sorted(messages.files_of("sv").iterdir())
        before = [file.read_bytes() for file in files]

        messages.update()

        assert [file.read_bytes() for file in files] == before

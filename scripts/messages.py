"""Keep the translations in locale/ in step with code and templates.

    (nothing)            take new texts in, drop unused ones, compile
    --check              fail on missing, unused or broken translations
    --missing sv         print what lacks a translation, as JSON
    --apply sv file.json take translations in, from the JSON that --missing printed

Done with Babel, so that no gettext programs need to be installed. The compiled files
are committed: running Stamkund needs neither.
"""

import argparse
import ast
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("sv", "da", "en")
# Texts in the code are English already; en's catalogue may correct one.
SOURCE_LANGUAGE = "en"
# Top-level folders whose texts no member and no staff ever sees.
SKIPPED = {"tests", "scripts", "bench", "docs", "static", "locale", "var"}
HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: Stamkund\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
# The same bytes from the same texts: no time of writing in the compiled files.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
STRING = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(
    rf"\b(n?p?gettext|_)\(\s*({STRING}(?:\s*,\s*{STRING})*)\s*(?:,\s*count\s*)?\)"
)
# An attribute that a cotton component evaluates: <c-btn :label="_('Save')">.
COTTON = re.compile(r"""\s:[\w.-]+="[^"]*?_\(('(?:[^'\\]|\\.)*')\)""")
PLACEHOLDER = re.compile(
    r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-z]|%[sd]|\{\w*(?::[^}]*)?\}"
)

Key = tuple[str | None, str]


@dataclass(frozen=True)
class Text:
    """One text of the code or a template, as a translator meets it."""

    context: str | None
    id: str
    plural: str | None
    file: str
    comments: tuple[str, ...] = ()


# WHAT THERE IS TO TRANSLATE


def in_python(path: Path) -> Iterator[Text]:
    """Yield the texts of a Python file."""
    name = path.relative_to(ROOT).as_posix()
    with path.open("rb") as file:
        found = extract("python", file, KEYWORDS, ["Translators:"])
        for _line, ids, comments, context in found:
            single, plural = ids if isinstance(ids, tuple) else (ids, None)
            yield Text(context, single, plural, name, tuple(comments))


def in_template(path: Path) -> Iterator[Text]:
    """Yield the texts of a template."""
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text(encoding="utf-8")
    for function, arguments in CALL.findall(templatize(source, origin=name)):
        strings = list(ast.literal_eval(f"[{arguments}]"))
        context = strings.pop(0) if "p" in function else None
        yield Text(context, strings[0], strings[1] if strings[1:] else None, name)
    for literal in COTTON.findall(source):
        yield Text(None, ast.literal_eval(literal), None, name)


def texts() -> Iterator[Text]:
    """Yield every text of the project, file by file."""
    for folder in sorted(ROOT.iterdir()):
        if folder.is_dir() and folder.name not in SKIPPED and folder.name[0] != ".":
            for path in sorted(folder.rglob("*.py")):
                if "migrations" not in path.parts:
                    yield from in_python(path)
    for pattern in ("*.html", "*.txt"):
        for path in sorted((ROOT / "templates").rglob(pattern)):
            yield from in_template(path)


def collected() -> Catalog:
    """Return all texts of the project as an empty catalogue."""
    catalog = Catalog()
    for text in texts():
        ids = (text.id, text.plural) if text.plural else text.id
        catalog.add(
            ids,
            locations=[(text.file, 0)],
            auto_comments=text.comments,
            context=text.context,
        )
    return catalog


# THE FILES


def files_of(language: str) -> Path:
    """Return where a language's two files are."""
    return LOCALE / language / "LC_MESSAGES"


def key(message: Message) -> Key:
    """Return what names a message."""
    return message.context, originals(message)[0]


def originals(message: Message) -> list[str]:
    """Return the texts of a message: one, or singular and plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings(message: Message) -> list[str]:
    """Return the translations of a message: one, or one for each plural form."""
    if message.pluralizable:
        forms = message.string if isinstance(message.string, (list, tuple)) else ()
        return [*forms, "", ""][:2]
    return [str(message.string or "")]


def is_translated(message: Message) -> bool:
    """Tell whether every form of a message has a translation."""
    return all(strings(message)) and not message.fuzzy


def load(language: str) -> dict[Key, Message]:
    """Return the messages of a language's file, by what names them."""
    path = files_of(language) / "django.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    return {key(message): message for message in catalog if message.id}


def merge(language: str, known: dict[Key, Message]) -> Catalog:
    """Return today's texts with the translations there are for them."""
    catalog = Catalog(locale=language, creation_date=EPOCH, revision_date=EPOCH)
    for message in collected():
        if not message.id:
            continue
        old = known.get(key(message))
        kept = old and not old.fuzzy and old.pluralizable == message.pluralizable
        catalog.add(
            message.id,
            string=old.string if old and kept else None,
            locations=[
                (file, 0) for file in sorted({at[0] for at in message.locations})
            ],
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old else (),
            context=message.context,
        )
    return catalog


def save(language: str, catalog: Catalog) -> None:
    """Write a language's two files."""
    text = io.BytesIO()
    write_po(
        text,
        catalog,
        width=88,
        omit_header=True,
        sort_output=True,
        include_lineno=False,
    )
    files_of(language).mkdir(parents=True, exist_ok=True)
    header = HEADER.format(language=language)
    (files_of(language) / "django.po").write_bytes(header.encode() + text.getvalue())
    compiled = Catalog(locale=language, creation_date=EPOCH, revision_date=EPOCH)
    for message in catalog:
        # Babel would write an untranslated plural as an empty text.
        if message.id and is_translated(message):
            compiled.add(message.id, message.string, context=message.context)
    with (files_of(language) / "django.mo").open("wb") as file:
        write_mo(file, compiled)


def compiled_strings(language: str) -> dict[Key, list[str]]:
    """Return what the compiled file says."""
    path = files_of(language) / "django.mo"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        compiled = [message for message in read_mo(file) if message.id]
    for message in compiled:
        context: object = message.context
        if isinstance(context, bytes):  # as Babel leaves it
            message.context = context.decode()
    return {key(message): strings(message) for message in compiled}


# WHAT CAN BE WRONG


def placeholders(text: str) -> list[str]:
    """Return what stands in a text for a value."""
    return sorted(set(PLACEHOLDER.findall(text.replace("%%", ""))))


def mistakes(message: Message) -> Iterator[str]:
    """Yield what is wrong with a message's translations."""
    ids = originals(message)
    for original, translation in zip(ids, strings(message), strict=True):
        have, want = placeholders(translation), placeholders(original)
        # 'One point' may say '%(count)s point' in another language, or not.
        every = {each for text in ids for each in placeholders(text)}
        loose = len(ids) > 1 and original is ids[0]
        if set(have) - every if loose else have != want:
            yield f"placeholders {have} instead of {want}"
        if translation.strip() == "":
            yield "only white space"
        elif edges(translation) != edges(original):
            yield "begins or ends with other white space"


def edges(text: str) -> tuple[str, str]:
    """Return the white space that a text begins and ends with."""
    inner = text.strip()
    before, _, after = text.partition(inner)
    return before, after


def problems(language: str) -> Iterator[str]:
    """Yield everything wrong with a language's files."""
    known = load(language)
    wanted = {key(message): message for message in collected() if message.id}
    for name in known.keys() - wanted.keys():
        yield f"unused: {name[1]!r}"
    for name, message in wanted.items():
        place = message.locations[0][0]
        there = known.get(name)
        if there is None:
            yield f"not taken in: {name[1]!r} ({place})"
        elif there.fuzzy:
            yield f"marked fuzzy: {name[1]!r} ({place})"
        elif there.pluralizable != message.pluralizable:
            yield f"plural in one place only: {name[1]!r} ({place})"
        elif is_translated(there):
            yield from (f"{mistake}: {name[1]!r}" for mistake in mistakes(there))
        elif language != SOURCE_LANGUAGE:
            yield f"missing: {name[1]!r} ({place})"
    ready = {name: strings(each) for name, each in known.items() if is_translated(each)}
    if ready != compiled_strings(language):
        yield "django.mo is older than django.po"


# COMMANDS


def check() -> int:
    """Print everything wrong in any language, and return 1 if there is anything."""
    found = [f"{each}: {text}" for each in LANGUAGES for text in problems(each)]
    print("\n".join(sorted(found)))
    if found:
        print(f"\n{len(found)} problems; `make messages` takes new texts in.")
    return 1 if found else 0


def update() -> int:
    """Take new texts into every language, drop unused ones, and compile."""
    for language in LANGUAGES:
        catalog = merge(language, load(language))
        save(language, catalog)
        every = [message for message in catalog if message.id]
        done = sum(map(is_translated, every))
        print(f"{language}: {done} of {len(every)} texts translated")
    return 0


def missing(language: str) -> int:
    """Print what lacks a translation, as JSON for a translator to fill in."""
    entries: list[dict[str, object]] = []
    for message in merge(language, load(language)):
        if message.id and not is_translated(message):
            single, *plural = originals(message)
            entries.append(
                {
                    "context": message.context,
                    "id": single,
                    "plural": plural[0] if plural else None,
                    "files": [file for file, _ in message.locations],
                    "notes": list(message.auto_comments),
                    "text": ["", ""] if plural else "",
                }
            )
    print(json.dumps(entries, ensure_ascii=False, indent=1))
    return 0


def apply(language: str, path: Path) -> int:
    """Take translations in from JSON; return 1 if any could not be."""
    catalog = merge(language, load(language))
    wanted = {key(message): message for message in catalog if message.id}
    refused = []
    taken = 0
    for entry in json.loads(path.read_text(encoding="utf-8")):
        name, text = (entry.get("context"), entry["id"]), entry["text"]
        forms = [text] if isinstance(text, str) else list(text)
        if not any(forms):
            continue
        message = wanted.get(name)
        if message is None or len(forms) != len(strings(message)):
            refused.append(f"no such text, or another number of forms: {name[1]!r}")
            continue
        before = message.string
        message.string = tuple(forms) if message.pluralizable else forms[0]
        wrong = list(mistakes(message)) if is_translated(message) else ["a form lacks"]
        if wrong:
            message.string = before
            refused.append(f"{'; '.join(wrong)}: {name[1]!r}")
        else:
            taken += 1
    save(language, catalog)
    print(
        "\n".join([f"{language}: {taken} taken in, {len(refused)} refused", *refused])
    )
    return 1 if refused else 0


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--missing", choices=LANGUAGES)
    parser.add_argument("--apply", nargs=2, metavar=("LANGUAGE", "FILE"))
    options = parser.parse_args()
    if options.check:
        return check()
    if options.missing:
        return missing(options.missing)
    if options.apply:
        return apply(options.apply[0], Path(options.apply[1]))
    return update()


if __name__ == "__main__":
    sys.exit(main())

"""Hold the sources to house rules that the linter has no word for."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BANNED_NAMES = {"utils.py", "helpers.py", "misc.py", "base.py", "manager.py"}
# Views and commands are excused from ruff's banned `now`, and with it from this one.
SENDS = re.compile(r"^\s*(?:from|import) django\.core(?:\.mail| import .*\bmail\b)")
SENDER = "messaging/transports.py"
UNNAMED_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git knows of, or would with `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(
        [*command, "-z", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = filter(None, done.stdout.split("\0"))
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def problems() -> Iterator[str]:
    """Yield every breach, as file:line: what."""
    for path in tracked("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if path.name in BANNED_NAMES:
            yield f"{name}: a name that says nothing; call it after what it holds"
        if path == Path(__file__).resolve():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if SENDS.match(line) and name != SENDER and not name.startswith("tests/"):
                yield f"{name}:{number}: only {SENDER} sends; queue a message instead"
            if UNNAMED_TODO.search(line):
                yield f"{name}:{number}: a TODO without its issue's number"


def main() -> int:
    """Print the problems, and return 1 if there are any."""
    found = list(problems())
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

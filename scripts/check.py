"""Run every check of `make check`, all of them even when one fails.

With `--quick`, only those that take a moment: what the commit hook runs.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = [sys.executable]
PROGRAMS = Path(sys.executable).parent


def module(*arguments: str) -> list[str]:
    """Return the command that runs a Python module."""
    return [sys.executable, "-m", *arguments]


def program(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a program of the virtual environment."""
    return [str(PROGRAMS / name), *arguments]


def templates() -> list[str]:
    """Return every HTML template."""
    return sorted(str(path) for path in (ROOT / "templates").rglob("*.html"))


QUICK: dict[str, list[str]] = {
    "format": module("ruff", "format", "--check", "--quiet", "."),
    "lint": module("ruff", "check", "--quiet", "."),
    "ladder": program("lint-imports", "--no-cache"),
    "sources": module("scripts.check_sources"),
    "template format": program(
        "djade", "--check", "--target-version", "5.2", *templates()
    ),
    "template lint": program("djlint", "templates", "--lint", "--quiet"),
    "template rules": module("scripts.check_templates"),
    "vendored files": [sys.executable, "scripts/vendor.py", "--check"],
    "translations": module("scripts.messages", "--check"),
}
SLOW: dict[str, list[str]] = {
    "types": module("mypy", "."),
    "settings": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check"],
    "API document": [
        *(sys.executable, "manage.py", "spectacular"),
        *("--validate", "--fail-on-warn", "--file", "/dev/null"),
    ],
}


def holds(name: str, command: list[str]) -> bool:
    """Run one check, and print its output when it fails."""
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    verdict = "FAILED" if done.returncode else "ok"
    print(f"{name:<16} {verdict:<7} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Run the checks, and return how many failed."""
    checks = QUICK if "--quick" in arguments else QUICK | SLOW
    failed = [name for name, command in checks.items() if not holds(name, command)]
    if failed:
        print(f"\n{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")
    else:
        print(f"\nAll {len(checks)} checks hold.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Bring database, demo club and static files up to date, in one process.

`make run` calls it before it starts the web and the worker: one start of Django
instead of five keeps a second run short.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command, get_commands

ROOT = Path(__file__).resolve().parent.parent
# Pages of packages that we do not show: another view of the API, and its browser.
UNUSED = ["rest_framework"]


def sources() -> Iterator[str]:
    """Yield what the collected static files are made from."""
    yield (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            state = path.stat()
            yield f"{path.relative_to(ROOT)} {state.st_size} {state.st_mtime_ns}"


def collect_static() -> None:
    """Collect, fingerprint and compress the static files, if any has changed."""
    digest = hashlib.sha256("\n".join(sources()).encode()).hexdigest()
    stamp = Path(settings.STATIC_ROOT).with_name("static.stamp")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    print("Collecting the static files …", flush=True)
    call_command(
        "collectstatic",
        interactive=False,
        clear=True,
        verbosity=0,
        ignore_patterns=UNUSED,
    )
    stamp.write_text(digest, encoding="utf-8")


def main(sign_ins: Path) -> None:
    """Prepare everything, and write the demo's sign-ins to a file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
    django.setup()
    print("Updating the database …", flush=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("schedule_jobs", verbosity=0)
    # In production there is no demo club, and no command to load one.
    if "demo" in get_commands() and not settings.PRODUCTION:
        call_command("demo", "--if-empty", "--size", "run")
        with sign_ins.open("w", encoding="utf-8") as file:
            call_command("demo", "--sign-ins", stdout=file)
    if not settings.DEBUG:
        collect_static()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

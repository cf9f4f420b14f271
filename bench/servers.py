"""The product and the floor, started as in production."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

WORKERS, THREADS = 2, 4


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(application: str, settings: str, database: str) -> Iterator[tuple[int, int]]:
    """Run gunicorn; give its port and process id, and stop it at the end."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", application,
            "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS),
            "--worker-class", "gthread", "--threads", str(THREADS),
            "--log-level", "error", "--keep-alive", "60",
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "DATABASE_URL": database,
            "LOG_LEVEL": "ERROR",
        },
    )  # fmt: skip
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
        except URLError as error:
            if getattr(error, "code", None) is not None:
                return
            time.sleep(0.1)
        except (ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    message = "The server did not start."
    raise TimeoutError(message)


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a server and its workers so far."""
    total = 0.0
    tick = os.sysconf("SC_CLK_TCK")
    for child in (pid, *_children(pid)):
        with open(f"/proc/{child}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / tick
    return total


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]

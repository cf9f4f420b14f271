"""Clients that send prepared requests over kept connections, in their own process."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Lock, Thread
from typing import cast


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: port, path, headers, and how to make the nth body."""

    name: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: Callable[[str, int], tuple[dict[str, str], bytes]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came back: how many answers, in how long, and each one's milliseconds."""

    answers: int
    errors: int
    seconds: float
    milliseconds: list[float]

    @property
    def rate(self) -> float:
        """Return good answers a second."""
        return self.answers / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency that this share of the requests stayed below."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Connection:
    """One kept HTTP/1.1 connection, just able enough for JSON answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def post(self, target: Target, extra: dict[str, str], body: bytes) -> int:
        """Send one POST and return the status."""
        head = [f"POST {target.path} HTTP/1.1", f"Host: 127.0.0.1:{target.port}"]
        head += [f"{name}: {value}" for name, value in target.headers]
        head += [f"{name}: {value}" for name, value in extra.items()]
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.socket.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self._receive()
        top, _mark, rest = self.buffer.partition(b"\r\n\r\n")
        length = 0
        for line in top.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(rest) < length:
            rest += self._receive()
        self.buffer = rest[length:]
        return int(top[9:12])

    def _receive(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            message = "The server closed the connection."
            raise ConnectionError(message)
        return data


def closed_loop(target: Target, run: str, clients: int, seconds: float) -> Result:
    """Let each client send its next request as soon as it has its answer."""
    counter = _Counter()

    def work(connection: Connection, took: list[float], until: float) -> int:
        errors = 0
        while time.perf_counter() < until:
            extra, body = target.body(run, counter.take())
            began = time.perf_counter()
            status = connection.post(target, extra, body)
            took.append((time.perf_counter() - began) * 1000)
            errors += status >= 300
        return errors

    return _gather(target, clients, seconds, work)


def open_loop(
    target: Target, run: str, clients: int, seconds: float, per_second: float
) -> Result:
    """Start requests on schedule, whether or not earlier ones were answered.

    A request's time runs from when it was due, so that queueing is counted.
    """
    counter = _Counter()
    start = time.perf_counter() + 0.2

    def work(connection: Connection, took: list[float], until: float) -> int:
        errors = 0
        while True:
            number = counter.take()
            due = start + number / per_second
            if due > until:
                return errors
            time.sleep(max(0.0, due - time.perf_counter()))
            extra, body = target.body(run, number)
            status = connection.post(target, extra, body)
            took.append((time.perf_counter() - due) * 1000)
            errors += status >= 300

    return _gather(target, clients, seconds, work)


def in_own_process(function: Callable[..., Result], *arguments: object) -> Result:
    """Run a loop where its Python does not slow the server's parent down."""
    context = get_context("fork")
    near, far = context.Pipe(duplex=False)

    def run() -> None:
        far.send(function(*arguments))

    # Forked, so that the targets' functions need not be pickled.
    process = context.Process(target=run)
    process.start()
    far.close()
    try:
        result = near.recv()
    except EOFError:
        message = "The client failed; see above."
        raise RuntimeError(message) from None
    process.join()
    return cast("Result", result)


class _Counter:
    """Counts up from zero, one number to each caller in whatever thread."""

    def __init__(self) -> None:
        self._lock, self._value = Lock(), -1

    def take(self) -> int:
        with self._lock:
            self._value += 1
            return self._value


def _gather(
    target: Target,
    clients: int,
    seconds: float,
    work: Callable[[Connection, list[float], float], int],
) -> Result:
    took: list[list[float]] = [[] for _ in range(clients)]
    errors = [0] * clients
    began = time.perf_counter()
    until = began + seconds

    def run(place: int) -> None:
        errors[place] = work(Connection(target.port), took[place], until)

    threads = [Thread(target=run, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [value for part in took for value in part]
    bad = sum(errors)
    return Result(len(times) - bad, bad, time.perf_counter() - began, times)

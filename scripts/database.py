"""Control the embedded PostgreSQL, for when DATABASE_URL is not set.

start     start it; it runs until `stop`
stop      stop it
status    say whether it runs, and where its files are
url       start it if need be and print its address
remove    stop it and delete its files
exec CMD  run a command with DATABASE_URL set, and the server for as long
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from common.embedded import EmbeddedServer, borrowed, is_needed
from common.embedded_programs import EmbeddedServerError

ROOT = Path(__file__).resolve().parent.parent


def execute(command: list[str]) -> int:
    """Run a command with a database behind it, and return its exit code."""
    with ExitStack() as stack:
        if is_needed():
            os.environ["DATABASE_URL"] = stack.enter_context(borrowed(ROOT))
        child = subprocess.Popen(command)
        # The terminal sends Ctrl-C to the command as well; let it end in its own way.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _: child.send_signal(received))
        return child.wait()


def remove(server: EmbeddedServer) -> None:
    """Delete every file of the server."""
    server.stop()
    shutil.rmtree(server.data, ignore_errors=True)
    if server.home != server.root / "var":
        shutil.rmtree(server.home, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if arguments[:1] == ["exec"] and arguments[1:]:
        return execute(arguments[1:])
    server = EmbeddedServer(ROOT)
    match arguments:
        case ["start"]:
            print("started" if server.start() else "runs already")
            server.lent.unlink(missing_ok=True)
        case ["stop"]:
            print("stopped" if server.stop() else "was not running")
        case ["status"]:
            state = "runs" if server.answers() else "does not run"
            print(f"{state}\nfiles: {server.data}\nlog:   {server.log}")
        case ["url"]:
            server.start()
            print(server.url)
        case ["remove"]:
            remove(server)
            print("removed")
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EmbeddedServerError as error:
        sys.exit(str(error))

"""The settings that the embedded PostgreSQL is started with."""

import os
from contextlib import suppress
from pathlib import Path

MEGABYTE = 1 << 20
# What a container may use, by either generation of the kernel's control groups.
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_of_machine(limits: tuple[Path, ...] = _LIMITS) -> int:
    """Return the bytes of memory that this machine has, or its container may use."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in limits:
        # Unlimited reads "max".
        with suppress(OSError, ValueError):
            found.append(int(limit.read_text(encoding="ascii")))
    return min(found)


def shared_buffers(memory: int) -> int:
    """Return the megabytes that the server keeps tables in: an eighth of the memory.

    PostgreSQL's manual proposes a quarter for a machine of its own; here the product
    and its worker stand on the same one. With the 256 MB of before, the indexes of a
    club of a million members went out to the files and came back all the time.
    """
    return max(128, min(2048, memory // 8 // MEGABYTE))


def options() -> dict[str, str]:
    """Return what PostgreSQL is to be set to, by the name of the setting."""
    buffers = shared_buffers(memory_of_machine())
    return {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{buffers}MB",
        # The share that PostgreSQL takes itself, but not 16 MB at the most: an import
        # writes more than that in a second, and its lanes wait for each other then.
        "wal_buffers": f"{buffers // 32}MB",
        # Whatever is written first after a checkpoint is logged by the page: a large
        # import should not meet one in its middle.
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
    }

from pathlib import Path

import psycopg
import pytest

from common.embedded import EmbeddedServer
from common.embedded_options import (
    MEGABYTE,
    memory_of_machine,
    options,
    shared_buffers,
)
from scripts.database import remove

GIGABYTE = 1 << 30


class TestMemoryOfMachine:
    def test_a_container_s_limit_counts_before_the_machine_s(
        self, tmp_path: Path
    ) -> None:
        limit = tmp_path / "memory.max"
        limit.write_text(f"{64 * MEGABYTE}\n", encoding="ascii")

        assert memory_of_machine((limit,)) == 64 * MEGABYTE

    def test_a_limit_above_what_the_machine_has_does_not_count(
        self, tmp_path: Path
    ) -> None:
        limit = tmp_path / "memory.limit_in_bytes"
        limit.write_text(str(2**63 - 4096), encoding="ascii")

        assert memory_of_machine((limit,)) == memory_of_machine(())

    @pytest.mark.parametrize("text", ["max\n", ""])
    def test_no_limit_leaves_what_the_machine_has(
        self, tmp_path: Path, text: str
    ) -> None:
        limit = tmp_path / "memory.max"
        limit.write_text(text, encoding="ascii")

        found = memory_of_machine((limit, tmp_path / "not there"))

        assert found == memory_of_machine(()) > 64 * MEGABYTE


@pytest.mark.parametrize(
    ("memory", "megabytes"),
    [
        (512 * MEGABYTE, 128),
        (2 * GIGABYTE, 256),
        (8 * GIGABYTE, 1024),
        (24 * GIGABYTE, 2048),
    ],
)
def test_tables_are_kept_in_an_eighth_of_the_memory_up_to_two_gigabytes(
    memory: int, megabytes: int
) -> None:
    assert shared_buffers(memory) == megabytes


def test_a_server_runs_with_these_settings(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    try:
        with psycopg.connect(server.url) as connection:
            found = {
                name: str(connection.execute(f"SHOW {name}").fetchone()[0])
                for name in ("shared_buffers", "wal_buffers", "max_wal_size")
            }
            equal = {
                name: connection.execute(
                    "SELECT pg_size_bytes(%s) = pg_size_bytes(%s)",
                    [value, options()[name]],
                ).fetchone()
                for name, value in found.items()
            }
    finally:
        remove(server)

    assert set(equal.values()) == {(True,)}, found

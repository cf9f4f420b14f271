import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from common.embedded import EmbeddedServer, borrowed, database_url
from common.embedded_programs import open_to_all
from scripts.database import remove

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a project whose server is made once: that is the slow part."""
    root = tmp_path_factory.mktemp("project")
    yield root
    remove(EmbeddedServer(root))


@pytest.fixture
def server(project: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(project)
    yield server
    server.stop()


def answers_queries(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


class TestDatabaseUrl:
    def test_starts_a_server_that_goes_on_running(self, server: EmbeddedServer) -> None:
        url = database_url(server.root)

        # pytest's folders are private, so root's server is a copy in a shared place.
        assert answers_queries(url)
        assert database_url(server.root) == url
        assert server.answers()

    def test_survives_a_server_that_was_killed(self, server: EmbeddedServer) -> None:
        server.start()
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept ()")
        pid = int(server.pid_file.read_text(encoding="utf-8").split()[0])
        os.kill(pid, signal.SIGKILL)

        assert server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)

    def test_is_not_misled_by_a_number_that_another_process_has_now(
        self, server: EmbeddedServer
    ) -> None:
        server.start()
        lines = server.pid_file.read_text(encoding="utf-8").splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)
        with subprocess.Popen(["sleep", "60"]) as stranger:
            server.pid_file.write_text(
                "\n".join([str(stranger.pid), *lines[1:]]), encoding="utf-8"
            )

            assert server.start()
            assert stranger.poll() is None
            stranger.kill()

    def test_starts_over_after_a_first_start_that_was_cut_off(
        self, tmp_path: Path
    ) -> None:
        server = EmbeddedServer(tmp_path)
        half = server.home / "postgres.new"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("18", encoding="utf-8")

        try:
            assert server.start()
            assert answers_queries(server.url)
        finally:
            remove(server)


class TestBorrowed:
    def test_stops_the_server_after_the_last_borrower(
        self, server: EmbeddedServer
    ) -> None:
        with borrowed(server.root):
            with borrowed(server.root) as url:
                assert answers_queries(url)
            assert server.answers()

        assert not server.answers()

    def test_leaves_a_server_that_was_running_before(
        self, server: EmbeddedServer
    ) -> None:
        server.start()

        with borrowed(server.root):
            pass

        assert server.answers()

    def test_does_not_count_a_borrower_that_was_killed(
        self, server: EmbeddedServer
    ) -> None:
        script = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from common.embedded import borrowed\n"
            "with borrowed(Path(sys.argv[1])):\n"
            "    print('has it', flush=True)\n"
            "    time.sleep(60)\n"
        )
        command = [sys.executable, "-c", script, str(server.root)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline()
            other.kill()

        with borrowed(server.root):
            pass

        assert not server.answers()

    def test_starts_one_server_for_borrowers_who_come_at_once(
        self, server: EmbeddedServer
    ) -> None:
        command = [sys.executable, "-c"]
        script = (
            "import sys, psycopg\n"
            "from pathlib import Path\n"
            "from common.embedded import borrowed\n"
            "with borrowed(Path(sys.argv[1])) as url:\n"
            "    psycopg.connect(url).execute('SELECT 1')\n"
        )
        others = [
            subprocess.Popen([*command, script, str(server.root)], cwd=ROOT)
            for _ in range(4)
        ]

        assert [other.wait(60) for other in others] == [0, 0, 0, 0]
        assert not server.answers()


class TestPlaces:
    def test_puts_the_socket_elsewhere_when_its_path_would_be_too_long(self) -> None:
        deep = EmbeddedServer(Path("/srv") / ("long" * 30))

        assert len(str(deep.sockets / ".s.PGSQL.5432")) <= 100
        assert deep.sockets != deep.data

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the account")
    def test_leaves_a_private_folder_private_when_root_starts_it(
        self, tmp_path: Path
    ) -> None:
        private = tmp_path / "home"
        private.mkdir(mode=0o700)
        server = EmbeddedServer(private / "project")

        assert tmp_path not in server.home.parents
        assert private.stat().st_mode & 0o777 == 0o700

    def test_sees_whether_every_account_may_enter(self, tmp_path: Path) -> None:
        private = tmp_path / "private"
        private.mkdir(mode=0o700)

        assert not open_to_all(private / "below")
        assert open_to_all(Path("/usr/bin/env"))

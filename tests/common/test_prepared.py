import pytest
from django.db import OperationalError, ProgrammingError, connection

from common.prepared import first_row


def prepared(statement):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            [f"{statement}%"],
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db
class TestFirstRow:
    def test_returns_the_first_row(self):
        assert first_row("VALUES (1, 'a'), (2, 'b')", []) == (1, "a")

    def test_returns_none_when_there_is_no_row(self):
        assert first_row("SELECT 1 WHERE %s::bool", [False]) is None

    def test_plans_a_statement_once_for_all_values(self):
        assert [first_row("SELECT %s::int + 4711", [n]) for n in (1, 2)] == [
            (4712,),
            (4713,),
        ]
        assert prepared("SELECT $1::int + 4711") == 1

    def test_counts_as_a_statement(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            first_row("SELECT 1", [])

    def test_raises_what_django_raises(self):
        with pytest.raises(ProgrammingError):
            first_row("SELECT nothing_of_that_name", [])


@pytest.mark.django_db(transaction=True)
class TestFirstRowOfAKeptConnection:
    @pytest.fixture
    def kept(self, monkeypatch):
        """A connection as the second request of a worker finds it."""
        connection.ensure_connection()
        monkeypatch.setattr(connection, "health_check_enabled", True)
        monkeypatch.setattr(connection, "health_check_done", False)
        yield connection
        connection.close()

    def test_needs_no_other_statement(self, kept, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert first_row("SELECT 1", []) == (1,)
            assert kept.health_check_done

    def test_reads_again_when_the_server_has_closed_it(self, kept):
        close(kept)
        assert first_row("SELECT 1", []) == (1,)

    def test_raises_when_it_was_used_before(self, kept):
        kept.health_check_done = True
        close(kept)
        with pytest.raises(OperationalError):
            first_row("SELECT 1", [])


def close(kept):
    """Let the server end a connection, as it does when it restarts."""
    pid = kept.connection.info.backend_pid
    other = kept.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()

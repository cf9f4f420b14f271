"""What a load balancer asks."""

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.django_db
class TestHealth:
    def test_is_alive_without_asking_the_database(
        self, client: Client, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            response = client.get("/healthz")

        assert response.json() == {"status": "ok"}

    def test_is_ready_when_the_schema_is_in_place(self, client: Client) -> None:
        assert client.get("/readyz").json() == {"status": "ready"}

    def test_is_not_ready_while_a_migration_waits(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'portal'")

        response = client.get("/readyz")

        assert response.status_code == 503
        assert response.json() == {"status": "migrations waiting"}

    def test_answers_with_the_callers_request_id(self, client: Client) -> None:
        response = client.get("/healthz", headers={"X-Request-ID": "till-17-000042"})

        assert response["X-Request-ID"] == "till-17-000042"

    def test_makes_an_id_of_its_own_for_one_that_cannot_be_trusted(
        self, client: Client
    ) -> None:
        response = client.get("/healthz", headers={"X-Request-ID": "a b<script>"})

        assert response["X-Request-ID"] != "a b<script>"
        assert len(response["X-Request-ID"]) == 36

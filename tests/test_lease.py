"""Who waits for the ledger while a long change goes on waits on, and is told for what."""

import os
import sqlite3
import time
from threading import Thread

import pytest
from ledgers import report

from geo.errors import LedgerError
from ledger import lease, store
from ledger.store import FILE, open_ledger

HELD = 1.5  # seconds


@pytest.fixture
def hasty(tmp_path, monkeypatch):
    """A ledger whose writers give up after a fifth of a second."""
    monkeypatch.setattr(store, "BUSY", 0.2)
    opened = open_ledger(tmp_path)
    report(opened)
    yield opened
    opened.close()


def held(ledger, seconds=HELD):
    """Hold the ledger for a while, as another process would."""
    other = sqlite3.connect(ledger.folder / FILE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def let_go():
        time.sleep(seconds)
        other.rollback()
        other.close()

    thread = Thread(target=let_go)
    thread.start()
    return thread


def test_a_writer_waits_on_for_a_change_that_was_announced_and_says_for_what(hasty, caplog):
    with lease.announced(hasty.folder, "import of orders.csv, 100,000 cases"):
        thread = held(hasty)
        made = report(hasty)
        thread.join()
    assert made.version == 2
    assert any("import of orders.csv, 100,000 cases" in line.getMessage() for line in caplog.records)


def test_without_an_announcement_it_gives_up_as_before(hasty):
    thread = held(hasty)
    with pytest.raises(LedgerError, match="holds the ledger for too long; nothing was changed"):
        report(hasty)
    thread.join()
    assert report(hasty).version == 2


def test_one_that_takes_longer_than_any_is_not_waited_for(hasty, monkeypatch):
    monkeypatch.setattr(lease, "LONGEST", 0.5)
    with lease.announced(hasty.folder, "import of orders.csv"):
        thread = held(hasty)
        with pytest.raises(LedgerError, match="too long"):
            report(hasty)
    thread.join()
    assert report(hasty).version == 2


def test_an_announcement_ends_with_its_change_also_where_that_fails_and_an_old_one_counts_for_nothing(tmp_path):
    said = []

    def fails():
        with lease.announced(tmp_path, "a long change"):
            said.append(lease.running(tmp_path))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert said == ["a long change"]
    assert lease.running(tmp_path) == ""
    left = tmp_path / lease.FILE
    left.write_text("a killed one", encoding="utf-8")

    os.utime(left, (0, 0))
    assert lease.running(tmp_path) == ""


def test_a_folder_that_cannot_be_written_goes_without(tmp_path):
    with lease.announced(tmp_path / "not there", "a long change"):
        assert lease.running(tmp_path / "not there") == ""

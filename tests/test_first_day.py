"""The first day of a ledger, by the commands: made, made again, one incident end to end, backed up, restored elsewhere, verified; then tampered with, and found."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from ledgers import drive
from postgres import DATABASES, fresh

from ledger.store import open_ledger

ROOT = Path(__file__).parent.parent


def battlemap(folder, url, *words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
    environment |= {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "cli", *map(str, words)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fine(folder, url, *words):
    done = battlemap(folder, url, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return done.stdout


@pytest.fixture(params=DATABASES)
def urls(request):
    """Two empty databases of a kind, without tables."""
    if request.param == "sqlite":
        return "", ""
    server = request.getfixturevalue("postgres")
    return fresh(server), fresh(server)


def test_from_an_empty_folder_to_a_restored_ledger(tmp_path, urls):
    first, second = tmp_path / "first", tmp_path / "second"
    url, other = urls
    assert "it was not there" in fine(first, url, "migrate")
    assert "nothing to do" in fine(first, url, "migrate")
    opened = open_ledger(first, url)
    done = drive(opened)
    opened.close()
    assert (done.status.value, done.version) == ("evaluated", 7)
    made = json.loads(fine(first, url, "backup", tmp_path / "b.zip", "--json"))
    assert fine(second, other, "restore", tmp_path / "b.zip", "--key", first / "ledger.key").count("\n") == 1
    found = json.loads(fine(second, other, "ledger", "verify", "--head", made["head"], "--json"))
    assert (found["entries"], found["incidents"], found["breaks"]) == (7, 1, [])
    lines = (second / "heads.log").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["restore", "verify"]
    again = open_ledger(second, other)
    assert drive(again).number == "LN-20261122-0002"
    again.close()


def test_a_ledger_that_was_tampered_with_is_named_and_exits_with_1(tmp_path):
    fine(tmp_path, "", "migrate")
    opened = open_ledger(tmp_path)
    drive(opened)
    opened.close()
    database = sqlite3.connect(tmp_path / "ledger.db")
    trigger = database.execute("SELECT sql FROM sqlite_master WHERE name = 'history_no_update'").fetchone()[0]
    database.execute("DROP TRIGGER history_no_update")
    database.execute("UPDATE history SET post = 'head:micro:0001' WHERE version = 6")
    database.execute(trigger)
    database.commit()
    database.close()
    done = battlemap(tmp_path, "", "ledger", "verify")
    assert done.returncode == 1
    assert "version 6: close of LN-20261122-0001 in longnan was changed\n" in done.stdout
    refused = battlemap(tmp_path, "", "backup", tmp_path / "b.zip")
    assert refused.returncode == 1
    assert "version 6" in refused.stderr


def test_a_lost_key_is_said_and_another_made_only_when_asked_for(tmp_path):
    opened = open_ledger(tmp_path)
    drive(opened)
    opened.close()
    (tmp_path / "ledger.key").unlink()
    done = battlemap(tmp_path, "", "ledger", "verify")
    assert done.returncode == 1
    assert "ledger.key is missing" in done.stderr
    assert "all holds" in fine(tmp_path, "", "ledger", "verify", "--new-key")
    assert "all holds" in fine(tmp_path, "", "ledger", "verify")
    done = battlemap(tmp_path, "", "ledger", "verify", "--new-key")
    assert "is there" in done.stderr


def test_a_ledger_that_is_not_there_is_said_and_not_made(tmp_path):
    for words in (("ledger", "verify"), ("backup", tmp_path / "b.zip")):
        done = battlemap(tmp_path / "none", "", *words)
        assert done.returncode == 1
        assert "There is no ledger" in done.stderr
    assert not (tmp_path / "none").exists()


def test_orphans_are_discarded_when_asked_for(tmp_path):
    from ledger import files

    open_ledger(tmp_path).close()
    path = files.path(tmp_path, files.put(tmp_path, b"x"))
    os.utime(path, (1, 1))
    assert "0 of 1 photos" in fine(tmp_path, "", "ledger", "verify")
    assert "1 of 1 photos" in fine(tmp_path, "", "ledger", "verify", "--discard-orphans")
    assert not path.exists()

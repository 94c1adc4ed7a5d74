"""Processes killed, disks full and read-only: what was confirmed is there, and nothing is half-written."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from ledgers import AREA, NOW, drive, report
from sqlalchemy import func, select

from geo.errors import LedgerError
from ledger import files, find, tables
from ledger.find import Wanted
from ledger.store import open_ledger
from ledger.verify import verify

ROOT = Path(__file__).parent.parent
KILLS = {"sqlite": 50, "postgresql": 16}
# A process that has imported everything and forks one writer for each line that it reads: so fifty deaths take seconds, not minutes.
NURSERY = r"""
import os, signal, sys, threading
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from ledgers import *
from ledger import files, find
from ledger.find import Wanted
from ledger.store import open_ledger
from ledger.writing import Attached

def write(ledger, acks, name, thread):
    for n in range(10**6):
        key = f"{{name}}-{{thread}}-{{n}}"
        photo = files.put(ledger.folder, key.encode())
        made = report(ledger, key=key, photos=[Attached(photo, photo, 4, 3)])
        os.write(acks, f"{{made.number}} {{made.version}} report {{key}}\n".encode())
        done = do(ledger, made.number, Act.FILE, expected=made.version)
        os.write(acks, f"{{made.number}} {{done.version}} file {{key}}\n".encode())

def read(ledger):
    while True:
        with ledger.reading() as connection:
            rows = find.incidents(connection, Wanted(AREA), limit=50)
        assert all(row.status.value in ("reported", "filed") for row in rows)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    name, path = line.split()
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    acks = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ledger = open_ledger(Path({folder!r}), {url!r})
    def told(work, *args):
        try:
            work(*args)
        except BaseException as error:
            os.write(acks, f"0 0 {{error!r}}\n".encode())
            raise
    for thread in range(3):
        threading.Thread(target=told, args=(write, ledger, acks, name, thread), daemon=True).start()
    told(read, ledger)
"""


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.002)


def acknowledged(path):
    lines = path.read_text().splitlines() if path.exists() else []
    assert not [line for line in lines if line.startswith("0 ")], "a writer or the reader saw an error"
    return [line.split() for line in lines]


@contextmanager
def nursery(ledger, url):
    """Yields what starts a writing process, given its name and the file in which it notes what was confirmed; returns its pid."""
    code = NURSERY.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(ledger.folder), url=url)
    born = []
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mother:

        def start(name, path):
            mother.stdin.write(f"{name} {path}\n")
            mother.stdin.flush()
            born.append(int(mother.stdout.readline()))
            return born[-1]

        assert mother.stdout.readline() == "ready\n"
        try:
            yield start
        finally:
            for pid in born:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def kill_a_pair(start, paths, chance, *, at_work):
    """Start two processes and kill them, at their beginning or at work; what they had confirmed."""
    pids = [start(path.name, path) for path in paths]
    if at_work:
        until(lambda: all(len(acknowledged(path)) > 3 for path in paths))
    for pid in pids:
        time.sleep(chance.uniform(0, 0.08))
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(map(gone, pids)))
    return [line for path in paths for line in acknowledged(path)]


def test_what_was_acknowledged_survives_kill_9(ledger, database, tmp_path):
    """Two processes of three writers and a reader each, killed at random, again and again, on one ledger."""
    chance = random.Random(20261122)
    acks, kills = [], KILLS[ledger.engine.dialect.name]
    with nursery(ledger, database) as start:
        for turn in range(0, kills, 2):
            paths = [tmp_path / f"acks-{turn}", tmp_path / f"acks-{turn + 1}"]
            found = kill_a_pair(start, paths, chance, at_work=bool(turn % 10))
            present(ledger, found)
            acks += found
            if turn % 10 == 0:
                assert verify(ledger, now=NOW).breaks == ()
    assert len(acks) > 5 * kills
    present(ledger, acks)
    assert verify(ledger, now=NOW).breaks == ()
    drive(ledger)


def present(ledger, acks):
    """Every acknowledged change is in the history and in the incident, at its version."""
    history = tables.history
    with ledger.reading() as connection:
        asked = select(history.c.version, history.c.key, history.c.act)
        written = {version: (key, act) for version, key, act in connection.execute(asked)}
        stands = {one.number: one for one in find.incidents(connection, Wanted(AREA))}
        photos = connection.execute(select(func.count()).select_from(tables.attachment)).scalar()
    for number, version, act, _key in acks:
        assert written[int(version)] == (number, act)
        assert stands[number].version >= int(version)
    assert len(stands) == photos
    assert len({version for _, version, _, _ in acks}) == len(acks)


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, and what mounts it anew: CI runs as root."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("mounting a disk needs root on Linux")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    yield place, lambda how: subprocess.run(["mount", "-o", f"remount,{how}", place], check=True)
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(ledger):
    """Report until the ledger says why it cannot."""
    for _ in range(20_000):
        try:
            report(ledger, text="三号楼前有垃圾堆放" * 100)
        except LedgerError as error:
            return str(error)
    raise AssertionError("the disk was never full")


def still_reads(ledger):
    with ledger.reading() as connection:
        count = find.count(connection, Wanted(AREA))
        assert len(find.incidents(connection, Wanted(AREA), order="oldest")) == count
    assert count
    assert verify(ledger, now=NOW).breaks == ()
    return count


def test_on_a_full_disk_the_error_is_clear_reading_goes_on_and_writing_too_once_there_is_room(disk):
    place, _ = disk
    ledger = open_ledger(place / "ledger")
    ballast = place / "ballast"
    ballast.write_bytes(b"0" * (1 << 20))
    said = fill(ledger)
    assert "disk of the ledger" in said
    assert "full" in said
    before = still_reads(ledger)
    with pytest.raises(LedgerError, match="No space left"):
        files.put(ledger.folder, b"x" * (1 << 20))
    assert not list(ledger.folder.rglob("*.part"))
    another = open_ledger(place / "ledger")
    assert still_reads(another) == before
    another.close()
    assert "full" in fill(ledger)
    ballast.unlink()
    report(ledger)
    assert still_reads(ledger) == before + 1
    ledger.close()
    again = open_ledger(place / "ledger")
    assert still_reads(again) == before + 1
    again.close()


def test_a_database_that_may_not_grow_says_that_the_disk_is_full(tmp_path):
    """The same where no disk can be mounted: SQLite itself refuses more pages."""
    from sqlalchemy import event

    ledger = open_ledger(tmp_path)
    report(ledger)

    @event.listens_for(ledger.engine, "checkout")
    def _limit(connection, _record, _proxy):
        connection.execute("PRAGMA max_page_count = 120")

    assert "The disk of the ledger is full" in fill(ledger)
    before = still_reads(ledger)
    event.remove(ledger.engine, "checkout", _limit)
    ledger.engine.dispose()
    report(ledger)
    assert still_reads(ledger) == before + 1
    ledger.close()


def refused(ledger):
    with pytest.raises(LedgerError, match="read-only") as caught:
        report(ledger)
    assert "reading goes on" in str(caught.value)


def test_on_a_read_only_disk_the_error_is_clear_and_reading_goes_on(disk):
    place, remount = disk
    ledger = open_ledger(place / "ledger")
    drive(ledger)
    ledger.close()
    remount("ro")
    ledger = open_ledger(place / "ledger")
    assert still_reads(ledger) == 1
    refused(ledger)
    assert still_reads(ledger) == 1
    with pytest.raises(LedgerError, match="cannot be written"):
        files.put(ledger.folder, b"x")
    remount("rw")
    report(ledger)
    assert still_reads(ledger) == 2
    ledger.close()


def test_a_ledger_whose_writer_was_killed_is_read_on_a_read_only_disk_too(disk):
    """What the killed process had confirmed lies in the journal, which a read-only disk cannot take in."""
    place, remount = disk
    code = f"""
import os, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from pathlib import Path
from ledgers import *
from ledger.store import open_ledger
drive(open_ledger(Path({str(place / "ledger")!r})))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=False)
    assert (place / "ledger" / "ledger.db-wal").stat().st_size
    remount("ro")
    ledger = open_ledger(place / "ledger")
    assert still_reads(ledger) == 1
    refused(ledger)
    ledger.close()
    remount("rw")
    ledger = open_ledger(place / "ledger")
    report(ledger)
    assert still_reads(ledger) == 2
    ledger.close()


def test_another_process_that_comes_and_goes_takes_no_journal_away(tmp_path):
    """Accounts and rooms open the ledger twice: the second must not let go of the locks of the first, or who leaves next takes the journal away."""
    first = open_ledger(tmp_path)
    report(first)
    second = open_ledger(tmp_path)
    other = "import sys; from pathlib import Path; from ledger.store import open_ledger; open_ledger(Path(sys.argv[1])).close()"
    subprocess.run([sys.executable, "-c", other, str(tmp_path)], cwd=ROOT, check=True)
    assert (tmp_path / "ledger.db-wal").exists()
    made = report(first)
    second.close()
    first.close()
    again = open_ledger(tmp_path)
    with again.reading() as connection:
        assert find.get(connection, AREA, made.number).number == made.number
    again.close()

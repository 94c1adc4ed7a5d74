"""The ledger: what is written together, what is refused, and what threads and processes do to it at the same time."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledgers import AREA, DEPARTMENT, DISPATCHER, HEAD, NOW, WORKER, case, do, drive, entry, report
from postgres import execute, fresh
from sqlalchemy import select, update

from geo.errors import Conflict, LedgerError, LifecycleError, UnknownIncident
from incidents.lifecycle import Act
from incidents.model import Status
from ledger import find, store, tables
from ledger.find import Wanted
from ledger.store import open_ledger
from ledger.verify import verify
from ledger.writing import Attached

ROOT = Path(__file__).parent.parent


def read(ledger, number, area=AREA):
    with ledger.reading() as connection:
        return find.get(connection, area, number)


def history(ledger, number, area=AREA):
    with ledger.reading() as connection:
        return find.entries(connection, area, number)


def test_a_report_is_read_back_as_it_was_written(ledger):
    made = report(ledger, unit=2.0, floor=11.0, restricted=True, edge_m=3.5)
    assert read(ledger, made.number) == made
    assert made.number == "LN-20261122-0001"
    assert made.version == ledger.version() == 1


def test_numbers_count_for_each_area_and_day(ledger):
    numbers = [
        report(ledger).number,
        report(ledger).number,
        report(ledger, at=NOW + timedelta(days=1)).number,
        report(ledger, area="mianfang").number,
    ]
    assert numbers == ["LN-20261122-0001", "LN-20261122-0002", "LN-20261123-0001", "LN-20261122-0001"]


def test_a_case_from_report_to_evaluation_has_a_history_of_every_act(ledger):
    done = drive(ledger)
    assert read(ledger, done.number) == done
    assert done.status is Status.EVALUATED
    entries = history(ledger, done.number)
    assert [row["act"] for row in entries] == ["report", "file", "dispatch", "accept", "feedback", "close", "evaluate"]
    assert [row["version"] for row in entries] == [1, 2, 3, 4, 5, 6, 7]
    assert entries[4]["data"]["text"] == "已清理"
    assert entries[2]["before"]["state"]["status"] == "filed"
    assert entries[2]["after"]["state"]["handler"] == DEPARTMENT.post


def test_what_people_wrote_never_enters_the_history(ledger):
    made = report(ledger, text="王某说三号楼漏水", title="漏水")
    do(ledger, made.number, Act.REFUSE, reason="不属于本区,王某知道")
    with ledger.reading() as connection:
        rows = connection.execute(select(tables.history)).mappings().all()
    assert not [row for row in rows if "王某" in json.dumps(dict(row), ensure_ascii=False)]
    assert history(ledger, made.number)[1]["data"]["reason"] == "不属于本区,王某知道"


def test_the_reason_of_a_wish_that_waits_is_kept_apart_too_and_carried_on(ledger):
    made = report(ledger)
    do(ledger, made.number, Act.FILE)
    do(ledger, made.number, Act.DISPATCH, handler=DEPARTMENT.post)
    until = (NOW + timedelta(days=9)).isoformat()
    asks = do(ledger, made.number, Act.ASK_SUSPENSION, DEPARTMENT, reason="王某不在家", until=until)
    reason = asks.state.asked["suspension"]["reason"]
    done = do(ledger, made.number, Act.SUSPEND, reason=reason, until=until)
    assert done.status is Status.SUSPENDED
    with ledger.reading() as connection:
        assert find.words(connection, AREA, made.number)[reason["ref"]] == "王某不在家"
        rows = [
            dict(row)
            for table in (tables.history, tables.incident)
            for row in connection.execute(select(table)).mappings()
        ]
    assert "王某" not in json.dumps(rows, ensure_ascii=False)
    assert [row["data"].get("reason") for row in history(ledger, made.number)[-2:]] == ["王某不在家"] * 2


def test_times_are_kept_as_they_are_read_back(ledger):
    made = report(ledger, at=NOW + timedelta(microseconds=1999))
    assert made.reported == NOW + timedelta(milliseconds=1)
    assert read(ledger, made.number) == made


def test_a_photo_is_named_by_the_history(ledger):
    made = report(ledger, photos=[Attached("a" * 64, "b" * 64, 4, 3)])
    assert history(ledger, made.number)[0]["data"]["photos"] == [
        {"sha256": "a" * 64, "thumbnail": "b" * 64, "kind": "before", "width": 4, "height": 3}
    ]


def test_an_act_that_the_rules_refuse_leaves_nothing(ledger):
    made = report(ledger)
    with pytest.raises(LifecycleError, match="close cannot be done"):
        do(ledger, made.number, Act.CLOSE)
    assert read(ledger, made.number) == made
    assert ledger.version() == 1


def test_an_incident_that_is_not_there_is_named(ledger):
    with pytest.raises(UnknownIncident, match="LN-1"):
        do(ledger, "LN-1", Act.FILE)


def test_an_act_that_moves_an_incident_moves_it_in_every_grid(ledger):
    made = report(ledger)
    moved = {**made.codes, "micro": "0306"}
    do(ledger, made.number, Act.REASSIGN, reason="归属更正", codes=moved, fields={"codes": moved, "text": "改"})
    with ledger.reading() as connection:
        assert not find.count(connection, Wanted(AREA, grid="micro", codes=frozenset({"0305"})))
        assert find.count(connection, Wanted(AREA, grid="micro", codes=frozenset({"0306"}))) == 1
        assert find.count(connection, Wanted(AREA, grid="grid", codes=frozenset({"41010200301"}))) == 1
    assert read(ledger, made.number).text == "改"


def test_an_undo_within_the_minute_puts_back_what_was_and_stays_on_record(ledger):
    made = report(ledger)
    do(ledger, made.number, Act.FILE)
    undone = do(ledger, made.number, Act.UNDO, at=NOW + timedelta(seconds=59))
    assert undone.status is Status.REPORTED
    assert [row["act"] for row in history(ledger, made.number)] == ["report", "file", "undo"]
    with pytest.raises(LifecycleError, match="undone already"):
        do(ledger, made.number, Act.UNDO, at=NOW + timedelta(seconds=59))


def test_an_undo_sees_what_the_same_work_did_before_it(ledger):
    made = report(ledger)

    def work(writing):
        writing.act(AREA, made.number, entry(Act.FILE))
        return writing.act(AREA, made.number, entry(Act.UNDO))

    assert ledger.change(work).status is Status.REPORTED
    assert read(ledger, made.number).status is Status.REPORTED


def test_one_work_may_report_and_act_and_relate(ledger):
    def work(writing):
        one = writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")
        photos = [Attached("a" * 64, "b" * 64, 4, 3)]
        two = writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122", photos=photos)
        writing.reporter(one, name="王*", phone="138****0000", caller="")
        writing.relate(AREA, two.number, one.number, "apart")
        writing.relate(AREA, two.number, one.number, "linked")
        writing.act(AREA, two.number, entry(Act.LINK, to=one.number))
        return one.number, two.number

    one, two = ledger.change(work)
    assert read(ledger, two).state.linked_to == one
    with ledger.reading() as connection:
        assert [photo["sha256"] for photo in find.photos(connection, AREA, two)] == ["a" * 64]
        assert find.related(connection, AREA, one) == {two: "linked"}
        assert connection.execute(select(tables.reporter.c.phone)).scalar() == "138****0000"
    ledger.change(lambda writing: writing.unrelate(AREA, one, two))
    with ledger.reading() as connection:
        assert not find.related(connection, AREA, one)


def test_a_work_sees_what_it_did_through_its_connection_after_a_flush(ledger):
    def work(writing):
        writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")
        before = find.count(writing.looking, Wanted(AREA))
        writing.flush()
        return before, find.count(writing.connection, Wanted(AREA))

    assert ledger.change(work) == (0, 1)


def test_a_work_that_raises_leaves_nothing_though_it_flushed(ledger):
    def work(writing):
        writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122", origin=("key", "a"))
        writing.flush()
        raise RuntimeError("thought better of it")

    with pytest.raises(RuntimeError, match="thought better"):
        ledger.change(work)
    assert ledger.version() == 0
    assert report(ledger, key="a").number == "LN-20261122-0001"


def test_a_work_that_begins_another_change_is_told_instead_of_waiting_for_itself(ledger):
    with pytest.raises(RuntimeError, match="one work"):
        ledger.change(lambda _writing: report(ledger))
    assert report(ledger).version == 1


def test_the_same_key_makes_one_incident(ledger):
    assert report(ledger, key="abc") == report(ledger, key="abc", text="again")
    assert ledger.version() == 1
    assert report(ledger, key="abd").number == "LN-20261122-0002"


def test_other_things_than_incidents_have_their_history_too(ledger):
    ledger.change(lambda writing: writing.enter(AREA, "view", "mine", "save", post=HEAD.post, at=NOW, after={"q": 1}))
    with ledger.reading() as connection:
        (row,) = find.entries(connection, AREA, "mine", subject="view")
    assert (row["act"], row["after"], row["at"]) == ("save", {"q": 1}, NOW)


def together(works):
    """Run works at the same time, each in a thread; what each returned or raised, in order."""
    found = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place, work):
        start.wait()
        try:
            found[place] = work()
        except Exception as error:  # noqa: BLE001  handed to the test
            found[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_twenty_threads_with_one_key_make_one_incident(ledger):
    made = together([lambda: report(ledger, key="same")] * 20)
    assert {incident.number for incident in made} == {"LN-20261122-0001"}
    assert ledger.version() == 1


def test_twenty_threads_get_twenty_versions_and_numbers_without_a_gap(ledger):
    made = [incident for found in (together([lambda: report(ledger)] * 20) for _ in range(3)) for incident in found]
    assert sorted(incident.version for incident in made) == list(range(1, 61))
    assert {incident.number for incident in made} == {f"LN-20261122-{n:04d}" for n in range(1, 61)}


def waiting_together(ledger, works):
    """Do works in one commit: they queue up behind a work that waits for them."""
    begun, queued = threading.Event(), threading.Event()

    def first(_writing):
        begun.set()
        assert queued.wait(30)

    def behind(work):
        assert begun.wait(30)
        return ledger.change(work)

    def all_queued():
        while len(ledger._waiting) < len(works):
            time.sleep(0.001)
        queued.set()

    threading.Thread(target=all_queued).start()
    return together([lambda: ledger.change(first), *(lambda work=work: behind(work) for work in works)])[1:]


def test_what_waits_is_committed_together_and_one_that_raises_takes_only_itself_back(ledger):
    commits = []
    attempt = ledger._try
    ledger._try = lambda jobs: commits.append(len(jobs)) or attempt(jobs)

    def writes(key, *, fails=False, flushes=False):
        def work(writing):
            made = writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122", origin=("key", key))
            if flushes:
                writing.flush()
            if fails:
                raise RuntimeError(key)
            return made

        return work

    found = waiting_together(
        ledger,
        [
            writes("a"),
            writes("b", fails=True),
            writes("c", flushes=True),
            writes("d", fails=True, flushes=True),
            writes("e"),
            writes("a"),
        ],
    )
    assert commits == [1, 6]
    assert [str(one) for one in found if isinstance(one, RuntimeError)] == ["b", "d"]
    made = [one for one in found if not isinstance(one, RuntimeError)]
    assert len({one.number for one in made}) == 3
    with ledger.reading() as connection:
        assert find.count(connection, Wanted(AREA)) == 3
    assert ledger.version() == 3


def test_what_the_database_refuses_of_one_work_is_refused_for_it_alone(ledger):
    def good(writing):
        return writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")

    def bad(writing):
        writing.connection.execute(update(tables.history).values(act="forged"))

    def worse(writing):
        return writing.report(case(text="\ud800"), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")

    report(ledger)  # a history that can be forged
    found = waiting_together(ledger, [good, bad, good, worse, good])
    assert [type(one).__name__ for one in found] == [
        "Incident",
        "LedgerError",
        "Incident",
        "UnicodeEncodeError",
        "Incident",
    ]
    assert "append-only" in str(found[1])
    assert ledger.version() == 4


def test_what_waited_behind_an_interruption_is_not_taken_for_done(ledger):
    """The batch is refused because of the first work; doing them one by one is interrupted before the second."""
    tries = []

    def interrupted(writing):
        tries.append(1)
        if len(tries) > 1:
            raise KeyboardInterrupt
        writing.connection.execute(update(tables.history).values(act="forged"))

    report(ledger)
    jobs = [store._Job(interrupted), store._Job(report_in)]
    with pytest.raises(KeyboardInterrupt):
        ledger._commit(jobs)
    for job in jobs:
        with pytest.raises(LedgerError, match="interrupted"):
            job.result()
    assert ledger.version() == 1


def report_in(writing):
    return writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")


def test_two_writers_who_saw_the_same_version_cannot_both_win(ledger):
    made = report(ledger)
    works = [
        lambda: do(ledger, made.number, Act.FILE, expected=1),
        lambda: do(ledger, made.number, Act.NOTE, text="x", expected=1),
    ]
    found = together(works)
    (lost,) = [one for one in found if isinstance(one, Conflict)]
    assert (lost.number, lost.expected, lost.found) == (made.number, 1, 2)


def test_a_reader_sees_one_moment_while_others_write(ledger):
    report(ledger)
    with ledger.reading() as connection:
        before = find.count(connection, Wanted(AREA))
        together([lambda: report(ledger)] * 5)
        assert find.count(connection, Wanted(AREA)) == before == 1
    with ledger.reading() as connection:
        assert find.count(connection, Wanted(AREA)) == 6


FOLLOW = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from ledgers import *
from ledger.store import open_ledger
from ledger import find
from ledger.find import Wanted
ledger = open_ledger(Path({folder!r}), {url!r}, migrate=False)
"""


def process(ledger, url, body):
    """A process of its own on the same ledger."""
    head = FOLLOW.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(ledger.folder), url=url)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", head + body],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def test_a_reader_that_follows_misses_nothing_of_slow_writers(ledger, database):
    """Slow writers in threads and in another process hold their transaction open between taking a version and committing it."""
    writer = process(
        ledger,
        database,
        """
for n in range(15):
    def slow(writing):
        made = writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")
        writing.flush()
        time.sleep(0.01)
        return made
    print(ledger.change(slow).number, flush=True)
ledger.close()
""",
    )
    seen, since, stop = [], 0, threading.Event()

    def follow():
        nonlocal since
        while True:
            last = stop.is_set()
            with ledger.reading() as connection:
                rows = find.rows(connection, Wanted(AREA, after_version=since), columns=("number", "version"))
                since = store.read_head(connection).version
            seen.extend(row["number"] for row in rows)
            if last:
                return

    def slow():
        def work(writing):
            made = writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")
            writing.flush()
            time.sleep(0.01)
            return made

        return [ledger.change(work).number for _ in range(5)]

    reader = threading.Thread(target=follow)
    reader.start()
    made = [number for numbers in together([slow] * 3) for number in numbers]
    said, _ = writer.communicate(timeout=60)
    stop.set()
    reader.join(30)
    made += said.split()
    assert len(made) == 30
    assert sorted(seen) == sorted(made)


def test_of_two_processes_that_race_for_one_version_exactly_one_wins(ledger, database):
    numbers = [report(ledger).number for _ in range(5)]
    racers = [
        process(
            ledger,
            database,
            f"""
from geo.errors import Conflict
print("ready", flush=True)
for number, version in zip({numbers!r}, range(1, 6)):
    sys.stdin.readline()
    try:
        do(ledger, number, Act.FILE, expected=version)
        print("won", flush=True)
    except Conflict as error:
        print("lost", flush=True)
ledger.close()
""",
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    outcomes = []
    for _ in numbers:
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        outcomes.append(sorted(racer.stdout.readline().strip() for racer in racers))
    for racer in racers:
        racer.communicate(timeout=30)
    assert outcomes == [["lost", "won"]] * 5
    assert ledger.version() == 10


def test_a_second_process_takes_the_next_number(ledger, database):
    report(ledger)
    with process(ledger, database, "print(report(ledger).number)\nledger.close()\n") as other:
        assert other.stdout.read().strip() == "LN-20261122-0002"
    assert report(ledger).number == "LN-20261122-0003"


def test_the_ledger_and_its_key_are_for_their_owner_alone(tmp_path):
    ledger = open_ledger(tmp_path / "var" / "ledger")
    report(ledger)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in ledger.folder.iterdir()}
    ledger.close()
    assert oct((tmp_path / "var" / "ledger").stat().st_mode & 0o777) == "0o700"
    assert set(modes.values()) == {"0o600"}
    assert {"ledger.db", "ledger.key"} <= set(modes)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="BATTLEMAP_DATA_DIR"):
        open_ledger(tmp_path / "file" / "ledger")


@pytest.mark.parametrize(
    ("url", "said"),
    [("nonsense", "no address"), ("mysql://root@localhost/x", "knows PostgreSQL and SQLite")],
)
def test_an_address_that_is_none_is_named(tmp_path, url, said):
    with pytest.raises(LedgerError, match=said):
        open_ledger(tmp_path, url)


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    with pytest.raises(LedgerError, match="does not answer") as caught:
        open_ledger(tmp_path, "postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_two_consoles_count_on_where_the_other_left_and_know_its_origins(tmp_path, database):
    one, other = (open_ledger(tmp_path / "ledger", database) for _ in range(2))
    made = [report(each, key=key) for each, key in ((one, "a"), (other, "b"), (one, "c"), (other, "a"), (one, "b"))]
    assert [case.number[-4:] for case in made] == ["0001", "0002", "0003", "0001", "0002"]
    assert verify(one, now=NOW).breaks == ()
    for each in (one, other):
        each.close()


def test_what_a_work_that_failed_had_counted_is_counted_again(ledger):
    def failing(writing):
        writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122", origin=("key", "a"))
        writing.flush()
        raise ValueError("nothing of it stands")

    report(ledger)
    with pytest.raises(ValueError, match="stands"):
        ledger.change(failing)
    assert [report(ledger, key="a").number[-4:], report(ledger).number[-4:]] == ["0002", "0003"]


def test_origins_that_are_announced_are_found_as_others_are(ledger):
    made = report(ledger, key="a")
    asked = [(AREA, "key", "a"), (AREA, "key", "b"), ("elsewhere", "key", "a")]
    found = ledger.change(lambda writing: [writing.find(*origin) for origin in asked], origins=asked)
    assert found == [made, None, None]


def test_a_connection_that_was_cut_while_it_rested_is_replaced(tmp_path, postgres, migrated, monkeypatch):
    url = fresh(postgres, migrated)
    ledger = open_ledger(tmp_path, url)
    report(ledger)
    name = url.partition("?")[0].rpartition("/")[2]
    execute(postgres, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    monkeypatch.setattr(store, "IDLE", 0)
    report(ledger)
    assert ledger.version() == 2
    ledger.close()


def test_a_connection_that_is_cut_at_work_is_named_and_the_next_one_works(tmp_path, postgres, migrated):
    url = fresh(postgres, migrated)
    ledger = open_ledger(tmp_path, url)
    name = url.partition("?")[0].rpartition("/")[2]

    def cut(writing):
        writing.report(case(), entry(Act.REPORT, WORKER), prefix="LN", day="20261122")
        execute(postgres, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    with pytest.raises(LedgerError, match="connection"):
        ledger.change(cut)
    ledger.engine.dispose()
    assert report(ledger).version == 1
    ledger.close()


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "ledger.db").write_text("this is a text of some length, and no database at all. " * 40)
    with pytest.raises(LedgerError, match="damaged"):
        open_ledger(tmp_path)


def test_a_closed_mark_shows_as_the_shift_has_it(ledger):
    made = report(ledger, act=Act.SELF_CLEAR, by=HEAD, data={"photo": "a" * 64})
    assert made.state.handlers == (HEAD.post,)
    with ledger.reading() as connection:
        for shift, mark in ((NOW - timedelta(hours=1), "yellow"), (NOW + timedelta(hours=1), "green")):
            assert find.counts_by(connection, Wanted(AREA, shift=shift), "mark") == {mark: 1}
            assert find.count(connection, Wanted(AREA, shift=shift, marks=frozenset({mark}))) == 1
    assert replace(made, version=0) != made
    assert DISPATCHER.post not in made.state.handlers

"""Phones and a console that dies under them: whatever was cut off, the same sent again makes one case of each thing, under the number that was given first."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from accounts import account, quick_rules, signed_in
from console_server import ended, started
from phones import Phone
from rooms import NOON, room_of, shipped

from ledger.store import open_ledger
from ledger.verify import verify

ROOT = Path(__file__).parent.parent
LEAF = "41010299900100101"
COOKIE = "battlemap_session"
# A process that has imported everything, and forks a phone for each line that it reads: where it dies, and what it sends. It dies before the commit of that, or
# after it and before anybody heard of it; or goes on, and says what it heard.
NURSERY = r"""
import json, os, signal, sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from phones import Phone
from rooms import room_of, shipped
from ledger.store import Ledger

area, whole = shipped("longnan"), Ledger.change

def dying(where):
    def change(ledger, work, **options):
        def dies(writing):
            work(writing)
            os.kill(os.getpid(), signal.SIGKILL)
        found = whole(ledger, dies if where == "before" else work, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return found
    return change

for line in sys.stdin:
    where, folder, item = json.loads(line)
    child = os.fork()
    if child:
        print(json.dumps(["ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]), flush=True)
        continue
    room = room_of(area, Path(folder))
    if where != "on":
        Ledger.change = dying(where)
    for found in Phone(room, part="micro:{leaf}").send(item):
        print(json.dumps([found.state.value, found.number]), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def nursery():
    """Yields what lets a phone send something, and returns what it said and how it ended."""
    code = NURSERY.format(root=str(ROOT), tests=str(ROOT / "tests"), leaf=LEAF)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mother:

        def run(where, folder, item):
            mother.stdin.write(json.dumps([where, str(folder), item]) + "\n")
            mother.stdin.flush()
            said = []
            while not said or said[-1][0] != "ended":
                said.append(json.loads(mother.stdout.readline()))
            return said[:-1], said[-1][1]

        yield run


def rows(folder, table="incident"):
    with sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True, timeout=30) as connection:
        found = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    return found


def holds(folder):
    ledger = open_ledger(folder)
    try:
        return verify(ledger, now=NOON).breaks == ()
    finally:
        ledger.close()


@pytest.mark.parametrize("photo", [False, True], ids=["words", "photo"])
def test_a_process_that_dies_at_the_commit_leaves_all_of_a_thing_or_nothing(nursery, tmp_path, photo):
    room = room_of(shipped("longnan"), tmp_path)
    phone = Phone(room, part=f"micro:{LEAF}")
    item = {**phone.report(grid=LEAF), "photos": [phone.photo()] if photo else []}
    room.ledger.close()
    assert nursery("before", tmp_path, item) == ([], -signal.SIGKILL)
    assert rows(tmp_path) == rows(tmp_path, "sent") == rows(tmp_path, "attachment") == []
    assert nursery("after", tmp_path, item) == ([], -signal.SIGKILL)
    assert [len(rows(tmp_path, name)) for name in ("incident", "sent", "attachment")] == [1, 1, int(photo)]
    number = rows(tmp_path)[0][2]
    for _ in range(2):
        assert nursery("on", tmp_path, item) == ([["done", number]], 0)
    assert len(rows(tmp_path)) == 1
    assert holds(tmp_path)
    assert not [path for path in (tmp_path / "staged").rglob("*") if path.is_file()]


class Wire:
    """A phone at a console that really runs."""

    def __init__(self, address, cookie):
        self.address, self.cookie = address, cookie

    def ask(self, path, body=None, method="GET"):
        headers = {"cookie": f"{COOKIE}={self.cookie}", "origin": self.address, "content-type": "application/json"}
        asked = urllib.request.Request(f"{self.address}{path}", body, headers, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.loads(answer.read())

    def send(self, items):
        body = json.dumps({"clock": datetime.now(UTC).isoformat(), "items": items}).encode()
        return self.ask("/field/longnan/send", body, "POST")["items"]


def written(grid, post, count):
    """So many things: reports, each with a note."""
    west, south, east, north = grid["bounds"]
    found = []
    for number in range(count):
        spot = {"class_": "06010", "lon": (west + east) / 2, "lat": (south + north) / 2, "text": f"第{number}件"}
        common = {"at": datetime.now(UTC).isoformat(), "as": post, "photos": []}
        key = str(uuid4())
        found.append({**common, "key": key, "do": "report", "data": spot})
        found.append(
            {**common, "key": str(uuid4()), "do": "note", "case": {"key": key}, "data": {"text": f"第{number}条"}}
        )
    return found


@pytest.fixture
def house(tmp_path):
    """What a console that can be killed and started again needs."""
    var = tmp_path / "var"
    environ = {"BATTLEMAP_DATA_DIR": str(var), "BATTLEMAP_RULES": str(quick_rules(tmp_path)), "BATTLEMAP_DEMO": "off"}
    var.mkdir()
    return tmp_path, var, environ


def test_a_console_that_is_killed_while_it_answers_is_sent_the_same_again(house):
    folder, var, environ = house
    process, address = started(folder, **environ)
    cookie = signed_in(var, "worker", f"longnan:micro:{LEAF}")
    listed = Wire(address, cookie).ask("/field/longnan/data")
    items = written(listed["area"]["grids"][0], listed["who"]["posts"][0]["key"], 40)
    heard, known = {}, {}
    cut_off(process, Wire(address, cookie), items, var, heard)
    assert 0 < len(rows(var, "sent")) < len(items), "it died too early or too late"
    process, address = started(folder, **environ)
    for _ in range(2):
        for answer in Wire(address, cookie).send(items):
            assert answer["state"] == "done"
            assert known.setdefault(answer["key"], answer["number"]) == answer["number"]
    ended(process)
    assert heard.items() <= known.items()
    assert len(rows(var)) == 40
    assert len(rows(var, "sent")) == 80
    assert holds(var)


def cut_off(process, wire, items, var, heard):
    """Send everything, and kill the console when a tenth of it is written; what was heard is noted."""
    before = len(rows(var, "sent"))
    killer = threading.Thread(target=kill_at, args=(process, var, before + (len(items) - before) // 10))
    killer.start()
    with suppress(OSError, json.JSONDecodeError):  # the answer is lost
        heard |= {one["key"]: one["number"] for one in wire.send(items)}
    killer.join()
    process.communicate(timeout=60)


def kill_at(process, var, count):
    end = time.monotonic() + 60
    while len(rows(var, "sent")) < count and time.monotonic() < end:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)


def test_forty_phones_that_come_back_at_once_lose_and_double_nothing(house):
    """Ten accounts with four phones each, all of which send twice, for the first answer came too late."""
    folder, var, environ = house
    process, address = started(folder, **environ)
    names = [f"worker-{number}" for number in range(10)]
    for name in names:
        account(var, "worker", f"longnan:micro:{LEAF}", name)
    cookies = [signed_in(var, "worker", f"longnan:micro:{LEAF}", name=name) for name in names]
    listed = Wire(address, cookies[0]).ask("/field/longnan/data")
    days = [written(listed["area"]["grids"][0], listed["who"]["posts"][0]["key"], 2) for _ in range(40)]
    answers = [[] for _ in days]

    def come_back(place):
        wire = Wire(address, cookies[place % 10])
        answers[place] = [
            {one["key"]: (one["state"], one["number"]) for one in wire.send(days[place])} for _ in range(2)
        ]

    threads = [threading.Thread(target=come_back, args=(place,)) for place in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended(process)
    assert all(len(answer) == 2 and answer[0] == answer[1] for answer in answers)
    told = {key: number for first, _ in answers for key, (state, number) in first.items() if state == "done"}
    assert len(told) == 160
    assert len(set(told.values())) == len(rows(var)) == 80
    assert len(rows(var, "sent")) == 160
    assert holds(var)

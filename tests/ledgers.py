"""Small incidents for tests of the ledger, straight through its rules, without net and pack."""

import json
import random
from datetime import UTC, datetime, timedelta

from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind
from incidents.model import OPEN, Status
from incidents.within import workers
from ledger import statements
from ledger.rows import from_row, to_row
from ledger.store import optimise

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
AREA = "longnan"
WORKER = By("worker:micro:0305", PostKind.WORKER)
HEAD = By("head:micro:0305", PostKind.HEAD)
DISPATCHER = By("dispatcher::", PostKind.DISPATCHER)
DEPARTMENT = By("department::城管执法中队", PostKind.DEPARTMENT)
OPENED = sorted(OPEN - {Status.SUSPENDED})
DONE = sorted(frozenset(Status) - OPEN)
CODES = {"street": "410102", "community": "410102003", "grid": "41010200301", "micro": "0305", "dedicated": ""}


def case(**changed):
    """An incident as it is handed to the ledger."""
    given = {
        "area": AREA,
        "class_": "env.litter",
        "major": "env",
        "reported": NOW,
        "lon": 113.65,
        "lat": 34.76,
        "state": CaseState(Status.REPORTED),
        "title": "垃圾堆放",
        "text": "三号楼前有垃圾堆放",
        "address": "龙南街道三号楼",
        "codes": CODES,
        "post": HEAD.post,
    }
    return Incident(**{**given, **changed})


def entry(act, by=DISPATCHER, at=NOW, **data):
    return Entry(act, by, at, data)


def report(ledger, *, key=None, by=WORKER, at=NOW, act=Act.REPORT, data=None, photos=(), **changed):
    """Report an incident, durably."""
    made = case(**{"reported": at, **changed})
    origin = ("key", key) if key else None
    return ledger.change(
        lambda writing: writing.report(
            made,
            Entry(act, by, at, {"level": "micro", **(data or {})}),
            prefix="LN",
            day=f"{at:%Y%m%d}",
            origin=origin,
            photos=photos,
        )
    )


def do(ledger, number, act, by=DISPATCHER, at=NOW, *, expected=None, fields=None, area=AREA, **data):
    """Do an act to an incident, durably."""
    done = Entry(act, by, at, data)
    return ledger.change(lambda writing: writing.act(area, number, done, expected=expected, **(fields or {})))


def drive(ledger, *, start=NOW, key=None):
    """One incident from report to evaluation, an hour for each act."""
    made = report(ledger, key=key, at=start)
    acts = (
        (Act.FILE, DISPATCHER, {}),
        (Act.DISPATCH, DISPATCHER, {"handler": DEPARTMENT.post, "due": (start + timedelta(days=2)).isoformat()}),
        (Act.ACCEPT, DEPARTMENT, {}),
        (Act.FEEDBACK, DEPARTMENT, {"text": "已清理"}),
        (Act.CLOSE, HEAD, {}),
        (Act.EVALUATE, DISPATCHER, {"rating": "good"}),
    )
    for hour, (act, by, data) in enumerate(acts, 1):
        made = do(ledger, made.number, act, by, start + timedelta(hours=hour), **data)
    return made


def bulk(ledger, count, *, seed=1, area=AREA, start=NOW, micros=700, still_open=0.03):
    """Many incidents straight into the tables, one a minute backwards from ``start``; without history, for plans and speed."""
    chance = random.Random(seed)
    with ledger.alone() as connection:
        for first in range(0, count, 10_000):
            numbers = range(first + 1, min(first + 10_000, count) + 1)
            made = [_bulk_row(number, chance, area, start, micros, still_open) for number in numbers]
            grids = [
                {"incident": row["id"], "key": key, "code": code, "area": area, "reported": row["reported"]}
                for row in made
                for key, code in json.loads(row["codes"]).items()
            ]
            posts = [
                {"incident": row["id"], "post": post, "area": area, "reported": row["reported"]}
                for row in made
                for post in workers(from_row(row))
            ]
            for table, rows in (("incident", made), ("incident_grid", grids), ("incident_post", posts)):
                statements.inserting(table, tuple(rows[0]))(connection, rows)
    optimise(ledger)


def _bulk_row(number, chance, area, start, micros, still_open):  # noqa: PLR0917
    is_open = chance.random() < still_open
    status = chance.choice(OPENED) if is_open else chance.choice(DONE)
    micro = chance.randrange(micros)
    codes = {"community": f"c{micro // 100}", "grid": f"g{micro // 10:02d}", "micro": f"m{micro:03d}"}
    major = chance.randrange(8)
    reported = start - timedelta(minutes=number)
    handler = f"department::{chance.randrange(20)}" if is_open and status is not Status.FILED else ""
    times = {} if is_open else {"close": reported + timedelta(hours=5)}
    due = reported + timedelta(hours=40) if is_open else None
    handlers = tuple(dict.fromkeys(filter(None, (handler, *_handled(number, micros)))))
    state = CaseState(status, handler=handler, handlers=handlers, level="micro", due=due, times=times)
    made = case(
        area=area,
        number=f"LN-{reported:%Y%m%d}-{number}",
        class_=f"m{major}.c{chance.randrange(6)}",
        major=f"m{major}",
        reported=reported,
        lon=113.6 + chance.random() / 10,
        lat=34.7 + chance.random() / 10,
        codes=codes,
        post=f"head:micro:m{micro:03d}",
        state=state,
        version=number,
    )
    return {"id": number, **to_row(made)}


def _handled(number, micros):
    """Return who handled a case before: two of five a department, one of fifty a head, of fifty another worker, mostly of another grid."""
    if number % 5 < 2:
        yield f"department::{number // 5 % 20}"
    if number % 50 == 2:
        yield f"head:grid:g{number // 50 % max(micros // 10, 1):02d}"
    if number % 50 == 3:
        yield f"worker:micro:m{number // 50 % micros:03d}"

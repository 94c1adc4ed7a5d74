"""Small incidents for tests of the ledger, straight through its rules, without net and pack."""

from datetime import UTC, datetime, timedelta

from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind
from incidents.model import Status

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
AREA = "longnan"
WORKER = By("worker:micro:0305", PostKind.WORKER)
HEAD = By("head:micro:0305", PostKind.HEAD)
DISPATCHER = By("dispatcher::", PostKind.DISPATCHER)
DEPARTMENT = By("department::城管执法中队", PostKind.DEPARTMENT)
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

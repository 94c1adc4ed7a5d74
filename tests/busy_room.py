"""Rooms in which things happen: incidents of every state, at random, from a seed; one ledger, and an area of its own for each room."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import numpy as np
from rooms import DISPATCHER

from desk.room import Room
from geo.errors import LifecycleError
from incidents.case import Incident
from incidents.lifecycle import Act, CaseState, Entry
from incidents.model import MARK, Channel, Mark, Status

CLASSES = ("06010", "01003", "L3001", "L5001", "litter")  # two of them restricted, one of no directory
HANDLERS = (
    "head:third:1",
    "head:third:2",
    "head:third:3",
    "worker:micro:1-02",
    "worker:micro:3-04",
    "worker:micro:3-04b",
    "worker:dedicated:专1",
    "department::城市管理",
)
DAY, HOURS = 24 * 3600, 5 * 3600
SECONDS = 12 * DAY  # before now in which things happened


class Busy:
    """A room, and what happens in it."""

    def __init__(self, template: Room, name: str, seed: int, count: int, now: datetime) -> None:
        self.room = Room(replace(template.area, id=name), template.rules, template.ledger)
        self.random = Random(seed)
        self.room.ledger.change(lambda writing: [self._new(writing, now) for _ in range(count)])

    def happen(self, now, count=3):
        """Let some things happen: reports, and acts to what is there."""
        self.room.ledger.change(lambda writing: [self._one(writing, now) for _ in range(count)])

    def report(self, now):
        """Let one case be reported; return it."""
        return self.room.ledger.change(lambda writing: self._new(writing, now, fresh=True))

    def pour(self, now, count):
        """Let so many cases be reported at once."""
        self.room.ledger.change(lambda writing: [self._new(writing, now, fresh=True) for _ in range(count)])

    def _one(self, writing, now):
        numbers = [number for area, number in self.numbers() if area == self.room.id]
        if not numbers or self.random.random() < 0.3:
            return self._new(writing, now, fresh=True)
        act, data, changed = self.random.choice(
            [
                (Act.FILE, {}, {}),
                (
                    Act.DISPATCH,
                    {"handler": self.random.choice(HANDLERS), "due": (now + timedelta(minutes=7)).isoformat()},
                    {},
                ),
                (Act.CANCEL, {"reason": "x"}, {}),
                (Act.REOPEN, {"reason": "x"}, {}),
                (Act.SELF_CLEAR, {"photo": True}, {}),
                (Act.CORRECT, {"reason": "x"}, {"class_": "L3001", "major": "L3", "restricted": True}),
                (Act.CORRECT, {"reason": "x"}, {"class_": "06010", "major": "06", "restricted": False}),
            ]
        )
        entry = Entry(act, DISPATCHER, now, data)
        try:
            return writing.act(self.room.id, self.random.choice(numbers), entry, **changed)
        except LifecycleError:
            return None

    def numbers(self):
        """Return area and number of everything that was written."""
        with self.room.ledger.reading() as connection:
            return [(row["area"], row["number"]) for row in find_all(connection, self.room)]

    def _ago(self):
        """Return how many seconds ago something happened: often lately, and often about a day ago, when it leaves the period."""
        return self.random.randrange(*self.random.choice(((SECONDS,), (HOURS,), (DAY - 2 * HOURS // 5, DAY))))

    def _new(self, writing, now, *, fresh=False):
        random, directory = self.random, self.room.rules.directory
        status = random.choice(list(Status))
        then = now - timedelta(seconds=0 if fresh else self._ago())
        ended = (
            then if fresh else min(now, then + timedelta(seconds=random.randrange(random.choice((60, HOURS, SECONDS)))))
        )
        class_ = random.choice(CLASSES)
        known = directory.classes.get(class_)
        west, south, east, north = self.room.area.net.bounds
        lon, lat = random.uniform(west, east), random.uniform(south, north)
        codes = self.room.area.net.assign(np.array([lon]), np.array([lat])).iloc[0]
        data = {"status": status.value}
        if random.random() < 0.4:
            data["handler"] = random.choice(HANDLERS)
        if MARK[status] is Mark.RED:
            data["due"] = (now + timedelta(minutes=random.randrange(-600, 120))).isoformat()
        elif MARK[status] is not None and random.random() < 0.9:
            act = Act.SELF_CLEAR if status is Status.SELF_CLEARED else Act.CLOSE
            data["times"] = {act.value: ended.isoformat()}
        above = self.room.area.net.levels[-2].key
        post = f"head:{above}:{codes[above]}"
        made = Incident(
            area=self.room.id, class_=class_, major=known.major if known else "", reported=then, lon=lon, lat=lat,
            state=CaseState(Status.REPORTED), channel=random.choice(list(Channel)), demo=random.random() < 0.2, title=f"事件 {random.randrange(1000)}", address=random.choice(("中山路", "棉纺路")),
            codes={key: str(codes[key]) for key in self.room.area.net.keys}, post=post,
            restricted=bool(known and known.restricted),
        )  # fmt: skip
        return writing.report(made, Entry(Act.IMPORT, DISPATCHER, now, data), prefix="B", day="20261120")


def find_all(connection, room):
    from ledger import find

    return find.rows(connection, room.wanted(), columns=("area", "number"))

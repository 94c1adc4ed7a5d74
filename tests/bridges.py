"""Two consoles of one area for tests, each with a ledger of its own, that know of each other by files alone."""

import shutil
from dataclasses import replace
from datetime import timedelta
from itertools import count

from phones import Phone, jpeg
from rooms import DISPATCHER, NOON, room_of

from desk.acts import Doing, do
from desk.bridge import crossing, keys
from desk.reports import Draft, report
from desk.room import Room
from incidents.lifecycle import Act
from ledger import find
from ledger.bridge import Side
from ledger.find import Wanted
from ledger.verify import verify

LEAF, GRID = "41010299900100101", "410102999001001"
WORKER, HEAD = f"worker:micro:{LEAF}", f"head:grid:{GRID}"


NAMES = count()


def consoles(area, folder, inner=""):
    """Return an inner and an outer console with nothing in them; ``inner`` is the address of the inner one's database."""
    return room_of(area, folder / "inside", inner), room_of(area, folder / "outside")


class Bridge:
    """The two consoles, the folders between them, and a clock that both follow; of an area of its own, so that tests share ledgers."""

    def __init__(self, pair, folder, *, joined=True):
        name = f"bridge{next(NAMES)}"
        self.inside, self.outside = (Room(replace(room.area, id=name), room.rules, room.ledger) for room in pair)
        self.folder, self.now, self._count = folder / name, NOON, count()
        if joined:
            self.join()
        self.phone = Phone(self.outside, part=f"micro:{LEAF}", at=self.now)

    def later(self, **span):
        self.now += timedelta(**(span or {"minutes": 2}))
        self.phone.at = self.now

    def join(self, *sides):
        """Join both consoles; or one of them, again, as after it was restored from a backup."""
        for one, other, side in (
            (self.inside, self.outside, Side.INSIDE),
            (self.outside, self.inside, Side.OUTSIDE),
        ):
            if not sides or side in sides:
                crossing.join(one, keys.own(other.ledger.folder).public, side, self.now)

    def out(self, room, **said):
        """Write a batch; returns its file, or None."""
        made = crossing.write(room, self.folder / f"way{next(self._count)}", self.now, **said)
        return made and made.file

    def take(self, room, file):
        """Take a file in; returns what became of it."""
        return crossing.take_all(room, file, self.now)[0]

    def up(self):
        """Carry what people did outside to the inside."""
        self.later()
        file = self.out(self.outside)
        return file and self.take(self.inside, file)

    def down(self):
        """Carry what was decided inside to the outside."""
        self.later()
        file = self.out(self.inside)
        return file and self.take(self.outside, file)

    def copy(self, file):
        """Return another copy of a file."""
        return shutil.copy(file, self.folder / f"copy{next(self._count)}-{file.name}")

    def report(self, **said):
        """Report something from the phone; returns its key and its number outside."""
        item = self.phone.report(grid=LEAF, **said)
        (made,) = self.phone.send(item)
        assert made.number, made
        return item["key"], made.number

    def room_report(self, room=None):
        """Report something at the desk of a console."""
        lon, lat = self.phone.place(LEAF)
        draft = Draft(class_="06010", lon=lon, lat=lat, text=f"电话报 {next(NAMES)}")
        return report(room or self.inside, draft, DISPATCHER, self.now)

    def act(self, do_, number, *, photos=(), **data):
        (done,) = self.phone.send(self.phone.item(do_, case=number, photos=photos, **data))
        return done

    def decide(self, number, *acts):
        """Let the command room do some acts, each with its data."""
        for act, data in acts:
            self.later()
            do(self.inside, Doing(number, act, data), DISPATCHER, self.now)

    def dispatched(self, number):
        self.decide(number, (Act.FILE, {}), (Act.DISPATCH, {"handler": WORKER}))

    def photo(self, shade=100):
        return self.phone.photo(jpeg(shade))

    def cases(self, room):
        with room.ledger.reading() as connection:
            return find.incidents(connection, Wanted(room.id), order="oldest")

    def holds(self):
        """Both ledgers hold."""
        for room in (self.inside, self.outside):
            assert verify(room.ledger, now=self.now).breaks == ()

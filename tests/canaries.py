"""Canaries: cases each of whose words is of that case alone, so that whatever is heard of one says of which, and how much."""

import re
from datetime import timedelta
from hashlib import sha256

from accounts import signed_in
from brute import cases_of, sees
from busy_room import Busy
from rooms import DISPATCHER, room_of
from small_pack import MANIFEST, TOWER, write_small_pack

from desk.access.permissions import permissions_of
from incidents.access import IN_A_GRID, Role, Scope, Who
from incidents.lifecycle import Act, Entry, PostKind
from incidents.model import OPEN
from incidents.posts import post_key
from incidents.rota import Role as Duty
from incidents.rota import Shift
from layers.load import load
from ledger import files, find, outbox, rota
from ledger.outbox import Message, State
from ledger.writing import Attached

AREA, DEPARTMENT = "small", "城市管理"
WORD = re.compile(
    rb"K(?:title|text|place|reply|photo|small|errand|door)\d{3}Z|K1-Q\d{3}Z|(?:B|\xe5\x8d\x95)-\d{8}-\d{4,}|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"
)
LEAVES = ("1-01", "1-02", "2-01", "2-03", "3-01", "3-04a", "3-04b", "3-04c")
GRIDS = (
    "community:C1", *(f"third:{n}" for n in (1, 2, 3, "gone")), "micro:1-01", "micro:1-02", "micro:2-01", "micro:2-03",
    "micro:3-01", "micro:3-02", f"micro:{TOWER}", *(f"micro:{TOWER}{n}" for n in "abc"), "dedicated:专1", "dedicated:专2",
)  # fmt: skip
POSTS = ("dispatcher::", "inspector::", "head:third:1", "head:third:2", "head:micro:3-01", f"department::{DEPARTMENT}")
DAY, DUTIES = timedelta(days=1), (Role.HEAD, Role.WORKER)
WIDE = (Role.DISPATCHER, Role.INSPECTOR, Role.ANALYST)


def words_in(said):
    """Return every canary in bytes or text: words, numbers, and names of files."""
    return {word.decode() for word in WORD.findall(said if isinstance(said, bytes) else str(said).encode())}


def drawn(random):
    """Draw a role and the part of the area that it sees, "" for all of it."""
    role = random.choice([*IN_A_GRID, *IN_A_GRID, Role.DEPARTMENT, *WIDE])
    if role is Role.DEPARTMENT:
        return role, f"department:{random.choice([DEPARTMENT, DEPARTMENT, '没有这个部门'])}"
    return role, random.choice(GRIDS if role in IN_A_GRID else ("", *GRIDS))


def asker(role, part="", account="a1"):
    """Somebody of a role whose scope is a part of the area."""
    return permissions_of(None).given(Who(account, role.value, role, Scope.read(scope_of(part)), "s1"))


def scope_of(part):
    """Return a scope as it is written: a part of the area, all of it, or ``*``."""
    return part if part == "*" else f"{AREA}:{part}" if part else AREA


class Flock(Busy):
    """A room full of canaries, over a ledger in a folder, with accounts to ask about them.

    Cases lie in all kinds of grids, were given to posts elsewhere, belong to departments, and some are of restricted classes; each has a photo.
    """

    def __init__(self, folder, now, *, seed=1, count=60, url=""):
        self.folder, self.now, self.tokens = folder / "ledger", now, {}
        pack = write_small_pack(folder / "packs" / AREA)
        (pack / "area.toml").write_text(MANIFEST.replace("archive = true\n", ""), encoding="utf-8")
        super().__init__(room_of(load(pack), self.folder, url), AREA, seed, count, now)
        self.marked = {case.number: f"{n:03}Z" for n, case in enumerate(cases_of(self.room))}
        self.room.ledger.change(lambda writing: [self._mark(writing, *one) for one in enumerate(cases_of(self.room))])

    def _mark(self, writing, n, case):
        """Give a case words and a photo of its own, and a place and posts at random."""
        store, random = self.room.ledger.folder, self.random
        leaf = random.choice(LEAVES)
        codes = {**self.room.codes_of(leaf), "dedicated": random.choice(["", "", "专1", "专2"])}
        shot = Attached(files.put(store, b"Kphoto%03dZ" % n), files.put(store, b"Ksmall%03dZ" % n), 1, 1)
        writing.act(
            AREA, case.number, Entry(Act.REPLY, DISPATCHER, self.now, {"text": f"Kreply{n:03}Z"}), photos=[shot],
            title=f"事件 Ktitle{n:03}Z", text=f"说 Ktext{n:03}Z", address=f"中山路 Kplace{n:03}Z", codes=codes,
            post=random.choice([f"head:third:{codes['third']}", f"head:micro:{leaf}", "head:third:2"]),
            informed=random.choice(["", "", f"department::{DEPARTMENT}"]),
            overdue_post=random.choice(["", "", "", f"department::{DEPARTMENT}"]),
        )  # fmt: skip

    def nobody_read(self):
        """Tell somebody of every open case what they did not read and nobody copied; whoever works in a grid is on duty."""
        told = [case for case in self.cases if case.status in OPEN]
        since, posts = (
            self.now - DAY,
            [post_key(PostKind(role.value), *grid.split(":")) for role in DUTIES for grid in GRIDS],
        )
        shifts = [Shift(since, self.now + DAY, Duty.NIGHT, post, "") for post in posts]

        def work(writing):
            rota.replace(writing, AREA, f"{since:%Y-%m-%d}", [], shifts, DISPATCHER, since)
            outbox.add(writing, [self._message(case, channel) for case in told for channel in outbox.INSIDE])

        self.room.ledger.change(work)

    def _message(self, case, channel):
        then = self.now - DAY
        return Message(AREA, case.version, "incident", case.number, "supervision", "head:third:2", "head:third:2", channel, then, then, then, State.SENT, then)  # fmt: skip

    @property
    def cases(self):
        return cases_of(self.room)

    @property
    def version(self):
        with self.room.ledger.reading() as connection:
            return find.version(connection, AREA)

    def parted(self, who):
        """Return the cases that somebody sees, and those that they do not."""
        found = {True: [], False: []}
        for case in self.cases:
            found[bool(sees(who, case))].append(case)
        return found[True], found[False]

    def words(self, cases):
        """Return all canaries of some cases."""
        return set().union(*(self.of(case) for case in cases))

    def of(self, case):
        """Return the canaries of a case."""
        mark = self.marked.get(case.number)  # none where a test reported it
        own = {f"K{kind}{mark}" for kind in ("title", "text", "place", "reply", "photo", "small") if mark}
        return {case.number, *own, *self.digests(case)}

    def digests(self, case):
        """Return the names of the files of a case."""
        with self.room.ledger.reading() as connection:
            photos = find.photos(connection, AREA, case.number)
        return {photo[name] for photo in photos for name in ("sha256", "thumbnail")}

    def token(self, role, part=""):
        """Return the cookie of somebody of a role and a part of the area; their account is made at the first time."""
        if (role, part) not in self.tokens:
            self.tokens[role, part] = signed_in(self.folder, role.value, scope_of(part), name=self.name(role, part))
        return self.tokens[role, part]

    @staticmethod
    def name(role, part=""):
        """Return the name of the account of somebody."""
        return f"{role.value}-{sha256(part.encode()).hexdigest()[:8]}"

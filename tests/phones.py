"""A phone of an account, for tests: what it writes down, and how it sends it."""

import hashlib
import io
import json
from datetime import timedelta
from uuid import UUID

from PIL import Image
from rooms import NOON

from desk.access.permissions import permissions_of
from desk.field import items
from desk.field.sending import send
from desk.field.staged import Staged
from desk.posts.acting import posts_of
from incidents.access import Role, Scope, Who


def who(area, role="worker", part="", account="a1"):
    scope = Scope.read(f"{area}:{part}" if part else area)
    return permissions_of(None).given(Who(account, account, Role(role), scope, "s1"))


def jpeg(shade=100):
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (shade % 256, 90, 120)).save(file, "JPEG")
    return file.getvalue()


def nothing():
    return None


class Phone:
    """What is written on it gets keys that a seed gives, so that a run can be done again."""

    def __init__(self, room, role="worker", part="micro:1-01", *, account="a1", at=NOON, chance=None):
        self.room, self.at, self._count, self._chance = room.seen_by(who(room.id, role, part, account)), at, 0, chance
        self.account = account
        posts = posts_of(self.room, self.room.who, at)
        self.post = posts[0].key if posts else ""
        self.box = Staged(room.ledger.folder, account)

    def key(self):
        self._count += 1
        return str(UUID(bytes=hashlib.sha256(f"{self.account} {self._count}".encode()).digest()[:16], version=4))

    def item(self, do, *, ago=0, case=None, expected=None, photos=(), post=None, key=None, **data):
        return {
            "key": key or self.key(), "at": (self.at - timedelta(minutes=ago)).isoformat(), "do": do, "as": post or self.post,
            "case": case, "expected": expected, "data": data, "photos": list(photos),
        }  # fmt: skip

    def place(self, code="1-01"):
        leaf = self.room.area.net.leaf
        return leaf.geoms[leaf.positions[code]].representative_point().coords[0]

    def report(self, text="楼道堆物", *, grid="1-01", **said):
        place = self.place(grid)
        return self.item("report", **{"class_": "06010", "lon": place[0], "lat": place[1], "text": text, **said})

    def photo(self, data=None):
        """Send a photo; returns its digest."""
        data = data or jpeg()
        digest = hashlib.sha256(data).hexdigest()
        with self.box.taking(digest, self.at) as taking:
            assert taking.write(data)
            assert taking.done()
        return digest

    def send(self, *written, clock=None, now=None, ask=nothing):
        """Send what was written in one parcel, as JSON; the time on the way is none unless it is given."""
        said = {"clock": (clock or self.at).isoformat(), "items": list(written), "account": self.account}
        return send(self.room, items.read(json.loads(json.dumps(said))), now or self.at, self.box, ask)

"""A room in which a community may whistle: its leader (第一网格长) stands in the register, and departments can be called."""

from datetime import UTC, datetime, timedelta

from rooms import room_of, shipped

from desk.access.permissions import permissions_of
from desk.posts import roster
from desk.posts.roster import Wish
from desk.whistle.acts import Asking, Doing, ask, do
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from incidents.posts import kind_of
from incidents.whistles import Blow

AREA = "longnan"
COMMUNITY = "410102999001"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # a Friday, 12:00 in Zhengzhou
MINUTE = timedelta(minutes=1)
HEAD, LEADER, CENTRE = f"head:community:{COMMUNITY}", f"first_head:community:{COMMUNITY}", "dispatcher::"
CITY, FIRE, POLICE = (f"department::{name}" for name in ("城市管理综合执法", "消防救援机构", "公安机关"))
STAGES = (Blow.SIGN, Blow.CONTACT, Blow.ARRIVE)


def by(key, account=""):
    return By(key, kind_of(key), account)


def with_leader(room, now=NOON):
    """Write the leader of the community into the register, and return the room."""
    roster.add(room, Wish(PostKind.FIRST_HEAD, "街道包联领导", ("community", COMMUNITY)), by(CENTRE), now)
    return room


def whistling(folder, url=""):
    """Return a room with a leader who may approve."""
    return with_leader(room_of(shipped(AREA), folder, url))


def who(role, scope, account="a"):
    """Return somebody with what their role may do, as the gate would find them."""
    return permissions_of(None).given(Who(account, account, Role(role), Scope.read(scope)))


def asked(room, *, now=NOON, key=HEAD, account="", **fields):
    """Ask for a whistle in the middle of the area."""
    point = room.area.net.leaf.geoms[0].representative_point()
    said = {"kind": "advance", "text": "飞线充电屡禁不止,请到场", "lead": CITY, "assisting": (FIRE,), "lon": point.x, "lat": point.y, **fields}  # fmt: skip
    return ask(room, Asking(**said), by(key, account), now)


def blown(room, *, now=NOON, **fields):
    """Ask, and approve a minute later."""
    filed = asked(room, now=now, **fields)
    return done(room, filed, Blow.APPROVE, LEADER, now + MINUTE, lead=CITY, assisting=(FIRE,))


def done(room, filed, act, key, now=NOON, *, photos=(), **data):
    """Do an act, and return the whistle as it stands then."""
    return do(room, Doing(filed.number, act, data, filed.version, photos), by(key), now)

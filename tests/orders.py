"""A room with two service teams, for tests of orders."""

from datetime import UTC, date, datetime, time, timedelta

from rooms import room_of, shipped

from desk.access.permissions import permissions_of
from desk.orders import register
from desk.orders.acts import Asking, Doing, ask, do
from desk.posts import roster
from desk.posts.roster import Wish
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from incidents.posts import kind_of
from incidents.teams import EVERY, Team

AREA = "longnan"
COMMUNITY = "410102999001"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # a Friday, 12:00 in Zhengzhou
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CENTRE = "dispatcher::"
HEAD = f"head:community:{COMMUNITY}"
ERRANDS, REPAIRS = "department::跑腿服务队", "department::邻里服务队"
TODAY = date(2026, 11, 20)


def by(key, account=""):
    return By(key, kind_of(key), account)


def with_teams(room, now=NOON):
    """Write two teams and their posts into the registers, and return the room."""
    for key in (ERRANDS, REPAIRS):
        roster.add(room, Wish(PostKind.DEPARTMENT, key.partition("::")[2]), by(CENTRE), now)
    skills = ("errand", "care_visit", "medical_cover", "housekeeping")
    register.put(room, Team("跑腿服务队", skills, ERRANDS, days=EVERY), by(CENTRE), now)
    register.put(room, Team("邻里服务队", ("errand",), REPAIRS, (("community", COMMUNITY),)), by(CENTRE), now)
    return room


def serving(folder, url=""):
    """Return a room with two teams."""
    return with_teams(room_of(shipped(AREA), folder, url))


def who(role, scope, account="a"):
    """Return somebody with what their role may do, as the gate would find them."""
    return permissions_of(None).given(Who(account, account, Role(role), Scope.read(scope)))


def point(room, place=0):
    """Return the code of a micro-grid and a point in it."""
    leaf = room.area.net.leaf
    found = leaf.geoms[place].representative_point()
    return str(leaf.codes[place]), (found.x, found.y)


def asked(room, *, now=NOON, post=HEAD, place=0, **fields):
    """Ask in a micro-grid of the area, for the afternoon."""
    lon, lat = point(room, place)[1]
    said = {
        "item": "errand",
        "day": TODAY,
        "opens": time(14),
        "text": "代取药,三楼,腿脚不便",
        "lon": lon,
        "lat": lat,
        **fields,
    }
    return ask(room, Asking(**said), by(post), now)


def done(room, filed, act, key, now=NOON, **data):
    """Do an act, and return the order as it stands then."""
    return do(room, Doing(filed.number, act, data), by(key), now)

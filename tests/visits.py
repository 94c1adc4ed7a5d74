"""A room with workers of two micro-grids, for tests of visits."""

from datetime import date

from orders import COMMUNITY, DAY, HEAD, HOUR, NOON, by, who
from rooms import room_of, shipped

from desk.posts import roster
from desk.posts.roster import Wish
from desk.visits.acts import Doing, Planning, Unplanned, do, plan, walk
from desk.visits.places import houses
from incidents.lifecycle import PostKind
from incidents.posts import post_key

AREA = "longnan"
CENTRE = "dispatcher::"
TODAY = date(2026, 11, 20)
__all__ = ["COMMUNITY", "DAY", "HEAD", "HOUR", "NOON", "by", "who"]


def leafs(room):
    """Return two micro-grids in which there are buildings."""
    leaf = room.area.net.leaf.key
    codes = [goal.codes[leaf] for goal in houses(room)]
    return [code for code in dict.fromkeys(codes) if codes.count(code) >= 3 and ";" not in code][:2]


def walking(folder, url="", now=NOON):
    """Return a room with a worker in each of two micro-grids."""
    room = room_of(shipped(AREA), folder, url)
    for code in leafs(room):
        roster.add(room, Wish(PostKind.WORKER, "网格员", (room.area.net.leaf.key, code)), by(CENTRE), now)
    return room


def worker(room, place=0):
    return post_key(PostKind.WORKER, room.area.net.leaf.key, leafs(room)[place])


def goals(room, place=0, many=1):
    return tuple(houses(room, (room.area.net.leaf.key, leafs(room)[place]))[:many])


def planned(room, *, now=NOON, post=HEAD, place=0, many=1, **fields):
    """Plan visits to buildings of a micro-grid."""
    return plan(room, Planning(goals(room, place, many), topics=("publicity",), **fields), by(post), now)


def done(room, filed, act, key, now=NOON, **data):
    """Do an act, and return the visit as it stands then."""
    return do(room, Doing(filed.number, act, data), by(key), now)


def made(room, outcome="done", *, place=0, now=NOON, **data):
    """Write an unplanned visit of a worker down."""
    goal = goals(room, place)[0]
    said = Unplanned(goal.lon, goal.lat, outcome, goal.building, data={"topics": ["opinion"], **data})
    return walk(room, said, by(worker(room, place)), now)

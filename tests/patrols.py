"""A room in which patrols are walked, for tests."""

from datetime import time, timedelta

from visits import AREA, CENTRE, COMMUNITY, DAY, HEAD, NOON, TODAY, by, leafs, walking, who, worker

from desk.patrols.acts import Doing, Walked, do, walk
from desk.patrols.plans import Planning, make
from inspections.patrols import Act

__all__ = ["AREA", "CENTRE", "COMMUNITY", "DAY", "HEAD", "NOON", "TODAY", "by", "leafs", "walking", "who", "worker"]
HOUR = timedelta(hours=1)


def grid(room, place=0):
    """Return a micro-grid that has a worker."""
    return room.area.net.leaf.key, leafs(room)[place]


def said(room, *, now=NOON, begun=HOUR, **fields):
    """Return what came of a patrol that was over just now."""
    told = {"walkers": (worker(room),), "outcomes": ("nothing",), **fields}
    return Walked(now - begun, now, **told)


def walked(room, *, post="", kind="routine", now=NOON, place=0, **fields):
    """Write a patrol down that was walked without a plan."""
    return walk(room, grid(room, place), kind, said(room, now=now, **fields), by(post or worker(room)), now)


def planned(room, *, places=None, now=NOON, post=HEAD, **fields):
    """Make a plan of nights from 22:00 to 02:00."""
    wanted = {"name": "夜巡", "begins": time(22), "ends": time(2), "walkers": (worker(room), HEAD), **fields}
    level = fields.get("level", room.area.net.leaf.key)
    return make(room, Planning(**{"level": level, "places": places or (leafs(room)[0],), **wanted}), by(post), now)


def done(room, filed, act=Act.DONE, *, post="", now=NOON, **fields):
    """Do an act to a patrol, and return it as it stands then."""
    is_walked = act is Act.DONE
    told = said(room, now=now, **{"walkers": (worker(room), HEAD), **fields}) if is_walked else None
    return do(room, Doing(filed.number, act, told, {} if is_walked else fields), by(post or worker(room)), now)

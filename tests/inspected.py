"""A room with sites, and inspections of them, for tests."""

from rooms import DISPATCHER, NOON, room_of, shipped

from desk.demo.sites import answers
from desk.inspections.acts import Made, inspect
from desk.posts import roster
from desk.posts.roster import Wish as Post
from desk.sites import register
from desk.sites.register import Wish
from incidents.lifecycle import By, PostKind
from incidents.posts import post_key

AREA, BUILDING = "longnan", "B00040"
ACCOUNTS = {"worker": "a1", "head": "a2", "centre": "a3", "office": "a4"}
CENTRE = By(DISPATCHER.post, DISPATCHER.kind, ACCOUNTS["centre"])
FAULT = {"G03": {"value": "fail", "note": "阀门旁堆放纸箱"}}  # it asks for no photo


def kept(folder, url=""):
    """Return a room with a shop in it, and the shop."""
    room = room_of(shipped(AREA), folder, url)
    return room, shop(room)


def shop(room, name="康桥老灶羊汤馆", kind="gas_shop", building=BUILDING, now=NOON):
    return register.put(room, Wish(kind, name, building=building), DISPATCHER, now)


def worker_of(room, site):
    """Return who acts as the worker of a site's micro-grid, whose post is in the register."""
    level = room.area.net.leaf.key
    code = site.codes[level].split(";")[0]
    key = post_key(PostKind.WORKER, level, code)
    if key not in room.register.posts(NOON):
        roster.add(room, Post(PostKind.WORKER, "网格员", (level, code)), DISPATCHER, NOON)
    return By(key, PostKind.WORKER, ACCOUNTS["worker"])


def passing(checklist, now=NOON):
    """Return an answer to each item with which it passes on a day, and some days before."""
    return answers(checklist, now.date())


def made(room, site, said=None, **fields):
    """Return an inspection by the current gas checklist, passing but for what is said."""
    checklist = room.rules.checklists.current(fields.pop("checklist", "gas_shop"))
    return Made(site.number, checklist.key, checklist.version, {**passing(checklist), **(said or {})}, **fields)


def inspected(room, site, said=None, by=None, now=NOON, **fields):
    return inspect(room, made(room, site, said, **fields), by or CENTRE, now)

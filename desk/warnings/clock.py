"""What time brings to warnings while one holds: checks at fixed hours come up once, and tasks whose time was over are told once, to the post that answers for the source and to its head."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from desk.room import DISPATCHER, Room
from desk.visits.people import CENTRE
from desk.warnings.acts import lines_of, overdue, sources
from incidents.posts import line_of
from inspections.sites import Site
from inspections.warnings import Act, Task, checks
from ledger import sites, warnings
from ledger.writing import Writing


def take(room: Room, now: datetime) -> int:
    """Open the checks that come up today and tell what is overdue, and return how many tasks that were; an archive has none."""
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        holding = warnings.listed(connection, room.id, holding=True)
    at = now.astimezone(UTC)
    return sum((_open(room, one.number, at) if one.ends >= now else 0) + _tell(room, one.number, at) for one in holding)


def _open(room: Room, number: str, now: datetime) -> int:
    rules, zone = room.rules.warnings, room.area.pack.timezone

    def work(writing: Writing) -> int:
        there = warnings.tasks(writing.connection, room.id, number)
        one = warnings.get(writing.connection, room.id, number)
        lines = lines_of(room, writing, one)
        found = checks(rules, one, sources(room, writing, lines), there, now, zone, lines)
        if found:
            warnings.put(writing, room.id, one, Act.OPEN, by=CENTRE, at=now, opened=found)
        return len(found)

    return room.ledger.change(work)


def _tell(room: Room, number: str, now: datetime) -> int:
    with room.ledger.reading() as connection:
        if not _late(room, connection, number, now):
            return 0

    def work(writing: Writing) -> int:
        connection = writing.connection
        one, late = warnings.get(connection, room.id, number), _late(room, connection, number, now)
        if one.over or not late:
            return 0
        places = sites.named(connection, room.id, {task.site for task in late})
        heads = room.register.posts(now)
        counts = Counter(post for task in late for post in _posts(room, places.get(task.site), heads))
        told = {"tasks": [task.number for task in late], "to": list(counts), "counts": dict(counts)}
        warnings.put(writing, room.id, one, Act.LATE, by=CENTRE, at=now, told=told)
        return len(late)

    return room.ledger.change(work)


def _late(room: Room, connection: Any, number: str, now: datetime) -> list[Task]:
    """Return the tasks that are overdue and were not told so far."""
    told = warnings.told(connection, room.id, number)
    return [task for task in overdue(room, warnings.tasks(connection, room.id, number), now) if task.number not in told]


def _posts(room: Room, site: Site | None, heads: Any) -> list[str]:
    """Return who is told of a source: the post that answers for it, and the nearest head above that post."""
    if site is None:
        return [DISPATCHER]
    above = next((post.key for post in line_of(room.area.net, site.codes, heads) if post.key != site.post), DISPATCHER)
    return list(dict.fromkeys([site.post or above, above]))

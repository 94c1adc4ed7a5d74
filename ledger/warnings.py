"""Heavy-pollution warnings (重污染天气预警) in the ledger: each order is an entry of the history under the number of its warning, in one change with the tasks that it opens and closes.

Who sees a site sees its tasks; the warning itself everybody of the area sees.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.alerts import Level
from incidents.within import Within
from inspections.warnings import BY_ITSELF, Act, Kind, State, Task, Warned
from ledger import sites
from ledger.inspections import Photo, enter_photos
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import history, inspection_photo, instant, milliseconds, site, warning, warning_task
from ledger.writing import Actor, Writing

SUBJECT, TASK = "warning", "warning_task"
PREFIX = "警"
COLUMNS = ("issuer", "decree", "level", "starts", "ends", "closed")
OWN = ("site", "kind", "measure", "level", "due", "state", "done", "post", "item", "standing")
SAID = ("kept", "meter", "note", "reason")
MOST_IN = 500


# Writing


def put(
    writing: Writing,
    area: str,
    after: Warned,
    act: Act,
    *,
    by: Actor,
    at: datetime,
    opened: Sequence[Task] = (),
    closed: Sequence[Task] = (),
    photos: Sequence[Photo] = (),
    told: Mapping[str, Any] = MappingProxyType({}),
) -> Warned:
    """Write a warning with the tasks that it opens and closes, and return it; a new one gets the next number of its year.

    Parameters
    ----------
    told
        Of `Act.LATE`: numbers of the ``tasks``, posts ``to`` which they are told, how many to each as ``counts``.

    Raises
    ------
    Conflict
        Somebody changed it since.
    """
    connection, version, before = writing.connection, writing.version + 1, None
    if after.number:
        before = get(connection, area, after.number)
        if before.version != after.version:
            raise Conflict(after.number, after.version, before.version)
        filed = replace(after, version=version)
    else:
        filed = replace(after, number=next_number(connection, warning, area, f"{PREFIX}-{at:%Y}-"), version=version)
    data: dict[str, Any] = {"opened": [[one.number, task_facts(one)] for one in opened]} if opened else {}
    data |= {"closed": [[one.number, task_facts(one)] for one in closed]} if closed else {}
    data |= {"photos": [vars(photo) for photo in photos]} if photos else {}
    data |= told
    enter_photos(writing, area, filed.number, version, photos)
    writing.enter(area, SUBJECT, filed.number, act.value, post=by, at=at, before=facts(before) if before else {}, after=facts(filed), data=data)  # fmt: skip
    if before:
        c = warning.c
        connection.execute(update(warning).where(c.area == area, c.number == filed.number).values(**facts(filed), version=version))  # fmt: skip
    else:
        connection.execute(insert(warning), {"id": version, "area": area, "number": filed.number, "version": version, **facts(filed)})  # fmt: skip
    if opened:
        connection.execute(insert(warning_task), [{"area": area, "warning": filed.number, "number": one.number, **_row(one)} for one in opened])  # fmt: skip
    for one in closed:
        _set(connection, area, filed.number, one)
    return filed


def finish(
    writing: Writing, area: str, number: str, after: Task, *, by: Actor, at: datetime, photos: Sequence[Photo] = ()
) -> Task:
    """Write a task that was done, with its photos, and return it."""
    before = task(writing.connection, area, number, after.number)
    key = key_of(number, after.number)
    data = {"photos": [vars(photo) for photo in photos]} if photos else {}
    enter_photos(writing, area, key, writing.version + 1, photos)
    writing.enter(area, TASK, key, "done", post=by, at=at, before=task_facts(before), after=task_facts(after), data=data)  # fmt: skip
    _set(writing.connection, area, number, after)
    return after


def key_of(number: str, serial: int) -> str:
    """Return what the history calls a task."""
    return f"{number}/{serial}"


def facts(one: Warned) -> dict[str, Any]:
    """Return what the history says of a warning, as the columns have it."""
    return {
        "issuer": one.issuer,
        "decree": one.order,
        "level": one.level.value,
        "starts": milliseconds(one.starts),
        "ends": milliseconds(one.ends),
        "closed": one.over,
    }


def task_facts(one: Task) -> dict[str, Any]:
    """Return what the history says of a task, as the columns have it but for what was seen."""
    return {
        **{name: getattr(one, name) for name in ("site", "measure", "post", "item")},
        **{name: getattr(one, name).value for name in ("kind", "level", "state")},
        "due": milliseconds(one.due),
        "done": milliseconds(one.done) if one.done else None,
        "standing": {name: getattr(one, name) for name in SAID} | ({"asks": one.asks} if one.asks else {}),
    }


def _row(one: Task) -> dict[str, Any]:
    said = task_facts(one)
    return {**said, "standing": dumps(said["standing"])}


def _set(connection: Connection, area: str, number: str, one: Task) -> None:
    c = warning_task.c
    connection.execute(update(warning_task).where(c.area == area, c.warning == number, c.number == one.number).values(_row(one)))  # fmt: skip


# Looking


def get(connection: Connection, area: str, number: str) -> Warned:
    """Return one warning; raises DraftError where there is none of that number."""
    c = warning.c
    asked = select(warning).where(c.area == area, c.number == number)
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no warning {number.replace(chr(0), '')!r}. Look it up in the list.", field="warning_gone")  # fmt: skip
    return _warned(row)


def listed(connection: Connection, area: str, *, holding: bool = False) -> list[Warned]:
    """Return the warnings of an area, the newest first; only those that were not stood down where ``holding`` asks for that."""
    c = warning.c
    some = [c.closed.is_(False)] if holding else []
    return [_warned(row) for row in connection.execute(select(warning).where(c.area == area, *some).order_by(c.id.desc())).mappings()]  # fmt: skip


def tasks(connection: Connection, area: str, number: str, within: Within | None = sites.EVERYTHING) -> list[Task]:
    """Return the tasks of a warning at sites that somebody sees, by when they are due."""
    c = warning_task.c
    asked = select(warning_task).where(c.area == area, c.warning == number)
    if within is None or within.narrows:
        asked = asked.where(c.site.in_(select(site.c.number).where(site.c.area == area, *sites.sees(area, within))))
    return [_task(row) for row in connection.execute(asked.order_by(c.due, c.number)).mappings()]


def then(connection: Connection, area: str, number: str, moment: datetime, within: Within | None = sites.EVERYTHING) -> tuple[Warned, list[Task]] | None:  # fmt: skip
    """Return a warning and its tasks at sites that somebody sees as they stood at a moment; None before it was entered."""
    h, prefix = history.c, key_of(number, 0)[:-1]
    mine = or_(and_(h.subject == SUBJECT, h.key == number), and_(h.subject == TASK, h.key.startswith(prefix, autoescape=True)))  # fmt: skip
    asked = select(h.version, h.subject, h.key, h.after, h.data).where(h.area == area, mine, h.at <= milliseconds(moment))  # fmt: skip
    one, found = None, dict[int, Task]()
    for entry in connection.execute(asked.order_by(h.version)):
        after, data = json.loads(entry.after), json.loads(entry.data)
        if entry.subject == SUBJECT:
            one = _warned({**after, "number": number, "version": entry.version})
            told = (*data.get("opened", ()), *data.get("closed", ()))
        else:
            told = ((int(entry.key.removeprefix(prefix)), after),)
        found |= {serial: _task({**said, "number": serial, "standing": dumps(said["standing"])}) for serial, said in told}  # fmt: skip
    if one is None:
        return None
    seen = None
    if within is None or within.narrows:
        seen = set(connection.execute(select(site.c.number).where(site.c.area == area, *sites.sees(area, within))).scalars())  # fmt: skip
    some = (task for task in found.values() if seen is None or task.site in seen)
    return one, sorted(some, key=lambda task: (task.due, task.number))


def open_of(connection: Connection, area: str, numbers: Collection[str], posts: Collection[str], within: Within | None, *, most: int) -> tuple[list[tuple[str, Task]], int]:  # fmt: skip
    """Return the open tasks of some warnings at sites that somebody sees, each with the number of its warning, and how many are left out: at the sites that some posts answer for before the others, by when they are due."""
    c = warning_task.c
    there = warning_task.join(site, and_(site.c.area == c.area, site.c.number == c.site))
    some = (c.area == area, c.warning.in_(sorted(numbers)), c.state == State.OPEN.value, *sites.sees(area, within))
    order = (case((site.c.post.in_(sorted(posts)), 0), else_=1), c.due, c.warning, c.number)
    found = connection.execute(select(warning_task).select_from(there).where(*some).order_by(*order).limit(most)).mappings().all()  # fmt: skip
    many = len(found) if len(found) < most else connection.execute(select(func.count()).select_from(there).where(*some)).scalar_one()  # fmt: skip
    return [(row["warning"], _task(row)) for row in found], many - len(found)


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the tasks that phones did under some keys, as account and key: what the history calls each; they have no version."""
    c = warning_task.c
    asked = select(c.item, c.warning, c.number).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (key_of(number, serial), 0) for item, number, serial in connection.execute(asked)} if items else {}


def task(connection: Connection, area: str, number: str, serial: int) -> Task:
    """Return one task; raises DraftError where there is none."""
    c = warning_task.c
    row = connection.execute(select(warning_task).where(c.area == area, c.warning == number, c.number == serial)).mappings().first()  # fmt: skip
    if row is None:
        raise DraftError(f"{number} has no task {serial}. Look it up in the list.", field="warning_gone")
    return _task(row)


def closed_at(connection: Connection, area: str, number: str, serial: int) -> datetime | None:
    """Return when a task was closed last; None where it never was."""
    c = history.c
    asked = select(c.at, c.data).where(c.area == area, c.subject == SUBJECT, c.key == number).order_by(c.version.desc())
    return next((instant(one.at) for one in connection.execute(asked) if serial in dict(json.loads(one.data).get("closed", ()))), None)  # fmt: skip


def orders(connection: Connection, area: str, number: str) -> list[dict[str, Any]]:
    """Return the orders of a warning, the latest first: act, time, what they say, and their scanned pages."""
    c, p = history.c, inspection_photo.c
    asked = select(c.version, c.act, c.at, c.after).where(c.area == area, c.subject == SUBJECT, c.key == number, c.act.not_in(BY_ITSELF))  # fmt: skip
    found = connection.execute(asked.order_by(c.version.desc()).limit(MOST_IN)).all()
    scans: dict[int, list[str]] = {}
    for version, digest in connection.execute(select(p.version, p.sha256).where(p.area == area, p.number == number)):
        scans.setdefault(version, []).append(digest)
    return [{"act": Act(one.act), "at": instant(one.at), **json.loads(one.after), "scans": scans.get(one.version, [])} for one in found]  # fmt: skip


def told(connection: Connection, area: str, number: str) -> set[int]:
    """Return the numbers of the tasks of a warning that were told as overdue."""
    c = history.c
    asked = select(c.data).where(c.area == area, c.subject == SUBJECT, c.key == number, c.act == Act.LATE.value)
    return {serial for data in connection.execute(asked).scalars() for serial in json.loads(data)["tasks"]}


def _warned(row: Mapping[Any, Any]) -> Warned:
    return Warned(row["issuer"], row["decree"], Level(row["level"]), instant(row["starts"]), instant(row["ends"]), bool(row["closed"]), row["number"], row["version"])  # fmt: skip


def _task(row: Mapping[Any, Any]) -> Task:
    return Task(
        row["number"],
        row["site"],
        Kind(row["kind"]),
        row["measure"],
        Level(row["level"]),
        instant(row["due"]),
        State(row["state"]),
        instant(row["done"]) if row["done"] is not None else None,
        row["post"],
        item=row["item"],
        **json.loads(row["standing"]),
    )

"""Service orders (居民点单、服务队接单) in the ledger: each act is an entry of the history under the number of its order, in one change with where it stands and who sees it.

Who sees one is a look-up: the posts that have to do with it now (`Order.posts`), and the grids of its place. What people wrote stands in ``wording``, and is erased some time
after the order ended.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from geo.errors import BattlemapError, Conflict, UnknownOrder
from incidents.lifecycle import By, PostKind
from incidents.orders import OPEN, RUNNING, Order, Phase, Serve, Served, apply, replay
from ledger import wordings
from ledger.history import Break
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import history, instant, milliseconds, order_seen, service_order, wording
from ledger.writing import Writing

SUBJECT = "order"
GRID = "grid:"
KIND = "by"  # what an entry's data calls the kind of the post
JSON = ("codes", "state")
UNKNOWN = "There is no order {number!r} in {area}. Look it up in the list of orders."
ENDS = (Serve.FINISH.value, Serve.CANCEL.value)
Sight = frozenset[str] | None  # posts, and grids by `seen_in`; None sees every one


@dataclass(frozen=True)
class Filed:
    """An order as the ledger has it.

    Attributes
    ----------
    lon, lat
        Where, degrees WGS84.
    building
        Its id, "" for none.
    unit, floor
        As counts; no door number.
    codes
        Of the place, by level and overlay.
    version
        Of its last change; 0 before it is written.
    """

    area: str
    state: Order
    lon: float
    lat: float
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    version: int = 0
    id: int = 0

    @property
    def seen(self) -> frozenset[str]:
        """Who sees it."""
        grids = {seen_in(key, code) for key, codes in self.codes.items() for code in codes.split(";") if code}
        return self.state.posts | grids


def seen_in(level: str, code: str) -> str:
    """Return what stands for a grid among those who see an order."""
    return f"{GRID}{level}:{code}"


# Writing


def ask(writing: Writing, asked: Filed, entry: Served, *, prefix: str, day: str) -> Filed:
    """Write a new order, and return it with its number.

    Parameters
    ----------
    asked
        With the place; its state is made here.
    prefix, day
        What its number begins with, and the day ``20261122`` in the area's time.
    """
    connection, entry = writing.connection, _kept(entry)
    number = next_number(connection, service_order, asked.area, f"{prefix}-{day}-")
    made = replace(asked, number=number, state=apply(None, entry), id=writing.version + 1, version=writing.version + 1)
    _enter(writing, made, entry, {})
    connection.execute(insert(service_order), {"id": made.id, "area": made.area, "number": number, **_row(made)})
    _show(connection, made)
    return made


def act(writing: Writing, area: str, number: str, entry: Served, *, expected: int | None = None) -> Filed:
    """Do an act to an order, and return it as it stands then.

    Raises
    ------
    UnknownOrder
        There is none of that number.
    Conflict
        Somebody else changed it since the expected version.
    LifecycleError
        The rules do not allow the act.
    """
    connection, entry = writing.connection, _kept(entry)
    before = get(connection, area, number)
    if expected is not None and before.version != expected:
        raise Conflict(number, expected, before.version)
    after = replace(before, state=apply(before.state, entry), version=writing.version + 1)
    _enter(writing, after, entry, facts(before))
    connection.execute(update(service_order).where(service_order.c.id == after.id).values(_row(after)))
    if after.seen != before.seen:
        connection.execute(delete(order_seen).where(order_seen.c.order == after.id))
        _show(connection, after)
    return after


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Erase the words of orders that ended before a time, and return how many; the history keeps that there were some."""
    c = service_order.c
    over = select(c.number).where(c.area == area, c.ended < milliseconds(before))
    told = (wording.c.area == area, wording.c.number.in_(over), wording.c.text.is_not(None))
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount)
    if erased:
        writing.enter(area, "orders", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(filed: Filed) -> dict[str, Any]:
    """Return what the history says of an order."""
    state = filed.state
    over = [at for act, at in state.times.items() if act in ENDS]
    missed = [state.times[Serve.STEP.value]] if state.phase is Phase.MISSED else []
    ended = max([*over, *missed], default=None) if state.phase not in OPEN or state.outcome else None
    return {
        **{name: getattr(filed, name) for name in ("lon", "lat", "building", "unit", "floor")},
        **{name: getattr(state, name) for name in ("item", "key", "asker", "team")},
        "codes": dict(filed.codes),
        "state": state.to_json(),
        "phase": state.phase.value,
        "since": milliseconds(state.since),
        "until": milliseconds(state.until),
        "next": bool(state.every and not state.next),
        "ended": None if ended is None else milliseconds(ended),
    }


def _kept(entry: Served) -> Served:
    """Return an act with its time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return replace(entry, at=instant(milliseconds(entry.at)))


def _enter(writing: Writing, after: Filed, entry: Served, before: Mapping[str, Any]) -> None:
    data = {**entry.data, KIND: entry.by.kind.value}
    writing.enter(
        after.area, SUBJECT, after.number, entry.act.value, post=entry.by, at=entry.at, before=before, after=facts(after), data=data
    )  # fmt: skip


def _row(filed: Filed) -> dict[str, Any]:
    said = facts(filed)
    return {**said, **{name: dumps(said[name]) for name in JSON}, "version": filed.version}


def _show(connection: Connection, filed: Filed) -> None:
    connection.execute(insert(order_seen), [{"order": filed.id, "by": by, "area": filed.area} for by in sorted(filed.seen)])  # fmt: skip


# Looking


def get(connection: Connection, area: str, number: str, sight: Sight = None) -> Filed:
    """Return one order.

    Raises
    ------
    UnknownOrder
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    found = [] if "\0" in number else listed(connection, area, sight, numbers=(number,))
    if not found:
        raise UnknownOrder(UNKNOWN.format(number=number.replace("\0", ""), area=area))
    return found[0]


def listed(
    connection: Connection,
    area: str,
    sight: Sight = None,
    *,
    phases: Collection[Phase] = (),
    numbers: Collection[str] = (),
) -> list[Filed]:
    """Return all orders that somebody sees, what is wanted first first; what is left empty does not narrow. Lists that people see are of `ledger.order_lists`."""
    c = service_order.c
    wanted: list[ColumnElement[bool]] = [c.area == area, *_seen(sight)]
    for column, values in ((c.phase, [phase.value for phase in phases]), (c.number, list(numbers))):
        if values:
            wanted.append(column.in_(values))
    asked = select(service_order).where(*wanted).order_by(c.since, c.id)
    return [filed_of(row) for row in connection.execute(asked).mappings()]


def timed(connection: Connection, area: str, now: datetime) -> list[Filed]:
    """Return the orders to which time may bring something: those that are offered, those whose time is over, and those after which another one comes."""
    c = service_order.c
    running = and_(c.area == area, c.phase.in_([phase.value for phase in RUNNING]))
    due = and_(running, or_(c.phase == Phase.OFFERED.value, c.until <= milliseconds(now)))
    asked = select(service_order).where(or_(due, and_(c.area == area, c.next.is_(True)))).order_by(c.id)
    return [filed_of(row) for row in connection.execute(asked).mappings()]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any order; 0 while there is none."""
    asked = select(func.max(service_order.c.version)).where(service_order.c.area == area)
    return int(connection.execute(asked).scalar() or 0)


def words(connection: Connection, filed: Sequence[Filed], name: str = "text") -> dict[str, str]:
    """Return what was asked for in the asker's own words (``text``, ``address``): number -> text; those that were erased, or said nothing, are left out."""
    keys = {f"{one.id}.{name}": one.number for one in filed}
    asked = select(wording.c.key, wording.c.text).where(wording.c.key.in_(keys), wording.c.text.is_not(None))
    return {keys[key]: text for key, text in connection.execute(asked)}


def _seen(sight: Sight) -> list[ColumnElement[bool]]:
    """Return the condition that somebody sees it."""
    if sight is None:
        return []
    c = order_seen.c
    return [service_order.c.id.in_(select(c.order).where(c.area == service_order.c.area, c.by.in_(sorted(sight))))]


def filed_of(row: Mapping[Any, Any]) -> Filed:
    """Read an order from its row."""
    names = ("area", "number", "lon", "lat", "building", "unit", "floor", "version", "id")
    state = Order.from_json(json.loads(row["state"]))
    return Filed(state=state, codes=json.loads(row["codes"]), **{name: row[name] for name in names})


# Proving


def breaks(connection: Connection) -> Iterator[Break]:
    """Yield every order that stands otherwise than its history says, by the rules too; its words and who sees it among that."""
    rows = {(row["area"], row["number"]): dict(row) for row in connection.execute(select(service_order)).mappings()}
    c = history.c
    asked = select(history).where(c.subject == SUBJECT).order_by(c.area, c.key, c.version)
    found = connection.execute(asked, execution_options={"stream_results": True, "yield_per": 1000}).mappings()
    for where, entries in groupby((dict(row) for row in found), key=lambda row: (row["area"], row["key"])):
        said = list(entries)
        try:
            yield from _stands(connection, said, rows.pop(where, None))
        except (BattlemapError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield Break(said[-1]["version"], f"the history of order {where[1]} in {where[0]} cannot be replayed: {error!r}")  # fmt: skip
    for area, number in rows:
        yield Break(rows[area, number]["version"], f"order {number} in {area} was put in: it has no history")


def _stands(connection: Connection, entries: Sequence[Mapping[str, Any]], row: Mapping[str, Any] | None) -> Iterator[Break]:  # fmt: skip
    last = entries[-1]
    name, version = f"order {last['key']} in {last['area']}", last["version"]
    if row is None:
        yield Break(version, f"{name} has a history and is not in the ledger: it was removed")
        return
    data = [json.loads(entry["data"]) for entry in entries]
    after: dict[str, Any] = json.loads(last["after"])
    before: dict[str, Any] = {}
    for entry in entries:
        if json.loads(entry["before"]) != before:
            yield Break(entry["version"], f"what {name} was before does not follow from the entries before")
        before = json.loads(entry["after"])
    if (row["id"], row["version"]) != (entries[0]["version"], version):
        yield Break(version, f"{name} says version {row['version']}, its history {version}")
    plain = {key: json.loads(row[key]) if key in JSON else row[key] for key in after}
    for key in (key for key in after if plain[key] != after[key]):
        yield Break(version, f"{name} stands with another {key} than its history says")
    state = replay(_served(entry, said) for entry, said in zip(entries, data, strict=True))
    filed = filed_of(row)
    if state is None or state.to_json() != after["state"] or facts(replace(filed, state=state)) != after:
        yield Break(version, f"{name} stands in another state than its history says")
    c = order_seen.c
    seen = connection.execute(select(c.by, c.area).where(c.order == row["id"])).all()
    if {tuple(one) for one in seen} != {(by, row["area"]) for by in filed.seen}:
        yield Break(version, f"{name} is shown to others than its history says")
    yield from wordings.breaks(connection, entries, data, name)


def _served(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Served:
    return Served(Serve(entry["act"]), By(entry["post"], PostKind(data[KIND])), instant(entry["at"]), data)

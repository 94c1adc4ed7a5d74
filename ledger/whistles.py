"""Whistles (吹哨报到) in the ledger: each act is an entry of the history under the number of its whistle, in one change with where it stands and who sees it.

Who sees one is a look-up: the posts that have to do with it (who asked, who approved, who was called), and the grid of who asked with those above it. What people wrote stands in
``wording``, as it does for cases; photos that were taken on site are files, named here.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from geo.errors import BattlemapError, Conflict, UnknownWhistle
from incidents.lifecycle import By, PostKind
from incidents.whistles import RUNNING, Blow, Blown, Phase, Whistle, apply, replay
from ledger import wordings
from ledger.history import Break
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import history, instant, milliseconds, whistle, whistle_photo, whistle_seen, wording
from ledger.writing import Attached, Writing

SUBJECT = "whistle"
GRID = "grid:"
PHOTO = ("sha256", "thumbnail", "width", "height")
FACTS = ("kind", "incident", "asker", "lon", "lat", "codes", "line", "state", "phase", "due")
UNKNOWN = "There is no whistle {number!r} in {area}. Look it up in the list of whistles."
Sight = frozenset[str] | None  # posts, and grids by `seen_in`; None sees every one


@dataclass(frozen=True)
class Filed:
    """A whistle as the ledger has it.

    Attributes
    ----------
    incident
        Number of the case that it is about; "" for none.
    lon, lat
        Where, degrees WGS84.
    codes
        Of the place, by level and overlay.
    line
        The grid of who asked, and those above it: level -> code.
    version
        Of its last change; 0 before it is written.
    """

    area: str
    state: Whistle
    lon: float
    lat: float
    incident: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    line: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    version: int = 0
    id: int = 0

    @property
    def seen(self) -> frozenset[str]:
        """Who sees it."""
        return self.state.posts | {seen_in(level, code) for level, code in self.line.items() if code}


def seen_in(level: str, code: str) -> str:
    """Return what stands for a grid among those who see a whistle."""
    return f"{GRID}{level}:{code}"


# Writing


def ask(writing: Writing, asked: Filed, entry: Blown, *, prefix: str, day: str) -> Filed:
    """Write a new whistle, and return it with its number.

    Parameters
    ----------
    asked
        With the place and the line of who asks; its state is made here.
    prefix, day
        What its number begins with, and the day ``20261122`` in the area's time.
    """
    connection = writing.connection
    entry = _kept(entry)
    number = next_number(connection, whistle, asked.area, f"{prefix}-{day}-")
    made = replace(asked, number=number, state=apply(None, entry), id=writing.version + 1, version=writing.version + 1)
    _enter(writing, made, entry, {}, ())
    connection.execute(insert(whistle), {"id": made.id, "area": made.area, "number": number, **_row(made)})
    _show(connection, made, made.seen)
    return made


def act(
    writing: Writing, area: str, number: str, entry: Blown, *, expected: int | None = None, photos: Sequence[Attached] = ()
) -> Filed:  # fmt: skip
    """Do an act to a whistle, and return it as it stands then.

    Raises
    ------
    UnknownWhistle
        There is none of that number.
    Conflict
        Somebody else changed it since the expected version.
    LifecycleError
        The rules do not allow the act.
    """
    connection = writing.connection
    before = get(connection, area, number)
    if expected is not None and before.version != expected:
        raise Conflict(number, expected, before.version)
    entry = _kept(entry)
    after = replace(before, state=apply(before.state, entry), version=writing.version + 1)
    _enter(writing, after, entry, facts(before), photos)
    connection.execute(update(whistle).where(whistle.c.id == after.id).values(_row(after)))
    if after.seen != before.seen:
        connection.execute(delete(whistle_seen).where(whistle_seen.c.whistle == after.id))
        _show(connection, after, after.seen)
    rows = [{**_photo(photo), "whistle": after.id, "version": after.version} for photo in photos]
    if rows:
        connection.execute(insert(whistle_photo), rows)
    return after


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Erase the words of whistles about places that ended before a time, and return how many; those about a case go with the words of the case. The history keeps that there were some."""
    c, there = whistle.c, wording.c.text.is_not(None)
    spoken = select(wording.c.number).where(wording.c.area == area, there)
    running = [phase.value for phase in RUNNING]
    asked = select(whistle).where(c.area == area, c.incident == "", c.phase.not_in(running), c.number.in_(spoken))
    found = [_filed(row) for row in writing.connection.execute(asked).mappings()]
    over = [one.number for one in found if one.state.ended and one.state.ended < before]
    told = (wording.c.area == area, wording.c.number.in_(over), there)
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount) if over else 0
    if erased:
        writing.enter(area, "whistles", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(filed: Filed) -> dict[str, Any]:
    """Return what the history says of a whistle."""
    state = filed.state
    return {
        "kind": state.kind,
        "incident": filed.incident,
        "asker": state.asker,
        "lon": filed.lon,
        "lat": filed.lat,
        "codes": dict(filed.codes),
        "line": dict(filed.line),
        "state": state.to_json(),
        "phase": state.phase.value,
        "due": None if state.deadline is None else milliseconds(state.deadline),
    }


def _kept(entry: Blown) -> Blown:
    """Return an act with its time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return replace(entry, at=instant(milliseconds(entry.at)))


def _enter(writing: Writing, after: Filed, entry: Blown, before: Mapping[str, Any], photos: Sequence[Attached]) -> None:
    data = {**entry.data, "by": entry.by.kind.value, **({"photos": [_photo(one) for one in photos]} if photos else {})}
    writing.enter(
        after.area, SUBJECT, after.number, entry.act.value, post=entry.by, at=entry.at, before=before, after=facts(after), data=data
    )  # fmt: skip


def _photo(photo: Attached) -> dict[str, Any]:
    return {name: getattr(photo, name) for name in PHOTO}


def _row(filed: Filed) -> dict[str, Any]:
    said = facts(filed)
    return {**said, **{name: dumps(said[name]) for name in ("codes", "line", "state")}, "version": filed.version}


def _show(connection: Connection, filed: Filed, to: Collection[str]) -> None:
    connection.execute(insert(whistle_seen), [{"whistle": filed.id, "by": by, "area": filed.area} for by in sorted(to)])


# Looking


def get(connection: Connection, area: str, number: str, sight: Sight = None) -> Filed:
    """Return one whistle.

    Raises
    ------
    UnknownWhistle
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    found = [] if "\0" in number else listed(connection, area, sight, numbers=(number,))
    if not found:
        raise UnknownWhistle(UNKNOWN.format(number=number.replace("\0", ""), area=area))
    return found[0]


def listed(
    connection: Connection,
    area: str,
    sight: Sight = None,
    *,
    phases: Collection[Phase] = (),
    incident: str = "",
    numbers: Collection[str] = (),
    most: int | None = None,
) -> list[Filed]:
    """Return whistles that somebody sees: what runs first, by its next deadline, then the newest; what is left empty does not narrow.

    Parameters
    ----------
    incident
        Only those of that case.
    """
    c = whistle.c
    wanted: list[ColumnElement[bool]] = [c.area == area, *_seen(sight)]
    for column, values in ((c.phase, [phase.value for phase in phases]), (c.number, list(numbers))):
        if values:
            wanted.append(column.in_(values))
    if incident:
        wanted.append(c.incident == incident)
    asked = select(whistle).where(*wanted).order_by(c.due.is_(None), c.due, c.id.desc()).limit(most)
    return [_filed(row) for row in connection.execute(asked).mappings()]


def late(connection: Connection, area: str, now: datetime, sight: Sight = None) -> int:
    """Count the whistles of which a deadline has passed."""
    c = whistle.c
    asked = select(func.count()).select_from(whistle).where(c.area == area, c.phase == Phase.BLOWN.value)
    return int(connection.execute(asked.where(c.due < milliseconds(now), *_seen(sight))).scalar_one())


def why(connection: Connection, filed: Sequence[Filed]) -> dict[str, str]:
    """Return what some whistles are about, as who asked wrote it: number -> text; those whose words were erased are left out."""
    keys = {f"{one.id}.text": one.number for one in filed}
    asked = select(wording.c.key, wording.c.text).where(wording.c.key.in_(keys), wording.c.text.is_not(None))
    return {keys[key]: text for key, text in connection.execute(asked)}


def photos(connection: Connection, filed: Filed) -> list[dict[str, Any]]:
    """Return the photos that were taken on site, oldest first."""
    c = whistle_photo.c
    asked = select(whistle_photo).where(c.whistle == filed.id).order_by(c.version, c.sha256)
    return [dict(row) for row in connection.execute(asked).mappings()]


def _seen(sight: Sight) -> list[ColumnElement[bool]]:
    """Return the condition that somebody sees it."""
    if sight is None:
        return []
    mine = select(whistle_seen.c.whistle).where(
        whistle_seen.c.area == whistle.c.area, whistle_seen.c.by.in_(sorted(sight))
    )
    return [whistle.c.id.in_(mine)]


def _filed(row: Mapping[Any, Any]) -> Filed:
    plain = {name: row[name] for name in ("area", "number", "incident", "lon", "lat", "version", "id")}
    state = Whistle.from_json(json.loads(row["state"]))
    return Filed(state=state, codes=json.loads(row["codes"]), line=json.loads(row["line"]), **plain)


# Proving


def breaks(connection: Connection) -> Iterator[Break]:
    """Yield every whistle that stands otherwise than its history says, by the rules too; its words, photos and who sees it among that."""
    rows = {(row["area"], row["number"]): dict(row) for row in connection.execute(select(whistle)).mappings()}
    asked = (
        select(history).where(history.c.subject == SUBJECT).order_by(history.c.area, history.c.key, history.c.version)
    )
    found = connection.execute(asked, execution_options={"stream_results": True, "yield_per": 1000}).mappings()
    for where, entries in groupby((dict(row) for row in found), key=lambda row: (row["area"], row["key"])):
        said = list(entries)
        try:
            yield from _stands(connection, said, rows.pop(where, None))
        except (BattlemapError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield Break(
                said[-1]["version"], f"the history of whistle {where[1]} in {where[0]} cannot be replayed: {error!r}"
            )
    for area, number in rows:
        yield Break(rows[area, number]["version"], f"whistle {number} in {area} was put in: it has no history")


def _stands(
    connection: Connection, entries: Sequence[Mapping[str, Any]], row: Mapping[str, Any] | None
) -> Iterator[Break]:
    last = entries[-1]
    name, version = f"whistle {last['key']} in {last['area']}", last["version"]
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
    filed = _filed(row)
    if (row["id"], row["version"]) != (entries[0]["version"], version):
        yield Break(version, f"{name} says version {row['version']}, its history {version}")
    plain = {**{key: row[key] for key in FACTS}, **{key: json.loads(row[key]) for key in ("codes", "line", "state")}}
    for key in (key for key in FACTS if plain[key] != after[key]):
        yield Break(version, f"{name} stands with another {key} than its history says")
    state = replay(_blown(entry, said) for entry, said in zip(entries, data, strict=True))
    if state is None or state.to_json() != after["state"] or facts(replace(filed, state=state)) != after:
        yield Break(version, f"{name} stands in another state than its history says")
    seen = select(whistle_seen.c.by).where(whistle_seen.c.whistle == row["id"], whistle_seen.c.area == row["area"])
    if set(connection.execute(seen).scalars()) != filed.seen:
        yield Break(version, f"{name} is shown to others than its history says")
    there = {(one["version"], *(one[key] for key in PHOTO)) for one in photos(connection, filed)}
    told = {
        (entry["version"], *(photo[key] for key in PHOTO))
        for entry, said in zip(entries, data, strict=True)
        for photo in said.get("photos", ())
    }
    if there != told:
        yield Break(version, f"{name} has other photos than its history says")
    yield from wordings.breaks(connection, entries, data, name)


def _blown(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Blown:
    return Blown(Blow(entry["act"]), By(entry["post"], PostKind(data["by"])), instant(entry["at"]), data)

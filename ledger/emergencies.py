"""Emergencies (应急事件) as the ledger keeps them: the cut-off points of buildings, events, and the log of what was done. Every change is an entry of the history.

A line of the log is written once under the key that its page gave it, and struck where it was wrong; none is ever deleted. No line holds anybody's words: a step of the plan,
a time, a post and perhaps a number.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from geo.errors import DraftError
from ledger.tables import cutoff, emergency, emergency_step, instant, milliseconds
from ledger.writing import Actor, Writing, post_of

PLAN, EVENT = "cutoff", "emergency"  # subjects
SET, BEGIN, STEP, STRIKE, END = "set", "begin", "step", "strike", "end"
GONE = "There is no such emergency any more, or it ended. Load the card again."


@dataclass(frozen=True)
class Point:
    """Where something of a building is: a cut-off, or the muster point; and the post that has the key. Of the kind ``units`` it holds counts: households by unit."""

    place: str
    keeper: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a log; times are aware, in UTC.

    Attributes
    ----------
    id
        The version of its entry.
    struck
        When it was struck; None while it stands.
    """

    id: int
    step: str
    at: datetime
    post: str
    count: int | None = None
    struck: datetime | None = None
    struck_by: str = ""


@dataclass(frozen=True)
class Event:
    """An emergency in a building, with its log in order."""

    id: int
    building: str
    kind: str
    begun: datetime
    post: str
    ended: datetime | None = None
    ended_by: str = ""
    lines: tuple[Line, ...] = field(default=())

    def standing(self, step: str) -> list[Line]:
        """Return the lines of a step that stand."""
        return [line for line in self.lines if line.step == step and line.struck is None]


def points(connection: Connection, area: str, building: str) -> dict[str, Point]:
    """Return the points of a building by kind."""
    c = cutoff.c
    rows = connection.execute(select(c.kind, c.place, c.keeper).where(c.area == area, c.building == building))
    return {kind: Point(place, keeper) for kind, place, keeper in rows}


def planned(connection: Connection, area: str, kinds: Collection[str]) -> set[str]:
    """Return the buildings of which any point of some kinds is written down."""
    asked = select(cutoff.c.building).where(cutoff.c.area == area, cutoff.c.kind.in_(sorted(kinds)))
    return set(connection.execute(asked.distinct()).scalars())


def put_points(  # noqa: PLR0917
    writing: Writing, area: str, building: str, wanted: Mapping[str, Point], by: Actor, at: datetime
) -> bool:
    """Write the points of a building as they are now; a kind that is not named is gone. Return whether anything changed."""
    connection = writing.connection
    before = points(connection, area, building)
    if before == dict(wanted):
        return False
    connection.execute(delete(cutoff).where(cutoff.c.area == area, cutoff.c.building == building))
    rows = [{"area": area, "building": building, "kind": kind, **vars(point)} for kind, point in wanted.items()]
    if rows:
        connection.execute(insert(cutoff), rows)
    said = ({kind: vars(point) for kind, point in found.items()} for found in (before, wanted))
    old, new = said
    writing.enter(area, PLAN, building, SET, post=by, at=at, before=old, after=new)
    return True


def events(
    connection: Connection,
    area: str,
    *,
    building: str = "",
    running: bool | None = None,
    buildings: Collection[str] | None = None,
    limit: int = 50,
) -> list[Event]:
    """Return emergencies with their logs, the newest first: those of a building, or of some, that go on (``running``) or are over."""
    c = emergency.c
    asked = select(emergency).where(c.area == area)
    if building:
        asked = asked.where(c.building == building)
    if buildings is not None:
        asked = asked.where(c.building.in_(sorted(buildings)))
    if running is not None:
        asked = asked.where(c.ended.is_(None) if running else c.ended.is_not(None))
    rows = connection.execute(asked.order_by(c.id.desc()).limit(limit)).mappings().all()
    lines = _lines(connection, [row["id"] for row in rows])
    return [_event(dict(row), lines.get(row["id"], ())) for row in rows]


def get(connection: Connection, area: str, id_: int) -> Event:
    """Return one emergency.

    Raises
    ------
    DraftError
        There is none of that number.
    """
    row = connection.execute(select(emergency).where(emergency.c.area == area, emergency.c.id == id_)).mappings().one_or_none()  # fmt: skip
    if row is None:
        raise DraftError(GONE, field="gone")
    return _event(dict(row), _lines(connection, [id_]).get(id_, ()))


def begin(  # noqa: PLR0917
    writing: Writing, area: str, building: str, kind: str, by: Actor, at: datetime
) -> Event:
    """Begin an emergency; one of that class that goes on in the building already is returned."""
    connection = writing.connection
    found = [one for one in events(connection, area, building=building, running=True) if one.kind == kind]
    if found:
        return found[0]
    id_, post = writing.flush().version + 1, post_of(by)
    row = {"building": building, "kind": kind, "post": post}
    connection.execute(insert(emergency), {"id": id_, "area": area, **row, "begun": milliseconds(at), "ended_by": ""})
    writing.enter(area, EVENT, str(id_), BEGIN, post=by, at=at, after=row)
    return Event(id_, building, kind, instant(milliseconds(at)), post)


def log(  # noqa: PLR0917
    writing: Writing, area: str, id_: int, step: str, key: str, by: Actor, at: datetime,
    *, count: int | None = None, again: bool = False,
) -> Line:  # fmt: skip
    """Log a step, and return its line; the same key, or a step that stands and may not be logged again, gives the line that is there.

    Raises
    ------
    DraftError
        There is no such emergency, or it had ended when the step was done.
    """
    connection = writing.connection
    event = get(connection, area, id_)
    sent = select(emergency_step.c.id).where(emergency_step.c.emergency == id_, emergency_step.c.key == key)
    there = connection.execute(sent).scalar()
    found = [line for line in event.lines if line.id == there] or ([] if again else event.standing(step))
    if found:
        return found[0]
    if event.ended is not None and at > event.ended:
        raise DraftError(GONE, field="ended")
    line = Line(writing.flush().version + 1, step, instant(milliseconds(at)), post_of(by), count)
    told = {"id": line.id, "step": step, "key": key, "at": milliseconds(at), "post": line.post, "count": count}
    connection.execute(insert(emergency_step), {**told, "emergency": id_, "area": area, "struck_by": ""})
    writing.enter(area, EVENT, str(id_), STEP, post=by, at=at, after=told)
    return line


def strike(  # noqa: PLR0917
    writing: Writing, area: str, id_: int, line: int, by: Actor, at: datetime
) -> None:
    """Strike a line that was wrong; it stays, and says who struck it when. One that is struck already stays as it is.

    Raises
    ------
    DraftError
        There is no such line.
    """
    connection = writing.connection
    found = [one for one in get(connection, area, id_).lines if one.id == line]
    if not found:
        raise DraftError(GONE, field="gone")
    if found[0].struck is None:
        said = {"struck": milliseconds(at), "struck_by": post_of(by)}
        connection.execute(update(emergency_step).where(emergency_step.c.id == line).values(said))
        writing.enter(area, EVENT, str(id_), STRIKE, post=by, at=at, after={"id": line, **said})


def end(writing: Writing, area: str, id_: int, by: Actor, at: datetime) -> None:
    """End an emergency; one that ended stays as it is."""
    connection = writing.connection
    if get(connection, area, id_).ended is None:
        said = {"ended": milliseconds(at), "ended_by": post_of(by)}
        connection.execute(update(emergency).where(emergency.c.id == id_).values(said))
        writing.enter(area, EVENT, str(id_), END, post=by, at=at, after=said)


def count_running(connection: Connection, area: str) -> int:
    """Count the emergencies that go on in an area."""
    c = emergency.c
    asked = select(func.count()).select_from(emergency).where(c.area == area, c.ended.is_(None))
    return int(connection.execute(asked).scalar_one())


def _lines(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Line, ...]]:
    found: dict[int, list[Line]] = {}
    asked = select(emergency_step).where(emergency_step.c.emergency.in_(ids)).order_by(emergency_step.c.id)
    for row in connection.execute(asked).mappings() if ids else ():
        line = Line(row["id"], row["step"], instant(row["at"]), row["post"], row["count"], _time(row["struck"]), row["struck_by"])  # fmt: skip
        found.setdefault(row["emergency"], []).append(line)
    return {id_: tuple(lines) for id_, lines in found.items()}


def _event(row: Mapping[str, Any], lines: tuple[Line, ...]) -> Event:
    begun, ended = instant(row["begun"]), _time(row["ended"])
    return Event(row["id"], row["building"], row["kind"], begun, row["post"], ended, row["ended_by"], lines)


def _time(number: int | None) -> datetime | None:
    return None if number is None else instant(number)

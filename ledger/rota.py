"""The duty rota (值班表) and hand-overs (交接班) as the ledger keeps them: who serves when in which role, and what one shift leaves to the next.

A change of the rota is one entry, whatever number of shifts it puts and takes away. Names of people stand in `shift` alone, words of a hand-over in `handover` alone:
the history names both by their numbers.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from geo.errors import RosterError
from incidents.lifecycle import UNDO_WITHIN
from incidents.rota import ANSWERS, Role, Shift
from incidents.rota import on_duty as serving
from ledger.statements import Statement
from ledger.tables import handover, history, instant, milliseconds, shift
from ledger.writing import Actor, Writing, post_of

SUBJECT = "rota"
HANDOVER = "handover"
OnDuty = Shift  # who is on duty: role, post, holder, since, until


# Every report out of hours asks this, inside the change that writes it.
_SERVING = Statement(
    lambda _: (
        select(shift.c.role, shift.c.post)
        .where(shift.c.area == bindparam("area"), shift.c.since <= bindparam("time"), shift.c.until > bindparam("time"))
        .order_by(shift.c.since, shift.c.id)
    )
)


@dataclass(frozen=True)
class Handover:
    """What one shift leaves to the next; times are aware, in UTC.

    Attributes
    ----------
    to_post
        Who is to take it; once it is taken, who took it.
    cases
        Numbers of the open cases that it carries.
    taken
        When it was signed for; None while nobody did.
    """

    id: int
    at: datetime
    from_post: str
    to_post: str
    text: str
    cases: tuple[str, ...]
    taken: datetime | None = None


@dataclass(frozen=True)
class Changed:
    """A change of the rota: what `undo` needs."""

    version: int
    removed: tuple[Shift, ...] = ()
    added: tuple[Shift, ...] = ()


def version(connection: Connection, area: str) -> int:
    """Return the version of the last change of an area's rota; 0 when there was none."""
    asked = select(func.max(history.c.version)).where(history.c.area == area, history.c.subject == SUBJECT)
    return int(connection.execute(asked).scalar() or 0)


def on_duty(connection: Connection, area: str, at: datetime) -> list[OnDuty]:
    """Return who is on duty at a time, in the order leader, officer, rotating heads, night shift. A wall shows their posts, never their names."""
    time = milliseconds(at)
    found = connection.execute(
        select(shift).where(shift.c.area == area, shift.c.since <= time, shift.c.until > time)
    ).mappings()
    return serving([_shift(dict(row)) for row in found], at)


def answering(connection: Connection, area: str, at: datetime) -> str:
    """Return the key of the post that answers out of hours: the duty officer, else the night shift, else the leader; "" when nobody is on duty."""
    found = _SERVING(connection, {"area": area, "time": milliseconds(at)}).mappings().all()
    return next((row["post"] for wanted in ANSWERS for row in found if row["role"] == wanted.value), "")


def officer(connection: Connection, area: str, at: datetime) -> str:
    """Return the key of the post of the duty officer (值班员) at a time; "" when nobody is on duty."""
    return next((one.post for one in on_duty(connection, area, at) if one.role is Role.OFFICER), "")


def shifts(connection: Connection, area: str, since: datetime, until: datetime) -> list[Shift]:
    """Return the shifts of which a part lies in a span, in order of time."""
    c = shift.c
    asked = select(shift).where(c.area == area, c.since < milliseconds(until), c.until > milliseconds(since))
    return sorted(_shift(dict(row)) for row in connection.execute(asked).mappings())


def last_before(connection: Connection, area: str, role: Role, before: datetime, *, most: int = 60) -> list[Shift]:
    """Return the last shifts of a role that began before a time: a turn goes on after them."""
    c = shift.c
    asked = (
        select(shift)
        .where(c.area == area, c.role == role.value, c.since < milliseconds(before))
        .order_by(c.since.desc())
        .limit(most)
    )
    return sorted(_shift(dict(row)) for row in connection.execute(asked).mappings())


def replace(  # noqa: PLR0917
    writing: Writing, area: str, day: str, remove: Sequence[int], add: Iterable[Shift], by: Actor, at: datetime,
    *, act: str = "change",
) -> Changed:  # fmt: skip
    """Take shifts away and put others, in one change.

    Parameters
    ----------
    day
        The day that the change is about, ``2026-11-23``: its key in the history.
    act
        ``fill``, ``copy``, ``change``, ``clear``.

    Raises
    ------
    RosterError
        One of those to be taken away is not there any more: somebody else changed the rota.
    """
    connection = writing.connection
    gone = [_shift(dict(row)) for row in _rows(connection, area, remove)]
    if len(gone) != len(set(remove)):
        raise RosterError("Somebody else changed the rota in between. Look at it again.", kind="rota_changed")
    if gone:
        connection.execute(delete(shift).where(shift.c.area == area, shift.c.id.in_([one.id for one in gone])))
    made = [_insert(connection, area, one) for one in sorted(add)]
    version = writing.enter(
        area,
        SUBJECT,
        day,
        act,
        post=by,
        at=at,
        before={"shifts": [_said(one) for one in gone]},
        after={"shifts": [_said(one) for one in made]},
    )
    return Changed(version, tuple(gone), tuple(made))


def undo(writing: Writing, area: str, done: Changed, *, by: Actor, at: datetime) -> Changed:
    """Take a change of the rota back.

    Raises
    ------
    RosterError
        It was done by another post, more than a minute ago, or the rota was changed since.
    """
    c = history.c
    asked = select(history).where(
        c.version == done.version, c.area == area, c.subject == SUBJECT, c.post == post_of(by)
    )
    entry = writing.connection.execute(asked).mappings().one_or_none()
    if entry is None or entry["act"] == "undo":
        raise RosterError(f"There is no change of the rota that {post_of(by)} could take back.", kind="undo_none")
    if not 0 <= milliseconds(at) - entry["at"] <= UNDO_WITHIN.total_seconds() * 1000:
        raise RosterError("The change was made more than a minute ago and stands. Change it again.", kind="undo_late")
    return replace(writing, area, entry["key"], [one.id for one in done.added], done.removed, by, at, act="undo")


def write_handover(writing: Writing, area: str, note: Handover, *, by: Actor) -> Handover:
    """Write a hand-over note, and return it with its number."""
    row = {
        "area": area,
        "at": milliseconds(note.at),
        "from_post": note.from_post,
        "to_post": note.to_post,
        "text": note.text,
        "cases": json.dumps(list(note.cases)),
        "taken": None,
    }
    id_ = writing.connection.execute(insert(handover).values(row).returning(handover.c.id)).scalar_one()
    after = {"from": note.from_post, "to": note.to_post, "cases": list(note.cases)}
    writing.enter(area, HANDOVER, str(id_), "write", post=by, at=note.at, after=after)
    return Handover(id_, note.at, note.from_post, note.to_post, note.text, tuple(note.cases))


def take(writing: Writing, area: str, id_: int, *, by: Actor, at: datetime) -> Handover:
    """Sign for a hand-over: the post that takes it and the time are its signature.

    Raises
    ------
    RosterError
        There is none of that number, or it was taken already.
    """
    note = handover_of(writing.connection, area, id_)
    if note.taken:
        raise RosterError(
            f"Hand-over {id_} was taken by {note.to_post} already.", kind="handover_taken", post=note.to_post
        )
    writing.connection.execute(
        update(handover)
        .where(handover.c.area == area, handover.c.id == id_)
        .values(to_post=post_of(by), taken=milliseconds(at))
    )
    before = {"to": note.to_post, "taken": None}
    writing.enter(
        area,
        HANDOVER,
        str(id_),
        "take",
        post=by,
        at=at,
        before=before,
        after={"to": post_of(by), "taken": milliseconds(at)},
    )
    return handover_of(writing.connection, area, id_)


def withdraw(writing: Writing, area: str, id_: int, *, by: Actor, at: datetime) -> None:
    """Take a hand-over note back within a minute, before somebody took it.

    Raises
    ------
    RosterError
        It was taken, is another post's, or the minute is over.
    """
    note = handover_of(writing.connection, area, id_)
    if note.taken or note.from_post != post_of(by):
        raise RosterError(f"Hand-over {id_} cannot be taken back.", kind="undo_none")
    if not 0 <= (at - note.at).total_seconds() <= UNDO_WITHIN.total_seconds():
        raise RosterError(
            "The hand-over was written more than a minute ago and stands. Write another.", kind="undo_late"
        )
    writing.connection.execute(delete(handover).where(handover.c.area == area, handover.c.id == id_))
    before = {"from": note.from_post, "to": note.to_post, "cases": list(note.cases)}
    writing.enter(area, HANDOVER, str(id_), "undo", post=by, at=at, before=before)


def handover_of(connection: Connection, area: str, id_: int) -> Handover:
    """Return one hand-over.

    Raises
    ------
    RosterError
        There is none of that number.
    """
    asked = select(handover).where(handover.c.area == area, handover.c.id == id_)
    row = connection.execute(asked).mappings().one_or_none()
    if row is None:
        raise RosterError(f"There is no hand-over {id_} in {area}. Load the page again.", kind="handover_gone")
    return _handover(dict(row))


def handovers(connection: Connection, area: str, *, taken: bool | None = None, most: int = 20) -> list[Handover]:
    """Return the last hand-overs, newest first; with ``taken`` those that were signed for, or were not."""
    c = handover.c
    asked = select(handover).where(c.area == area).order_by(c.at.desc(), c.id.desc()).limit(most)
    if taken is not None:
        asked = asked.where(c.taken.is_not(None) if taken else c.taken.is_(None))
    return [_handover(dict(row)) for row in connection.execute(asked).mappings()]


def _rows(connection: Connection, area: str, ids: Sequence[int]) -> list[Any]:
    if not ids:
        return []
    asked = select(shift).where(shift.c.area == area, shift.c.id.in_(sorted(set(ids)))).order_by(shift.c.id)
    return list(connection.execute(asked).mappings())


def _insert(connection: Connection, area: str, one: Shift) -> Shift:
    row = {
        "area": area,
        "role": one.role.value,
        "post": one.post,
        "holder": one.holder,
        "since": milliseconds(one.since),
        "until": milliseconds(one.until),
    }
    id_ = connection.execute(insert(shift).values(row).returning(shift.c.id)).scalar_one()
    return Shift(one.since, one.until, one.role, one.post, one.holder, id_)


def _said(one: Shift) -> list[Any]:
    """Return a shift as the history keeps it: without a name."""
    return [one.id, one.role.value, one.post, milliseconds(one.since), milliseconds(one.until)]


def _shift(row: dict[str, Any]) -> Shift:
    return Shift(instant(row["since"]), instant(row["until"]), Role(row["role"]), row["post"], row["holder"], row["id"])


def _handover(row: dict[str, Any]) -> Handover:
    taken = instant(row["taken"]) if row["taken"] is not None else None
    cases = tuple(json.loads(row["cases"]))
    return Handover(row["id"], instant(row["at"]), row["from_post"], row["to_post"], row["text"], cases, taken)

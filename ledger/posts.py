"""Posts (岗位) as the ledger knows them: those that are added to the net's own, renamed or abolished, and who holds them.

Every change writes one entry under the key of its post, with how post and holdings stood before and after. Names of holders stand in `holding` alone: the history
names the holding by its number, so that a name can be erased and the chain still holds.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, or_, select, update

from geo.errors import RosterError
from incidents.lifecycle import UNDO_WITHIN, PostKind
from incidents.posts import Post
from ledger import statements
from ledger.find import Wanted, conditions
from ledger.tables import history, holding, incident, incident_grid, instant, milliseconds, post
from ledger.writing import Actor, Writing, post_of

SUBJECT = "post"
UNDO = "undo"
POST_COLUMNS = ("kind", "title", "level", "code", "volunteer", "since", "until")
HOLDING_COLUMNS = ("post", "stand_in", "since", "until")


@dataclass(frozen=True)
class Kept:
    """A post that the ledger keeps: an added one, or one of the net's own that was renamed or abolished. Times are aware, in UTC; None for always."""

    post: Post
    since: datetime | None = None
    until: datetime | None = None

    def at(self, time: datetime) -> bool:
        """Tell whether it exists at a time."""
        return (self.since is None or self.since <= time) and (self.until is None or time < self.until)


@dataclass(frozen=True)
class Holding:
    """Who holds a post, since when and until when; a stand-in (代理) holds it for a while.

    Attributes
    ----------
    holder
        A name; "" once it was erased.
    since, until
        Aware, in UTC; until is the first moment of the next holder, None while nobody knows.
    """

    id: int
    post: str
    holder: str
    stand_in: bool
    since: datetime
    until: datetime | None = None

    def at(self, time: datetime) -> bool:
        """Tell whether it holds at a time."""
        return self.since <= time and (self.until is None or time < self.until)


def version(connection: Connection, area: str) -> int:
    """Return the version of the last change of an area's posts; 0 when there was none."""
    return int(statements.POSTS_CHANGED(connection, {"area": area}).scalar() or 0)


def changed_at(connection: Connection, number: int) -> int:
    """Return when a version was written, in milliseconds since 1970."""
    return int(connection.execute(select(history.c.at).where(history.c.version == number)).scalar_one())


def kept(connection: Connection, area: str) -> list[Kept]:
    """Return the posts that an area's ledger keeps, in order of key, abolished ones included."""
    rows = connection.execute(select(post).where(post.c.area == area).order_by(post.c.key)).mappings()
    return [_kept(dict(row)) for row in rows]


def holdings(connection: Connection, area: str, *, key: str = "", at: datetime | None = None) -> list[Holding]:
    """Return who holds the posts of an area, of one post with ``key``, at a time with ``at``; the first holder first, stand-ins last."""
    c = holding.c
    asked: list[ColumnElement[bool]] = [c.area == area]
    if key:
        asked.append(c.post == key)
    if at is not None:
        time = milliseconds(at)
        asked += [c.since <= time, or_(c.until.is_(None), c.until > time)]
    rows = connection.execute(select(holding).where(*asked).order_by(c.post, c.stand_in, c.since, c.id)).mappings()
    return [_holding(dict(row)) for row in rows]


def put(writing: Writing, area: str, made: Kept, *, act: str, by: Actor, at: datetime) -> int:
    """Write a post as it stands now (act ``add``, ``rename``, ``abolish``, ``restore``), and return the version."""
    return _change(writing, area, made.post.key, act, lambda connection: _put(connection, area, _row(made)), by, at)


def hold(
    writing: Writing, area: str, held: Holding, by: Actor, at: datetime, *, ended: Mapping[int, datetime] | None = None
) -> Holding:
    """Let somebody hold a post, and return the holding with its number.

    Parameters
    ----------
    ended
        Holdings of the same post that end with it, and when: a hand-over (交接).
    """
    made: list[int] = []

    def work(connection: Connection) -> None:
        for id_, until in (ended or {}).items():
            _set(connection, area, id_, until=milliseconds(until))
        row = {**_held(held), "area": area, "holder": held.holder}
        made.append(connection.execute(insert(holding).values(row).returning(holding.c.id)).scalar_one())

    _change(writing, area, held.post, "hand_over" if ended else "hold", work, by, at)
    return Holding(made[0], held.post, held.holder, held.stand_in, held.since, held.until)


def correct(writing: Writing, area: str, held: Holding, *, act: str, by: Actor, at: datetime) -> int:
    """Set a holding as it stands now (act ``correct``, ``end``, ``erase``), and return the version.

    Raises
    ------
    RosterError
        There is no such holding.
    """
    return _change(
        writing,
        area,
        held.post,
        act,
        lambda connection: _set(connection, area, held.id, **_held(held), holder=held.holder),
        by,
        at,
    )


def undo(writing: Writing, area: str, key: str, *, by: Actor, at: datetime) -> int:
    """Take the last change of a post back, and return the version.

    Raises
    ------
    RosterError
        It was done by another post, more than a minute ago, taken back already, or only a name was changed, which the history does not know.
    """
    last = _last(writing.connection, area, key)
    if last is None or last["act"] in {UNDO, "erase"} or last["post"] != post_of(by) or last["before"] == last["after"]:
        raise RosterError(f"There is no change of {key} that {post_of(by)} could take back.", kind="undo_none")
    if not 0 <= milliseconds(at) - last["at"] <= UNDO_WITHIN.total_seconds() * 1000:
        raise RosterError(
            "The change was made more than a minute ago and stands. Correct it instead.", kind="undo_late"
        )
    before, after = json.loads(last["before"]), json.loads(last["after"])

    def work(connection: Connection) -> None:
        if "post" in before:
            _put(connection, area, {"key": key, **before["post"]} if before["post"] else None, key=key)
        for id_, was in before.get("holdings", {}).items():
            _set(connection, area, int(id_), **was)
        for id_ in set(after.get("holdings", {})) - set(before.get("holdings", {})):
            connection.execute(delete(holding).where(holding.c.area == area, holding.c.id == int(id_)))

    return _change(writing, area, key, UNDO, work, by, at)


def find_holding(connection: Connection, area: str, id_: int) -> Holding:
    """Return one holding.

    Raises
    ------
    RosterError
        There is none of that number.
    """
    asked = select(holding).where(holding.c.area == area, holding.c.id == id_)
    row = connection.execute(asked).mappings().one_or_none()
    if row is None:
        raise RosterError(f"There is no holding {id_} in {area}. Load the page again.", kind="holding_gone")
    return _holding(dict(row))


def open_by_post(connection: Connection, wanted: Wanted) -> dict[str, int]:
    """Count the wanted incidents by the post that answers for them: the handler, else the responsible post."""
    c = incident.c
    who = case((c.handler != "", c.handler), else_=c.post)
    asked = select(who.label("who"), func.count()).where(*conditions(wanted)).group_by("who")
    return dict(connection.execute(asked).all())


def open_by_grid(connection: Connection, wanted: Wanted) -> dict[tuple[str, str], int]:
    """Count the wanted incidents by level or overlay and code."""
    c = incident_grid.alias().c
    asked = (
        select(c.key, c.code, func.count())
        .join(incident, incident.c.id == c.incident)
        .where(*conditions(wanted))
        .group_by(c.key, c.code)
    )
    return {(key, code): number for key, code, number in connection.execute(asked).all()}


def _change(  # noqa: PLR0917
    writing: Writing, area: str, key: str, act: str, work: Callable[[Connection], None], by: Actor, at: datetime
) -> int:
    """Do some work on one post, and write how it stood before and after; a change that changes nothing but a name is written too."""
    connection = writing.connection
    before = _stands(connection, area, key)
    work(connection)
    after = _stands(connection, area, key)
    old, new = _difference(before, after)
    return writing.enter(area, SUBJECT, key, act, post=by, at=at, before=old, after=new)


def _stands(connection: Connection, area: str, key: str) -> dict[str, Any]:
    row = connection.execute(select(post).where(post.c.area == area, post.c.key == key)).mappings().one_or_none()
    held = connection.execute(select(holding).where(holding.c.area == area, holding.c.post == key)).mappings()
    return {
        "post": {name: row[name] for name in POST_COLUMNS} if row else None,
        "holdings": {str(found["id"]): {name: found[name] for name in HOLDING_COLUMNS} for found in held},
    }


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, as it was and as it is."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    if before["post"] != after["post"]:
        old["post"], new["post"] = before["post"], after["post"]
    was, now = before["holdings"], after["holdings"]
    changed = sorted(id_ for id_ in {*was, *now} if was.get(id_) != now.get(id_))
    if changed:
        old["holdings"] = {id_: was[id_] for id_ in changed if id_ in was}
        new["holdings"] = {id_: now[id_] for id_ in changed if id_ in now}
    return old, new


def _put(connection: Connection, area: str, row: Mapping[str, Any] | None, *, key: str = "") -> None:
    """Write a post's row; None: it is not there."""
    name = row["key"] if row else key
    connection.execute(delete(post).where(post.c.area == area, post.c.key == name))
    if row:
        connection.execute(insert(post).values({**row, "area": area}))


def _set(connection: Connection, area: str, id_: int, **values: Any) -> None:
    done = connection.execute(update(holding).where(holding.c.area == area, holding.c.id == id_).values(values))
    if done.rowcount != 1:
        raise RosterError(f"There is no holding {id_} in {area}. Load the page again.", kind="holding_gone")


def _last(connection: Connection, area: str, key: str) -> dict[str, Any] | None:
    asked = (
        select(history)
        .where(history.c.area == area, history.c.subject == SUBJECT, history.c.key == key)
        .order_by(history.c.version.desc())
        .limit(1)
    )
    row = connection.execute(asked).mappings().one_or_none()
    return dict(row) if row else None


def _row(made: Kept) -> dict[str, Any]:
    own = made.post
    level, code = own.grid or ("", "")
    return {
        "key": own.key,
        "kind": own.kind.value,
        "title": own.title,
        "level": level,
        "code": code,
        "volunteer": own.volunteer,
        "since": milliseconds(made.since) if made.since else None,
        "until": milliseconds(made.until) if made.until else None,
    }


def _kept(row: Mapping[str, Any]) -> Kept:
    own = Post(
        row["key"],
        PostKind(row["kind"]),
        row["title"],
        (row["level"], row["code"]) if row["level"] else None,
        bool(row["volunteer"]),
    )
    return Kept(own, _time(row["since"]), _time(row["until"]))


def _held(held: Holding) -> dict[str, Any]:
    return {
        "post": held.post,
        "stand_in": held.stand_in,
        "since": milliseconds(held.since),
        "until": milliseconds(held.until) if held.until else None,
    }


def _holding(row: Mapping[str, Any]) -> Holding:
    return Holding(
        row["id"], row["post"], row["holder"], bool(row["stand_in"]), instant(row["since"]), _time(row["until"])
    )


def _time(number: int | None) -> datetime | None:
    return None if number is None else instant(number)

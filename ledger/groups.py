"""Chat groups (群台账): which group covers which buildings and grids. Every change is an entry of the history, under the number of its group."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import UNDO_WITHIN
from ledger.tables import chat_group, history, instant
from ledger.writing import Actor, Writing, post_of

SUBJECT = "group"
ADD, EDIT, DELETE, UNDO = "add", "edit", "delete", "undo"


class GroupKind(StrEnum):
    """Whom a group brings together."""

    RESIDENTS = "residents"
    MERCHANTS = "merchants"
    OTHER = "other"


@dataclass(frozen=True)
class Group:
    """A chat group.

    Attributes
    ----------
    covers
        Kind and code of each place that it covers, as `incidents.places` names them.
    members
        How many; None where nobody counted. Who they are is not kept.
    post
        Key of the post that answers for it, "" for none.
    id
        Its number; 0 before it is written.
    """

    name: str
    kind: GroupKind = GroupKind.RESIDENTS
    covers: tuple[tuple[str, str], ...] = ()
    members: int | None = None
    post: str = ""
    id: int = 0

    @property
    def codes(self) -> frozenset[str]:
        """The codes that it covers."""
        return frozenset(code for _kind, code in self.covers)


def groups(connection: Connection, area: str) -> list[Group]:
    """Return the groups of an area, in order of name."""
    asked = select(chat_group).where(chat_group.c.area == area).order_by(chat_group.c.name, chat_group.c.id)
    return [_group(dict(row)) for row in connection.execute(asked).mappings()]


def put(writing: Writing, area: str, group: Group, *, by: Actor, at: datetime) -> Group:
    """Write a group, a new one where it has no number yet, and return it with its number.

    Raises
    ------
    DraftError
        Another group has its name, or the group is gone.
    """
    connection = writing.connection
    named = select(chat_group.c.id).where(chat_group.c.area == area, chat_group.c.name == group.name)
    other = connection.execute(named).scalar()
    if other is not None and other != group.id:
        raise DraftError(f"{area} has a group {group.name!r} already. Give this one another name.", field="group")
    if not group.id:
        number = 1 + max(_last(connection), connection.execute(select(func.max(chat_group.c.id))).scalar() or 0)
        made = Group(group.name, group.kind, group.covers, group.members, group.post, number)
        connection.execute(insert(chat_group), {"area": area, **_row(made), "id": number})
        _enter(writing, area, made.id, ADD, by, at, {}, _row(made))
        return made
    before = _get(connection, area, group.id)
    if _row(before) != _row(group):
        connection.execute(update(chat_group).where(chat_group.c.id == group.id).values(_row(group)))
        _enter(writing, area, group.id, EDIT, by, at, _row(before), _row(group))
    return group


def remove(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> Group:
    """Take a group out of the register, and return it as it was.

    Raises
    ------
    DraftError
        It is gone already.
    """
    before = _get(writing.connection, area, number)
    writing.connection.execute(delete(chat_group).where(chat_group.c.id == number))
    _enter(writing, area, number, DELETE, by, at, _row(before), {})
    return before


def undo(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> None:
    """Take the last change of a group back, within the minute in which that is allowed, by the post that made it.

    Raises
    ------
    LifecycleError
        It was taken back already, another post made it, or the minute is over.
    DraftError
        A group of its name was added in between.
    """
    connection = writing.connection
    c = history.c
    asked = select(history).where(c.area == area, c.subject == SUBJECT, c.key == str(number))
    last = connection.execute(asked.order_by(c.version.desc()).limit(1)).mappings().one_or_none()
    if last is None or last["act"] == UNDO:
        raise LifecycleError("There is nothing to undo.")
    if last["post"] != post_of(by):
        raise LifecycleError(f"{last['act']} was done by {last['post']}; only that post can undo it.")
    if at - instant(last["at"]) > UNDO_WITHIN:
        raise LifecycleError(f"{last['act']} was done more than a minute ago and stands.")
    before, after = json.loads(last["before"]), json.loads(last["after"])
    taken = select(chat_group.c.id).where(chat_group.c.area == area, chat_group.c.name == before.get("name", ""))
    if connection.execute(taken).scalar() not in {None, number}:
        raise DraftError(f"{area} has a group {before['name']!r} again. Rename that one first.", field="group")
    connection.execute(delete(chat_group).where(chat_group.c.area == area, chat_group.c.id == number))
    if before:
        connection.execute(insert(chat_group), {"area": area, **before, "id": number})
    _enter(writing, area, number, UNDO, by, at, after, before)


def _get(connection: Connection, area: str, number: int) -> Group:
    asked = select(chat_group).where(chat_group.c.area == area, chat_group.c.id == number)
    row = connection.execute(asked).mappings().one_or_none()
    if row is None:
        raise DraftError(f"{area} has no group number {number} any more. Load the list again.", field="gone")
    return _group(dict(row))


def _last(connection: Connection) -> int:
    """Return the highest number that a group ever had: the history of one that is gone goes on under no other."""
    keys = connection.execute(select(history.c.key).where(history.c.subject == SUBJECT).distinct()).scalars()
    return max((int(key) for key in keys), default=0)


def _enter(  # noqa: PLR0917  what an entry of the history holds
    writing: Writing,
    area: str,
    number: int,
    act: str,
    by: Actor,
    at: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    writing.enter(area, SUBJECT, str(number), act, post=by, at=at, before=before, after=after)


def _row(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "kind": group.kind.value,
        "members": group.members,
        "covers": json.dumps(group.covers, ensure_ascii=False),
        "post": group.post,
    }


def _group(row: Mapping[str, Any]) -> Group:
    covers = tuple((str(kind), str(code)) for kind, code in json.loads(row["covers"]))
    return Group(row["name"], GroupKind(row["kind"]), covers, row["members"], row["post"], row["id"])

"""Notice boards (公示牌): where each stands, which post answers for it, how it was found when somebody last looked, and the token of its page.

Every change is an entry of the history, under the number of its board; the office's telephone and the token never stand there, only the token's digest.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from geo.errors import DraftError
from ledger.tables import board, instant, milliseconds
from ledger.writing import Actor, Writing

SUBJECT = "board"
ADD, EDIT, CHECK, RENEW = "add", "edit", "check", "renew"
SAID = ("name", "place", "kind", "code", "lon", "lat", "post", "put_up", "state", "checked", "digest")


class State(StrEnum):
    """How a board stands."""

    STANDING = "standing"
    DAMAGED = "damaged"
    MISSING = "missing"
    REMOVED = "removed"


@dataclass(frozen=True)
class Board:
    """A notice board.

    Attributes
    ----------
    name
        The number on it.
    place, kind, code
        Where it stands, in words, and the building or grid that it belongs to, as `incidents.places` names it.
    contact
        The telephone of the post's office, as it is printed.
    put_up
        The day as ``2026-11-22``; "" for unknown.
    checked
        When somebody looked at it last.
    token
        Of its page; "" before it is written.
    id
        0 before it is written.
    """

    name: str
    place: str
    kind: str
    code: str
    lon: float
    lat: float
    post: str = ""
    contact: str = field(default="", repr=False)
    put_up: str = ""
    state: State = State.STANDING
    checked: datetime | None = None
    token: str = field(default="", repr=False)
    id: int = 0


def boards(connection: Connection, area: str) -> list[Board]:
    """Return the boards of an area, in order of name."""
    asked = select(board).where(board.c.area == area).order_by(board.c.name, board.c.id)
    return [_board(dict(row)) for row in connection.execute(asked).mappings()]


def get(connection: Connection, area: str, id_: int) -> Board:
    """Return a board.

    Raises
    ------
    DraftError
        There is none of that number.
    """
    row = connection.execute(select(board).where(board.c.area == area, board.c.id == id_)).mappings().one_or_none()
    if row is None:
        raise DraftError(f"{area} has no board number {id_}. Load the list again.", field="gone")
    return _board(dict(row))


def by_token(connection: Connection, token: str) -> tuple[str, Board] | None:
    """Return the area and the board of a token; None for one that opens nothing."""
    row = connection.execute(select(board).where(board.c.digest == digest_of(token))).mappings().one_or_none()
    return (row["area"], _board(dict(row))) if row else None


def put(writing: Writing, area: str, made: Board, *, by: Actor, at: datetime) -> Board:
    """Write a board, a new one where it has no number yet, and return it with number and token.

    Raises
    ------
    DraftError
        Another board has its name, or the board is gone.
    """
    connection = writing.connection
    other = connection.execute(select(board.c.id).where(board.c.area == area, board.c.name == made.name)).scalar()
    if other is not None and other != made.id:
        raise DraftError(f"{area} has a board {made.name!r} already. Give this one another number.", field="name")
    if made.id:
        before = get(connection, area, made.id)
        return _set(writing, area, before, replace(made, token=before.token), EDIT, by=by, at=at)
    made = replace(made, token=_token())
    asked = insert(board).values({"area": area, **_row(made)}).returning(board.c.id)
    made = replace(made, id=connection.execute(asked).scalar_one())
    writing.enter(area, SUBJECT, str(made.id), ADD, post=by, at=at, after=_said(made))
    return made


def check(writing: Writing, area: str, id_: int, state: State, *, by: Actor, at: datetime) -> Board:
    """Note how a board was found."""
    before = get(writing.connection, area, id_)
    return _set(writing, area, before, replace(before, state=state, checked=at), CHECK, by=by, at=at)


def renew(writing: Writing, area: str, id_: int, *, by: Actor, at: datetime) -> Board:
    """Give a board another token: the one that is printed on it opens nothing any more."""
    before = get(writing.connection, area, id_)
    return _set(writing, area, before, replace(before, token=_token()), RENEW, by=by, at=at)


def digest_of(token: str) -> str:
    """Return the digest by which a token is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def _set(writing: Writing, area: str, before: Board, after: Board, act: str, *, by: Actor, at: datetime) -> Board:
    if _row(before) != _row(after):
        writing.connection.execute(update(board).where(board.c.id == after.id).values(_row(after)))
        old, new = _said(before), _said(after)
        changed = [name for name in SAID if old[name] != new[name]]
        told = ({name: said[name] for name in changed} for said in (old, new))
        was, now = told
        writing.enter(area, SUBJECT, str(after.id), act, post=by, at=at, before=was, after=now)
    return after


def _token() -> str:
    return secrets.token_urlsafe(16)


def _row(made: Board) -> dict[str, Any]:
    row = {name: value for name, value in vars(made).items() if name != "id"}
    checked = milliseconds(made.checked) if made.checked else None
    return {**row, "state": made.state.value, "checked": checked, "digest": digest_of(made.token)}


def _said(made: Board) -> dict[str, Any]:
    row = _row(made)
    return {name: row[name] for name in SAID}


def _board(row: Mapping[str, Any]) -> Board:
    names = ("name", "place", "kind", "code", "lon", "lat", "post", "contact", "put_up", "token", "id")
    checked = instant(row["checked"]) if row["checked"] is not None else None
    return Board(**{name: row[name] for name in names}, state=State(row["state"]), checked=checked)

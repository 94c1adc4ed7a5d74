"""The register of wall views (大屏视图). Every change is an entry of the history, under the key of its view; one that was removed is gone, and its key free."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Delete, delete, insert, select, update

from geo.errors import DraftError
from incidents.wall_views import WallView, said
from ledger.tables import wall_view
from ledger.writing import Actor, Writing

SUBJECT = "wall_view"
ADD, EDIT, REMOVE = "add", "edit", "remove"
COLUMNS = ("name", "grid", "layers", "panels", "every", "over", "theme", "chime")
LISTS = ("layers", "panels")


def views(connection: Connection, area: str) -> list[WallView]:
    """Return the views of an area, in order of name."""
    asked = select(wall_view).where(wall_view.c.area == area).order_by(wall_view.c.name, wall_view.c.key)
    return [_view(dict(row)) for row in connection.execute(asked).mappings()]


def one(connection: Connection, area: str, key: str) -> WallView | None:
    """Return a view by its key; None for one that there is not."""
    asked = select(wall_view).where(wall_view.c.area == area, wall_view.c.key == key)
    row = connection.execute(asked).mappings().one_or_none()
    return _view(dict(row)) if row else None


def put(writing: Writing, wished: WallView, *, was: WallView | None, by: Actor, at: datetime) -> None:
    """Write a view.

    Parameters
    ----------
    was
        As whoever changes it saw it; None for a new one.

    Raises
    ------
    DraftError
        Its key or name is taken, or it is not any more what they saw.
    """
    before = _as_seen(writing.connection, wished, was)
    if any(other.name == wished.name and other.key != wished.key for other in views(writing.connection, wished.area)):
        raise DraftError(f"{wished.area} has a wall view {wished.name!r} already. Give this one another name.", field="wall_name")  # fmt: skip
    if before is None:
        writing.connection.execute(insert(wall_view), {"area": wished.area, "key": wished.key, **_row(wished)})
        _enter(writing, wished, ADD, {}, said(wished), by, at)
    elif before != wished:
        writing.connection.execute(_of(wished).values(_row(wished)))
        _enter(writing, wished, EDIT, said(before), said(wished), by, at)


def remove(writing: Writing, was: WallView, *, by: Actor, at: datetime) -> None:
    """Remove a view; raises DraftError where it is not any more what they saw who remove it."""
    before = _as_seen(writing.connection, was, was)
    gone: Delete = delete(wall_view).where(wall_view.c.area == was.area, wall_view.c.key == was.key)
    writing.connection.execute(gone)
    _enter(writing, was, REMOVE, said(before) if before else {}, {}, by, at)


def _as_seen(connection: Connection, wished: WallView, was: WallView | None) -> WallView | None:
    found = one(connection, wished.area, wished.key)
    if was is None and found is not None:
        raise DraftError(f"{wished.area} has a wall view {wished.key!r} already. Give this one another address.", field="wall_key")  # fmt: skip
    if found != was:
        raise DraftError(f"Somebody changed or removed the wall view {wished.key!r} meanwhile. Open it again.", field="wall_changed")  # fmt: skip
    return found


def _enter(writing: Writing, view: WallView, act: str, before: Mapping[str, Any], after: Mapping[str, Any], by: Actor, at: datetime) -> None:  # noqa: PLR0917  # fmt: skip
    writing.enter(view.area, SUBJECT, view.key, act, post=by, at=at, before=before, after=after)


def _of(view: WallView) -> Any:
    return update(wall_view).where(wall_view.c.area == view.area, wall_view.c.key == view.key)


def _row(view: WallView) -> dict[str, Any]:
    plain = said(view)
    return {**plain, **{name: json.dumps(plain[name], ensure_ascii=False) for name in LISTS}}


def _view(row: Mapping[str, Any]) -> WallView:
    return WallView(**{**row, **{name: tuple(json.loads(row[name])) for name in LISTS}, "chime": bool(row["chime"])})

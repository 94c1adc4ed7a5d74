"""Saved views (视图) of the table of cases: a name for a question, of one post or of everybody; each change stands in the history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Delete, delete, insert, or_, select

from ledger.tables import saved_view
from ledger.writing import Actor, Writing


@dataclass(frozen=True)
class View:
    """A saved view.

    Attributes
    ----------
    post
        Key of the post whose it is; "" for everybody's.
    query
        What the address of the table asks.
    """

    name: str
    post: str
    query: Mapping[str, str]


def views(connection: Connection, area: str, post: str) -> list[View]:
    """Return the views that a post sees: its own, then everybody's, each by name."""
    asked = (
        select(saved_view)
        .where(saved_view.c.area == area, or_(saved_view.c.post == post, saved_view.c.post == ""))
        .order_by(saved_view.c.post.desc(), saved_view.c.name)
    )
    return [View(row["name"], row["post"], json.loads(row["query"])) for row in connection.execute(asked).mappings()]


def save(writing: Writing, area: str, view: View, *, by: Actor, at: datetime) -> None:
    """Keep a view; one of the same name and owner is replaced."""
    query = json.dumps(dict(view.query), ensure_ascii=False, sort_keys=True)
    writing.connection.execute(_of(area, view))
    writing.connection.execute(insert(saved_view), {"area": area, "post": view.post, "name": view.name, "query": query})
    writing.enter(area, "view", view.name, "save", post=by, at=at, after={"post": view.post, "query": dict(view.query)})


def drop(writing: Writing, area: str, view: View, *, by: Actor, at: datetime) -> None:
    """Take a view away."""
    writing.connection.execute(_of(area, view))
    writing.enter(
        area, "view", view.name, "drop", post=by, at=at, before={"post": view.post, "query": dict(view.query)}
    )


def _of(area: str, view: View) -> Delete:
    table = saved_view.c
    return delete(saved_view).where(table.area == area, table.post == view.post, table.name == view.name)
